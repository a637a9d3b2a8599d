"""Administrative areas by official code, and who may see what in them.

`path` is the codes from the province down, joined by dots (`38.380.14761`): an area holds all paths that begin with its
own. Rows about people carry such a path in their `area` column. Paths of the units that exist since July 2025 begin
with `2025.`; an area holds those of the other system that lie wholly inside it (`core.country`).
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import ColumnElement, Text, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column
from sqlalchemy.orm.attributes import InstrumentedAttribute

from core.country.areas import country
from core.tables import Base

Column = InstrumentedAttribute[str]


class Area(Base):
    __tablename__ = "area"

    path: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]  # units of the two systems share codes
    kind: Mapped[str]  # province, district, commune
    name_vi: Mapped[str]
    name_en: Mapped[str]
    counterparts: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """The fewest paths of the other system whose areas lie wholly inside this one, for queries that compare rows."""


def area_column() -> MappedColumn[str]:
    """The `area` column of a row about people. Empty means that nobody knows yet: only the whole province sees it."""
    return mapped_column(server_default="", index=True)


def holds(outer: str, inner: str) -> bool:
    """Whether the area `outer` holds the area `inner`. The empty path is the whole department."""
    return country().holds(outer, inner)


def within(inner: Column, outer: str) -> ColumnElement[bool]:
    """The same as SQL: the condition that scopes a query to `outer`."""
    if outer == "":
        return inner.is_not(None)
    paths = (outer, *_counterparts(outer))
    above_others = [path for path in paths if path == outer or country().children(path)]
    return or_(inner.in_(paths), *(inner.startswith(f"{path}.", autoescape=True) for path in above_others))


def within_row(inner: Column, outer: Column) -> ColumnElement[bool]:
    """The same for the areas of two rows."""
    others = func.unnest(Area.counterparts).table_valued("path").render_derived(name="others")
    across = select(Area.path).join(others, true()).where(Area.path == outer, _holds(others.c.path, inner))
    return or_(outer == "", _holds(outer, inner), across.correlate_except(Area, others).exists())


def around(path: str) -> tuple[str, ...]:
    """The areas that hold this one, itself and the whole department among them."""
    return ("", *country().holders(path))


def _holds(outer: ColumnElement[str] | Column, inner: Column) -> ColumnElement[bool]:
    return or_(inner == outer, func.starts_with(inner, outer + "."))


@lru_cache(maxsize=1024)
def _counterparts(path: str) -> tuple[str, ...]:
    return country().counterparts(path)
