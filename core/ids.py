"""Identifiers: UUID version 7, so that newer rows stand behind older ones in every index (RFC 9562)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import uuid_utils.compat

from core.errors import TracelineError

Row = TypeVar("Row")

# Read aloud and keyed back: no letter that sounds or looks like another.
_REFERENCE_LETTERS = "ACDEFHKLMNPRTVXY"
_REFERENCE_TRIES = 100


def new_id() -> UUID:
    """A fresh identifier, ordered by time."""
    return uuid_utils.compat.uuid7()


def new_reference() -> str:
    """A reference number a person can write down: two letters and six digits, such as `KT402917`."""
    letters = "".join(secrets.choice(_REFERENCE_LETTERS) for _ in range(2))
    return f"{letters}{secrets.randbelow(1_000_000):06d}"


def under_free_reference(insert: Callable[[str], Row | None]) -> Row:
    """What `insert` makes under a reference that nobody has. It gets one after another and returns None for one that is
    taken (`ON CONFLICT DO NOTHING`): with a million rows, one draw in 256 is. Raises TracelineError when a hundred are
    taken in a row."""
    for _ in range(_REFERENCE_TRIES):
        made = insert(new_reference())
        if made is not None:
            return made
    raise TracelineError("No reference number is free.", "There are 256 million: look at how they are drawn.")
