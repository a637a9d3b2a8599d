"""The audit log, newest first. Lines of users outside the viewer's area are not among them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from admin.policy import Viewer
from core.areas import within
from core.audit import AuditEntry
from core.database import UnitOfWork
from core.users import User

PAGE_SIZE = 100


def list_entries(
    uow: UnitOfWork, viewer: Viewer, *, login: str, action: str, subject: str, before: int
) -> tuple[Sequence[AuditEntry], int | None]:
    """One page, and the key that the next one begins below. `action` also finds what begins with it."""
    query = select(AuditEntry).where(AuditEntry.id < before).order_by(AuditEntry.id.desc()).limit(PAGE_SIZE + 1)
    if viewer.area:
        inside = select(User.id).where(within(User.area, viewer.area))
        query = query.where(AuditEntry.user_id.in_(inside))
    if login:
        query = query.where(AuditEntry.login == login)
    if action:
        query = query.where(
            or_(AuditEntry.action == action, AuditEntry.action.startswith(action + ".", autoescape=True))
        )
    if subject:
        query = query.where(AuditEntry.subject == subject)
    rows = uow.session.scalars(query).all()
    return rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
