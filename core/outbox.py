"""The outbox: what is to be done after the commit, at least once, however often a process or Redis dies.

A row is written in the transaction that decides. After the commit it is relayed to RQ. The worker marks it done. The
sweep relays again what fell due and was never done: rows whose relay died, and rows whose job Redis lost.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Identity, Index, Select, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables import Base

# A job that has not been marked done after this long is relayed again.
RELAY_AGAIN_AFTER = timedelta(seconds=60)
# A job that failed for a passing reason waits longer each time: 2 s, 4 s, … up to this.
LONGEST_BACKOFF = timedelta(minutes=10)


class OutboxRow(Base):
    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    job: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    relayed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None]

    # The sweep looks only at what is not done, so its cost does not grow with history.
    __table_args__ = (Index("ix_outbox_open", "due_at", postgresql_where=text("done_at IS NULL")),)


def due(now: datetime, limit: int = 200) -> Select[OutboxRow]:
    """The open rows to relay at `now`, locked against other relays."""
    return (
        select(OutboxRow)
        .where(
            OutboxRow.done_at.is_(None),
            OutboxRow.due_at <= now,
            or_(OutboxRow.relayed_at.is_(None), OutboxRow.relayed_at < now - RELAY_AGAIN_AFTER),
        )
        .order_by(OutboxRow.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def backoff(tries: int) -> timedelta:
    """How long a job that failed `tries` times waits."""
    return min(timedelta(seconds=2 ** min(tries, 20)), LONGEST_BACKOFF)


def mark_begun(row: OutboxRow, now: datetime, takes: timedelta) -> None:
    """The job begins. Should it never come to an end (a crash, an error nobody foresaw), it comes again, later each
    time; one that `takes` long not before it could have ended, or others would do it at the same time."""
    row.tries += 1
    row.due_at = now + max(backoff(row.tries), takes)


def mark_done(row: OutboxRow, now: datetime, error: str | None = None) -> None:
    """The job has been done, or refused for good with `error`."""
    row.done_at = now
    row.error = error


def mark_failed(row: OutboxRow, now: datetime, error: str) -> None:
    """The job failed for a passing reason and is due again later."""
    row.error = error
    row.relayed_at = None
    row.due_at = now + backoff(row.tries)
