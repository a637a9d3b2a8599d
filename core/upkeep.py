"""Upkeep: receipts and jobs that have done their work are removed, so that the tables stay as small as a month."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from core.database import Database
from core.outbox import OutboxRow
from core.receipts import ReceiptRow

# No carrier repeats a request after days. A month leaves time to look into what went wrong.
KEEP = timedelta(days=30)
BATCH = 5_000


def clear_away(database: Database) -> int:
    """Remove receipts, and jobs done, that are older than `KEEP`; returns how many. A job not done is kept for ever.

    In short transactions of `BATCH` rows, so that nobody waits for it.
    """
    removed = 0
    for table, key, at in (
        (ReceiptRow, ReceiptRow.key, ReceiptRow.at),
        (OutboxRow, OutboxRow.id, OutboxRow.done_at),
    ):
        full = True
        while full:
            with database.unit() as uow:
                old = select(key).where(at < uow.now() - KEEP).limit(BATCH).with_for_update(skip_locked=True)
                gone = len(uow.session.execute(delete(table).where(key.in_(old)).returning(key)).all())
            removed += gone
            full = gone == BATCH
    return removed
