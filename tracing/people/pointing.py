"""What points at a person, or at any other row: read from the tables themselves.

A table that comes along with a column `person_id` is part of a merge from its first day, whichever package it belongs
to; a list that people have to keep would be forgotten. Packages below tracing have no foreign key to `person`, so the
name of the column counts as well.
"""

from __future__ import annotations

from sqlalchemy import Column

from core.tables import Base

PERSON = "person"
_SOFT = "person_id"
# What was decided about entries as such, and stays with them.
OF_ENTRIES = frozenset({"person_merge", "not_duplicate", "duplicate_candidate"})


def pointing_at(table: str) -> list[tuple[str, str]]:
    """(table, column) of everything that points at rows of this table, always in the same order."""
    return sorted(
        (str(other.name), str(column.name))  # plain text: they are kept as JSON
        for other in Base.metadata.tables.values()
        if table != PERSON or other.name not in OF_ENTRIES
        for column in other.columns
        if _points(column, table)
    )


def _points(column: Column[object], table: str) -> bool:
    if any(key.column.table.name == table and key.column.name == "id" for key in column.foreign_keys):
        return True
    return table == PERSON and column.name == _SOFT
