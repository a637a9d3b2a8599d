"""One search field for names and numbers."""

from __future__ import annotations

from flask_babel import gettext

from core.errors import UserError
from core.phones import normalise_phone

_FEWEST_DIGITS = 6


def searched_phone(text: str) -> tuple[str, str, str]:
    """(number as E.164, name, problem) of what was typed: mostly digits is a number, which is searched as a whole,
    since numbers are stored encrypted; anything else is a name."""
    typed = text.strip()
    if sum(sign.isdigit() for sign in typed) < _FEWEST_DIGITS or any(sign.isalpha() for sign in typed):
        return "", typed, ""
    try:
        return normalise_phone(typed), "", ""
    except UserError:
        return "", typed, gettext("This is no whole phone number; numbers are found only as a whole.")
