"""Identifiers: UUID version 7, so that newer rows stand behind older ones in every index (RFC 9562)."""

from __future__ import annotations

import secrets
from uuid import UUID

import uuid_utils.compat

# Read aloud and keyed back: no letter that sounds or looks like another.
_REFERENCE_LETTERS = "ACDEFHKLMNPRTVXY"


def new_id() -> UUID:
    """A fresh identifier, ordered by time."""
    return uuid_utils.compat.uuid7()


def new_reference() -> str:
    """A reference number a person can write down: two letters and six digits, such as `KT402917`."""
    letters = "".join(secrets.choice(_REFERENCE_LETTERS) for _ in range(2))
    return f"{letters}{secrets.randbelow(1_000_000):06d}"
