"""Pages of long lists by key, not by offset: page 1,000 costs what page 1 costs.

Identifiers are ordered by time (UUID version 7), so "older than this one" is a question to the primary key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from core.database import UnitOfWork

Row = TypeVar("Row")
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, newest first; `older` is the key that the next page begins below, None on the last."""

    rows: Sequence[Row]
    older: str | None


def page_of(
    uow: UnitOfWork,
    query: AnySelect,
    key: InstrumentedAttribute[UUID],
    before: str | None,
    make: Callable[[Any], Row],
    size: int = PAGE_SIZE,
) -> Page[Row]:
    """One page of the query by its identifier, newest first. The first column of the query must be the key."""
    bound = _identifier(before)
    if bound is not None:
        query = query.where(key < bound)
    found = uow.session.execute(query.order_by(key.desc()).limit(size + 1)).all()
    return Page([make(row) for row in found[:size]], str(found[size - 1][0]) if len(found) > size else None)


def _identifier(text: str | None) -> UUID | None:
    """A key from an address; what is none begins at the start."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
