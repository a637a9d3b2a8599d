"""A change of keys: everything that is kept encrypted comes under the first key of the ring.

Equality sees values under one key only: a number that is barred under the old key is another text than the same number
under the new one. So this is done while no process serves, before the first query under the new key.
"""

from __future__ import annotations

import logging

from sqlalchemy import Column, MetaData, Table, Text, delete, exists, select, type_coerce, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.database import Database
from core.encryption import EncryptedText, KeyRing, current_ring
from core.tables import Base

log = logging.getLogger(__name__)

BATCH = 5_000
# Old value and new, of this transaction only. Rows are joined to it, so that a large table is read once.
_rekeyed = Table(
    "rekeyed",
    MetaData(),
    Column("old", Text, primary_key=True),
    Column("new", Text, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def rekey(database: Database) -> int:
    """Encrypt every value that is not yet under the first key afresh, in one transaction; returns how many values.

    Raises TracelineError, with nothing changed, for a value whose key is not in the ring.
    """
    ring = current_ring()
    tables = Base.metadata.sorted_tables
    columns = [column for table in tables for column in table.columns if isinstance(column.type, EncryptedText)]
    with database.unit() as uow:
        _rekeyed.create(uow.session.connection())
        values = sum(_collect(uow.session, ring, column) for column in columns)
        if values:
            for column in columns:
                _replace(uow.session, column)
            log.info("event=rekeyed values=%s", values)
    return values


def _collect(session: Session, ring: KeyRing, column: Column[str]) -> int:
    """Note the values of one column that other keys have written; returns how many."""
    stored = type_coerce(column, Text)
    other = select(stored).distinct().where(stored.not_like(f"{ring.prefix}%"))
    values = 0
    with session.execute(other, execution_options={"yield_per": BATCH}) as found:
        for part in found.partitions():
            rows = [{"old": old, "new": ring.encrypt(ring.decrypt(old))} for (old,) in part]
            session.connection().execute(insert(_rekeyed).on_conflict_do_nothing(), rows)
            values += len(rows)
    return values


def _replace(session: Session, column: Column[str]) -> None:
    table = Base.metadata.tables[column.table.name]
    is_old = type_coerce(column, Text) == _rekeyed.c.old
    if column.primary_key:  # the row may have a twin, written under the new key: then that one is the row
        twin = table.alias()
        is_new = type_coerce(twin.c[column.name], Text) == _rekeyed.c.new
        session.execute(delete(table).where(is_old, exists().where(is_new).correlate(_rekeyed)))
    session.execute(update(table).where(is_old).values({column.name: _rekeyed.c.new}))
