"""Log-in: passwords (argon2id, RFC 9106), lockout, sessions. Everything is a function of the unit of work.

A failed log-in is a result, not an exception: the count of failures and the audit line have to be committed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import func, select, text, update

from core.audit import write_audit
from core.database import UnitOfWork
from core.errors import UserError
from core.passwords import check_password, one_time_password
from core.rights import ROLES
from core.users import LoginSession, User, check_login, tidy_login

MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
IDLE_LIMIT = timedelta(hours=1)
SESSION_LIMIT = timedelta(hours=12)
FIRST_LOGIN = "admin"
# The time of the last request is written at most this often: a page must not cost a write.
_SEEN_EVERY = timedelta(minutes=1)
# Two processes that start together on an empty database make one first user.
_FIRST_USER_LOCK = 7262

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A log-in that succeeded. `token` belongs into the cookie; the database keeps only its hash."""

    user: User
    token: str


def log_in(uow: UnitOfWork, login: str, password: str, address: str = "") -> LoggedIn | None:
    """Open a session, or None: unknown login, wrong password, inactive or locked user.

    After `MAX_FAILURES` wrong passwords the user is locked for `LOCKED_FOR`, and then the right password does not help
    either. All refusals look the same and cost the same time, so that nobody learns which logins exist.
    """
    decoy = _decoy_hash()
    # The lock makes guesses at one login come one after another: a hundred at once still count as a hundred.
    user = uow.session.scalar(select(User).where(User.login == tidy_login(login)).with_for_update())
    right = _matches(user.password_hash if user else decoy, password)
    if user is None:
        # What was typed is not kept: people type their password into the wrong field.
        write_audit(uow, "login.failed", address=address, detail={"reason": "unknown"})
        return None
    now = uow.now()
    if user.locked_until is not None and user.locked_until > now:
        _audit(uow, "login.failed", user, address, reason="locked")
        return None
    if not user.active:
        _audit(uow, "login.failed", user, address, reason="inactive")
        return None
    if not right:
        _count_failure(uow, user, address)
        return None
    user.failed_logins = 0
    user.locked_until = None
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hasher.hash(password)
    token = secrets.token_urlsafe(32)
    uow.session.add(LoginSession(token_hash=_token_hash(token), user_id=user.id, created_at=now, seen_at=now))
    _audit(uow, "login.succeeded", user, address)
    return LoggedIn(user, token)


def session_user(uow: UnitOfWork, token: str, *, touch: bool = True) -> User | None:
    """The user of a session that is neither ended, nor idle for `IDLE_LIMIT`, nor older than `SESSION_LIMIT`. `touch`
    says that the user did something: what a page asks for by itself does not keep a session alive."""
    now = uow.now()
    found = uow.session.execute(
        select(User, LoginSession)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(
            LoginSession.token_hash == _token_hash(token),
            LoginSession.ended_at.is_(None),
            LoginSession.seen_at > now - IDLE_LIMIT,
            LoginSession.created_at > now - SESSION_LIMIT,
            User.active,
        )
    ).first()
    if found is None:
        return None
    user, session = found
    if touch and session.seen_at <= now - _SEEN_EVERY:
        session.seen_at = now
    return user


def log_out(uow: UnitOfWork, token: str, address: str = "") -> None:
    """End one session. Ending one that is over already changes nothing."""
    user_id = uow.session.scalar(
        update(LoginSession)
        .where(LoginSession.token_hash == _token_hash(token), LoginSession.ended_at.is_(None))
        .values(ended_at=uow.now())
        .returning(LoginSession.user_id)
    )
    user = uow.session.get(User, user_id) if user_id else None
    if user is not None:
        _audit(uow, "logout", user, address)


def end_sessions(uow: UnitOfWork, user: User, keep_token: str = "") -> int:
    """End all sessions of a user, but for the one of `keep_token`; returns how many were ended."""
    ended = uow.session.scalars(
        update(LoginSession)
        .where(
            LoginSession.user_id == user.id,
            LoginSession.ended_at.is_(None),
            LoginSession.token_hash != _token_hash(keep_token),
        )
        .values(ended_at=uow.now())
        .returning(LoginSession.token_hash)
    )
    return len(ended.all())


