"""Who is behind a request."""

from __future__ import annotations

from admin.policy import Viewer
from core.database import UnitOfWork
from core.login import session_user
from core.users import User


def signed_in_viewer(uow: UnitOfWork, token: str, *, touch: bool) -> Viewer | None:
    """The user of the session that the cookie names, if it is a living one; `touch` keeps it alive."""
    user = session_user(uow, token, touch=touch) if token else None
    return viewer_of(user) if user else None


def viewer_of(user: User) -> Viewer:
    """The user as pages know them: values, which outlive the transaction (an error page is made after it)."""
    return Viewer(
        id=user.id,
        login=user.login,
        name=user.name,
        rights=user.rights,
        area=user.area,
        language=user.language,
        must_change_password=user.must_change_password,
    )
