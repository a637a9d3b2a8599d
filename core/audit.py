"""The audit log: who did or read what, when and from where. Append-only: the database refuses to change a line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.database import UnitOfWork
from core.tables import Base


class AuditEntry(Base):
    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[UUID | None]
    login: Mapped[str]
    address: Mapped[str]
    action: Mapped[str]  # `record.read`, `campaign.start`, `login.failed`, …
    subject: Mapped[str] = mapped_column(index=True)  # `record:<id>`, `campaign:<id>`; never a name or a number
    detail: Mapped[dict[str, Any]]

    # The newest lines of one kind, of which there may be few: what was deleted.
    __table_args__ = (Index("ix_audit_entry_action", "action", "id"),)


def write_audit(
    uow: UnitOfWork,
    action: str,
    subject: str = "",
    *,
    user_id: UUID | None = None,
    login: str = "",
    address: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append a line, in the transaction of what it tells of."""
    uow.session.add(
        AuditEntry(
            at=uow.now(),
            user_id=user_id,
            login=login,
            address=address,
            action=action,
            subject=subject,
            detail=dict(detail or {}),
        )
    )
