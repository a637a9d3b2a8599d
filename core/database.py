"""The database: one PostgreSQL, one schema, one unit of work per request, job or turn.

    with database.unit() as uow:
        uow.session.add(...)
        uow.send("dial", {"attempt": str(attempt.id)})

The unit commits when the block ends and rolls back when it raises. What was sent stands in the outbox and leaves the
process only after the commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from core.clock import Clock
from core.outbox import OutboxRow

log = logging.getLogger(__name__)


class UnitOfWork:
    """One transaction, with the clock and the outbox at hand."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session = session
        self.clock = clock
        self.sent = False

    def now(self) -> datetime:
        return self.clock.now()

    def send(self, job: str, payload: Mapping[str, Any], at: datetime | None = None) -> None:
        """Put a job into the outbox; it is done at least once after the commit, not before `at`."""
        self.session.add(OutboxRow(job=job, payload=dict(payload), due_at=at or self.now(), created_at=self.now()))
        self.sent = True


class Database:
    """Opens units of work, at most `pool_size` at once. `after_commit` is called when a committed unit has put
    something into the outbox."""

    def __init__(self, url: str, clock: Clock, pool_size: int = 10) -> None:
        self.engine = create_engine(
            _psycopg_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            # The thousands of look-ups of a page are estimated high and take milliseconds: compiling takes longer.
            connect_args={"options": "-c jit=off"},
            hide_parameters=True,  # an error would carry what people answered into the log
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        self.clock = clock
        self.after_commit: Callable[[], None] | None = None

    @contextmanager
    def unit(self) -> Iterator[UnitOfWork]:
        with Session(self.engine, expire_on_commit=False) as session:
            uow = UnitOfWork(session, self.clock)
            with session.begin():
                yield uow
        if uow.sent and self.after_commit is not None:
            self.after_commit()

    def close(self) -> None:
        self.engine.dispose()


def _psycopg_url(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