def change_password(
    uow: UnitOfWork, user: User, old: str, new: str, *, keep_token: str = "", address: str = ""
) -> None:
    """Set a new password of the user's own choice; all other sessions end. Raises UserError when the old one is wrong
    or the new one is too weak."""
    if not _matches(user.password_hash, old):
        raise UserError("The present password is not right.", "Type the password you logged in with.")
    if secrets.compare_digest(old.encode(), new.encode()):
        raise UserError("The new password is the old one.", "Choose another.")
    check_password(new, user.login, user.name)
    user.password_hash = _hasher.hash(new)
    user.must_change_password = False
    end_sessions(uow, user, keep_token)
    _audit(uow, "password.changed", user, address)


def create_user(
    uow: UnitOfWork,
    *,
    login: str,
    name: str,
    roles: list[str],
    area: str = "",
    language: str = "vi",
    by: User | None = None,
    address: str = "",
) -> tuple[User, str]:
    """Make a user; returns it with a one-time password, which the first log-in has to change. `by` is None for the
    command line. Raises UserError for a login that is taken or malformed, and for a role that does not exist."""
    login = check_login(login)
    unknown = sorted(set(roles) - ROLES.keys())
    if unknown or not roles:
        raise UserError(f"No such role: {', '.join(unknown) or '(none given)'}.", f"Roles are {', '.join(ROLES)}.")
    if uow.session.scalar(select(User.id).where(User.login == login)) is not None:
        raise UserError(f"The login {login!r} is taken.", "Choose another.")
    password = one_time_password()
    user = User(
        login=login,
        name=name.strip() or login,
        password_hash=_hasher.hash(password),
        must_change_password=True,
        roles=list(roles),
        area=area,
        language=language,
        active=True,
        failed_logins=0,
        created_at=uow.now(),
    )
    uow.session.add(user)
    uow.session.flush()
    detail = {"roles": list(roles), "area": area}
    _audit_by(uow, "user.created", user, by, address, detail)
    return user, password


def ensure_first_user(uow: UnitOfWork) -> str | None:
    """Make the first user when there is none; returns the one-time password, to be printed once. Otherwise None.

    On a fresh machine one person has to do everything, so the first user is administrator and supervisor.
    """
    uow.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_USER_LOCK})
    if uow.session.scalar(select(func.count()).select_from(User)):
        return None
    _, password = create_user(uow, login=FIRST_LOGIN, name="Administrator", roles=["administrator", "supervisor"])
    return password


def reset_password(uow: UnitOfWork, login: str, *, by: User | None = None, address: str = "") -> str:
    """Give a user a new one-time password, unlock it and end its sessions. Raises UserError for an unknown login."""
    user = uow.session.scalar(select(User).where(User.login == tidy_login(login)).with_for_update())
    if user is None:
        raise UserError(f"There is no user {login!r}.", "Add one with `traceline user add`.")
    password = one_time_password()
    user.password_hash = _hasher.hash(password)
    user.must_change_password = True
    user.failed_logins = 0
    user.locked_until = None
    end_sessions(uow, user)
    _audit_by(uow, "password.reset", user, by, address, {})
    return password


def _count_failure(uow: UnitOfWork, user: User, address: str) -> None:
    if user.locked_until is not None:  # the lock has run out: counting starts anew
        user.locked_until = None
        user.failed_logins = 0
    user.failed_logins += 1
    _audit(uow, "login.failed", user, address, reason="password")
    if user.failed_logins >= MAX_FAILURES:
        user.locked_until = uow.now() + LOCKED_FOR
        _audit(uow, "login.locked", user, address)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False


@cache
def _decoy_hash() -> str:
    """The hash that an unknown login is checked against, so that it takes as long as a known one."""
    return _hasher.hash(secrets.token_urlsafe(16))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _audit(uow: UnitOfWork, action: str, user: User, address: str, **detail: str) -> None:
    write_audit(
        uow, action, f"user:{user.id}", user_id=user.id, login=user.login, address=address, detail=detail or None
    )


def _audit_by(
    uow: UnitOfWork, action: str, user: User, by: User | None, address: str, detail: Mapping[str, Any]
) -> None:
    """A line about a user, written for who did it."""
    write_audit(
        uow,
        action,
        f"user:{user.id}",
        user_id=by.id if by else None,
        login=by.login if by else "(command line)",
        address=address,
        detail=detail,
    )
