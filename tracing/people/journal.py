"""Changes that remember what they did, so that they can be taken back exactly.

A journal is a list of JSON steps: rows that were pointed at another row, rows that were changed, removed or added. They
are taken back in reverse order, and only where things still stand as the journal left them: what somebody changed since
then is theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnClause, Table, TableValuedAlias, Update, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from core.database import UnitOfWork
from core.tables import Base

Step = dict[str, Any]


class Journal:
    """Writes to tables whose key is `id`, and keeps the steps."""

    def __init__(self, uow: UnitOfWork, steps: Sequence[Step] = ()) -> None:
        self._uow = uow
        self.steps: list[Step] = list(steps)

    def move(self, table: str, column: str, ids: Collection[UUID], to: UUID | None) -> None:
        """Have `column` of these rows point at `to`. All of them point at one row, or at none."""
        columns = columns_of(table)
        rows = columns["id"].in_(ids)
        before = self._uow.session.scalars(select(columns[column]).where(rows).distinct()).one()
        self._uow.session.execute(_table(table).update().where(rows).values({column: to}))
        step = {"do": "move", "table": table, "column": column, "ids": sorted(str(row) for row in ids)}
        self.steps.append(step | {"from": _text(before), "to": _text(to)})

    def change(self, table: str, row: UUID, values: Mapping[str, Any], *, whole: bool = False) -> None:
        """Set columns of a row to values as JSON has them. Taken back column by column, or, as a `whole`, only if none
        was touched since."""
        if not values:
            return
        before = self.read(table, row)
        self._uow.session.execute(_set(table, values).where(columns_of(table)["id"] == row))
        after = self.read(table, row)
        changed = {name: [before[name], after[name]] for name in values if before[name] != after[name]}
        if changed:
            self.steps.append({"do": "change", "table": table, "id": str(row), "values": changed, "whole": whole})

    def remove(self, table: str, row: UUID) -> None:
        """Delete a row; the journal keeps it."""
        self.steps.append({"do": "remove", "table": table, "row": self.read(table, row)})
        self._uow.session.execute(_table(table).delete().where(columns_of(table)["id"] == row))

    def leave(self, table: str, row: UUID) -> None:
        """Note that a row was left where it was."""
        self.steps.append({"do": "leave", "table": table, "ids": [str(row)]})

    def read(self, table: str, row: UUID) -> dict[str, Any]:
        """A row as the database writes it in JSON."""
        whole = func.to_jsonb(_table(table).table_valued(), type_=JSONB)
        return dict(self._uow.session.scalars(select(whole).where(columns_of(table)["id"] == row)).one())


def take_back(uow: UnitOfWork, steps: Sequence[Step]) -> None:
    """Undo the steps of a journal, the last first."""
    for step in reversed(steps):
        _TAKE_BACK[step["do"]](uow, step)


def columns_of(table: str) -> ReadOnlyColumnCollection[str, Column[Any]]:
    """The columns of a table by name."""
    return _table(table).columns


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _as_row(table: str, values: Mapping[str, Any], name: str) -> TableValuedAlias:
    """These values as a row of the table: PostgreSQL turns JSON into dates, identifiers and the rest."""
    empty: ColumnClause[Any] = literal_column(f"NULL::{table}")
    row = func.jsonb_populate_record(empty, literal(dict(values), JSONB))
    return row.table_valued(*columns_of(table).keys(), joins_implicitly=True).alias(name)


def _set(table: str, values: Mapping[str, Any]) -> Update:
    row = _as_row(table, values, "given")
    return _table(table).update().values({name: row.c[name] for name in values})


def _take_back_move(uow: UnitOfWork, step: Step) -> None:
    columns, column = columns_of(step["table"]), step["column"]
    as_left = columns[column].is_not_distinct_from(_uuid(step["to"]))
    rows = columns["id"].in_([UUID(row) for row in step["ids"]])
    uow.session.execute(_table(step["table"]).update().where(rows, as_left).values({column: _uuid(step["from"])}))


def _take_back_change(uow: UnitOfWork, step: Step) -> None:
    table, values = step["table"], step["values"]
    columns = columns_of(table)
    for group in [values] if step["whole"] else [{name: pair} for name, pair in values.items()]:
        left = _as_row(table, {name: pair[1] for name, pair in group.items()}, "left_as")
        as_left = [columns[name].is_not_distinct_from(left.c[name]) for name in group]
        before = _set(table, {name: pair[0] for name, pair in group.items()})
        uow.session.execute(before.where(columns["id"] == UUID(step["id"]), *as_left))


def _take_back_remove(uow: UnitOfWork, step: Step) -> None:
    row = _as_row(step["table"], step["row"], "removed")
    names = list(step["row"])
    uow.session.execute(_table(step["table"]).insert().from_select(names, select(*(row.c[name] for name in names))))


def _take_back_leave(uow: UnitOfWork, step: Step) -> None:
    """It was never moved."""


_TAKE_BACK = {
    "move": _take_back_move,
    "change": _take_back_change,
    "remove": _take_back_remove,
    "leave": _take_back_leave,
}


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
