"""Users of the console and their sessions. The rules of passwords and log-in stand in `core.login`."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from core.errors import UserError
from core.ids import new_id
from core.rights import Right, rights_of
from core.tables import Base

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


def tidy_login(login: str) -> str:
    """A login as it is stored: case and blanks around it do not count."""
    return login.strip().lower()


def check_login(login: str) -> str:
    """The tidied login. Raises UserError for one that cannot be used."""
    tidied = tidy_login(login)
    if not _LOGIN.fullmatch(tidied):
        raise UserError(
            f"{login!r} cannot be a login.", "Use 2 to 64 letters without diacritics, digits, dots, hyphens."
        )
    return tidied


class User(Base):
    __tablename__ = "app_user"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(server_default=text("true"))
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    area: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="vi")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    failed_logins: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def rights(self) -> frozenset[Right]:
        return rights_of(self.roles)


class LoginSession(Base):
    """One log-in in one browser. The cookie holds the token; the table only its hash."""

    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
