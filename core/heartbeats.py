"""Signs of life: every process writes what it is and how it fares, and the console reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UnitOfWork


class Heartbeat(Base):
    __tablename__ = "heartbeat"

    process: Mapped[str] = mapped_column(primary_key=True)  # kind, host and number: `media@cdc1:3117`
    kind: Mapped[str]
    at: Mapped[datetime]
    status: Mapped[dict[str, Any]]


def beat(uow: UnitOfWork, kind: str, process: str, status: Mapping[str, Any]) -> None:
    """Write this process's sign of life."""
    values = {"kind": kind, "at": uow.now(), "status": dict(status)}
    uow.session.execute(
        insert(Heartbeat)
        .values(process=process, **values)
        .on_conflict_do_update(index_elements=["process"], set_=values)
    )
