"""Upkeep: receipts and jobs that have done their work, sessions that are over and processes that are gone are removed,
so that the tables stay as small as a month."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from core.database import Database
from core.heartbeats import Heartbeat
from core.login import SESSION_LIMIT
from core.outbox import OutboxRow
from core.receipts import ReceiptRow
from core.users import LoginSession

# No carrier repeats a request after days. A month leaves time to look into what went wrong.
KEEP = timedelta(days=30)
# Every process beats every few seconds. A day leaves time to see on the page System that one is gone.
SILENT = timedelta(days=1)
BATCH = 5_000
_OLD = (
    (ReceiptRow, ReceiptRow.key, ReceiptRow.at, KEEP),
    (OutboxRow, OutboxRow.id, OutboxRow.done_at, KEEP),
    (LoginSession, LoginSession.token_hash, LoginSession.created_at, SESSION_LIMIT),
    (Heartbeat, Heartbeat.process, Heartbeat.at, SILENT),
)


def clear_away(database: Database) -> int:
    """Remove receipts, and jobs done, that are older than `KEEP`, sessions past their limit, and signs of life of
    processes that have been silent for a day; returns how many. A job not done is kept for ever.

    In short transactions of `BATCH` rows, so that nobody waits for it.
    """
    removed = 0
    for table, key, at, keep in _OLD:
        full = True
        while full:
            with database.unit() as uow:
                old = select(key).where(at < uow.now() - keep).limit(BATCH).with_for_update(skip_locked=True)
                gone = len(uow.session.execute(delete(table).where(key.in_(old)).returning(key)).all())
            removed += gone
            full = gone == BATCH
    return removed
