"""Rows by the million into an empty database: COPY, with the indexes made afterwards and foreign keys not checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from psycopg import Connection
from sqlalchemy import text
from sqlalchemy.schema import CreateIndex, DropIndex, Index

from core.database import Database
from core.tables import Base

_AT_ONCE = 20_000
NULL = "\\N"


class Heap:
    """Lines for tables, in the text format of COPY, written when enough have come together. A value must hold no tab,
    newline or backslash; `NULL` is none."""

    def __init__(self, connection: Connection[tuple[object, ...]], columns: Mapping[str, Sequence[str]]) -> None:
        self._connection = connection
        self._columns = columns
        self._lines: dict[str, list[str]] = {table: [] for table in columns}
        self.written = dict.fromkeys(columns, 0)

    def add(self, table: str, line: str) -> None:
        """One row: its values in the order of the table's columns, between tabs."""
        lines = self._lines[table]
        lines.append(line)
        if len(lines) >= _AT_ONCE:
            self._write(table)

    def close(self) -> None:
        """Write what is left."""
        for table in self._lines:
            self._write(table)

    def _write(self, table: str) -> None:
        lines = self._lines[table]
        if not lines:
            return
        columns = ", ".join(self._columns[table])
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write("\n".join(lines))
            copy.write("\n")
        self.written[table] += len(lines)
        lines.clear()


@contextmanager
def heap(database: Database, columns: Mapping[str, Sequence[str]]) -> Iterator[Heap]:
    """A heap whose tables have their indexes back, and their statistics, when the block ends. Keys that must be unique
    are checked all the time; foreign keys are not, so the rows had better fit."""
    indexes = [index for table in columns for index in sorted(Base.metadata.tables[table].indexes, key=_name)]
    waiting = [index for index in indexes if not index.unique]
    with database.engine.begin() as connection:
        for index in waiting:
            connection.execute(DropIndex(index))
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        raw = connection.connection.driver_connection
        if raw is None:
            raise RuntimeError("There is no connection to copy over.")
        made = Heap(raw, columns)
        yield made
        made.close()
    with database.engine.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        for index in waiting:
            connection.execute(CreateIndex(index))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _name(index: Index) -> str:
    return str(index.name)


def identifier(seconds: float, number: int) -> str:
    """A UUID of version 7 of this moment; `number` (below 2 to the 48th) tells those of one moment apart."""
    stamp = int(seconds * 1000)
    return f"{stamp >> 16:08x}-{stamp & 0xFFFF:04x}-7000-8000-{number:012x}"
