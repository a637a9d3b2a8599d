"""Values of forms: what is missing or cannot be meant gets a sentence that says what to do."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from flask import request

from admin.days import parse_day
from core.errors import UserError

Word = TypeVar("Word", bound=StrEnum)


def text(name: str) -> str:
    return request.form.get(name, "").strip()


def reason() -> str:
    """Why somebody decides; whoever reads the history needs it."""
    given = text("reason")
    if not given:
        raise UserError("Say why.", "Whoever reads the history needs the reason.")
    return given


def day(name: str) -> date:
    """A day that has to be given."""
    found = optional_day(name)
    if found is None:
        raise UserError("No day is given.", "Enter the day.")
    return found


def optional_day(name: str) -> date | None:
    """A day, None when the field is empty. Raises UserError for what is none."""
    given = text(name)
    found = parse_day(given)
    if given and found is None:
        raise UserError(f"{given} is no day.", "Enter day, month and year.")
    return found


def word(name: str, kind: type[Word]) -> Word:
    """One of the words of a choice."""
    try:
        return kind(text(name))
    except ValueError:
        raise UserError("Nothing is chosen.", "Choose one of the list.") from None


def optional_number(name: str, most: float) -> float | None:
    """A number from 0 to `most`, None when the field is empty. A comma is a decimal point, as Vietnamese writes it."""
    given = text(name).replace(",", ".")
    if not given:
        return None
    try:
        found = float(given)
    except ValueError:
        found = -1
    if not 0 <= found <= most:
        raise UserError(f"{given} is no number that can be used here.", f"Give 0 to {most:g}.")
    return found


def optional_whole(name: str, most: int) -> int | None:
    """A whole number from 0 to `most`, None when the field is empty."""
    found = optional_number(name, most)
    if found is not None and found != int(found):
        raise UserError(f"{text(name)} is no whole number.", f"Give 0 to {most}.")
    return None if found is None else int(found)


def optional_id(name: str) -> UUID | None:
    """An identifier of a choice, None for none and for what is none."""
    try:
        return UUID(text(name)) if text(name) else None
    except ValueError:
        return None


def yes_no(name: str) -> bool | None:
    """Yes, no, or nobody knows."""
    return {"1": True, "0": False}.get(text(name))
