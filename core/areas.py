"""Administrative areas by official code, and who may see what in them.

`path` is the codes from the province down, joined by dots (`38.380.14761`): an area holds all paths that begin with its
own. Rows about people carry such a path in their `area` column.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column
from sqlalchemy.orm.attributes import InstrumentedAttribute

from core.tables import Base


class Area(Base):
    __tablename__ = "area"

    path: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # province, district, commune
    name_vi: Mapped[str]
    name_en: Mapped[str]


def area_column() -> MappedColumn[str]:
    """The `area` column of a row about people. Empty means that nobody knows yet: only the whole province sees it."""
    return mapped_column(server_default="", index=True)


def holds(outer: str, inner: str) -> bool:
    """Whether the area `outer` holds the area `inner`. The empty path is the whole department."""
    return outer == "" or inner == outer or inner.startswith(outer + ".")


def within(column: InstrumentedAttribute[str], outer: str) -> ColumnElement[bool]:
    """The same as SQL: the condition that scopes a query to `outer`."""
    if outer == "":
        return column.is_not(None)
    return or_(column == outer, column.startswith(outer + ".", autoescape=True))
