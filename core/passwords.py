"""What a password must be. Pure."""

from __future__ import annotations

import secrets

from core.errors import UserError

SHORTEST = 12
# Argon2 takes any length; a form field should not.
LONGEST = 200
_FEWEST_DIFFERENT_SIGNS = 5
# Read off a screen and typed: no sign that looks like another.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_COMMON_STEMS = (
    "password",
    "passw0rd",
    "matkhau",
    "qwerty",
    "123456",
    "abcdef",
    "letmein",
    "welcome",
    "iloveyou",
    "administrator",
    "admin",
    "traceline",
    "vietnam",
    "covid19",
    "covid",
)


def check_password(password: str, login: str, name: str = "") -> None:
    """Raises UserError unless the password is long, is not built on the login or the name, and is no common one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError(
            f"A password has {SHORTEST} to {LONGEST} characters.", "A sentence of four or five words is easy to keep."
        )
    lowered = password.casefold()
    for own in (login.casefold(), name.casefold()):
        if own and own in lowered:
            raise UserError("A password must not contain your login or name.", "Choose one that says nothing of you.")
    if len(set(lowered)) < _FEWEST_DIFFERENT_SIGNS or _is_common(lowered):
        raise UserError("This password is among the first that are guessed.", "Choose four or five words at random.")


def one_time_password() -> str:
    """A random password to be changed at the first log-in: 16 signs, 79 bits, in groups that can be read out."""
    groups = ["".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4)]
    return "-".join(groups)


def _is_common(lowered: str) -> bool:
    """Whether little is left when the well-known stems, digits and punctuation are taken away."""
    rest = lowered
    for stem in _COMMON_STEMS:
        rest = rest.replace(stem, "")
    return sum(sign.isalpha() for sign in rest) < _FEWEST_DIFFERENT_SIGNS
