"""Users whom an administrator may manage: those whose area lies within the administrator's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from admin.policy import Viewer, scoped
from core.areas import Area, within
from core.country.areas import NEW
from core.database import UnitOfWork
from core.users import LoginSession, User


@dataclass(frozen=True, slots=True)
class UserRow:
    """A line of the list of users."""

    user: User
    seen_at: datetime | None


def list_users(uow: UnitOfWork, viewer: Viewer) -> Sequence[UserRow]:
    """Active ones first, by login, with when they were last seen."""
    seen = (
        select(LoginSession.user_id, func.max(LoginSession.seen_at).label("at"))
        .group_by(LoginSession.user_id)
        .subquery()
    )
    query = select(User, seen.c.at).outerjoin(seen, seen.c.user_id == User.id).order_by(User.active.desc(), User.login)
    return [UserRow(*row) for row in uow.session.execute(scoped(query, User.area, viewer))]


def find_user(uow: UnitOfWork, viewer: Viewer, user_id: UUID) -> User | None:
    """The user, locked; None when there is none or they belong to another area."""
    query = scoped(select(User).where(User.id == user_id), User.area, viewer)
    return uow.session.scalar(query.with_for_update())


def list_areas(uow: UnitOfWork, viewer: Viewer) -> Sequence[Area]:
    """What the viewer may give to a user, by code: provinces, old districts and the communes that took their place. Old
    communes are too many for a list."""
    given = or_(Area.kind != "commune", Area.path.startswith(f"{NEW}."))
    query = select(Area).where(given, within(Area.path, viewer.area)).order_by(Area.path)
    return uow.session.scalars(query).all()
