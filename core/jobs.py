"""Background jobs: named functions of a JSON payload, carried by RQ from the outbox to the workers.

A handler may run more than once and at the same time as itself: it re-checks under a row lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from core import outbox
from core.database import Database
from core.errors import Permanent, Retryable, TracelineError

log = logging.getLogger(__name__)

Handler = Callable[[Mapping[str, Any]], None]
QUEUE = "traceline"
SLOW_QUEUE = "traceline-slow"
"""Jobs that take minutes and whole cores (writing down voice messages). Workers of their own do them, one at a time, so
that dialing never waits for them."""
SLOW_JOB_TIME = timedelta(seconds=900)
_SECONDS = {QUEUE: 120, SLOW_QUEUE: round(SLOW_JOB_TIME.total_seconds())}


class Jobs:
    """The handlers by name, and the way to and from RQ. `entry` is the dotted path that a worker calls."""

    def __init__(self, database: Database, redis: Redis, entry: str) -> None:
        self._database = database
        self._queues = {name: Queue(name, connection=redis, serializer=JSONSerializer) for name in _SECONDS}
        self._entry = entry
        self._handlers: dict[str, Handler] = {}
        self._slow: set[str] = set()
        database.after_commit = self.relay_soon

    def register(self, name: str, handler: Handler, *, slow: bool = False) -> None:
        """`slow` jobs go to the workers of `SLOW_QUEUE`."""
        if name in self._handlers:
            raise TracelineError(f"The job {name!r} is registered twice.")
        self._handlers[name] = handler
        if slow:
            self._slow.add(name)

    def relay_soon(self) -> None:
        """Relay at once after a commit. When Redis is away the rows stay, and the sweep relays them."""
        try:
            self.relay()
        except RedisError as error:
            log.warning("relay postponed error=%s", type(error).__name__)

    def relay(self) -> int:
        """Hand every due row to RQ; returns how many. A row may be handed over twice, never lost."""
        with self._database.unit() as uow:
            rows = list(uow.session.scalars(outbox.due(uow.now())))
            for row in rows:
                queue = SLOW_QUEUE if row.job in self._slow else QUEUE
                self._queues[queue].enqueue_call(
                    self._entry, args=(row.id,), result_ttl=0, failure_ttl=3600, timeout=_SECONDS[queue]
                )
                row.relayed_at = uow.now()
        return len(rows)

    def perform(self, row_id: int) -> None:
        """Do the job of one outbox row. What RQ calls in the worker."""
        with self._database.unit() as uow:
            row = uow.session.get(outbox.OutboxRow, row_id, with_for_update=True)
            if row is None or row.done_at is not None:
                return
            name, payload = row.job, row.payload
            outbox.mark_begun(row, uow.now(), SLOW_JOB_TIME if name in self._slow else timedelta())
        handler = self._handlers.get(name)
        failure: TracelineError | None = None
        if handler is None:
            failure = Permanent(f"No handler for the job {name!r}.")
        else:
            try:
                handler(payload)
            except (Retryable, Permanent) as error:
                failure = error
        with self._database.unit() as uow:
            row = uow.session.get(outbox.OutboxRow, row_id, with_for_update=True)
            if row is None or row.done_at is not None:
                return
            if isinstance(failure, Retryable):
                outbox.mark_failed(row, uow.now(), str(failure))
                log.warning("job postponed job=%s row=%s tries=%s", name, row_id, row.tries)
            else:
                outbox.mark_done(row, uow.now(), None if failure is None else str(failure))
                if failure is not None:
                    log.error("job refused job=%s row=%s error=%s", name, row_id, failure.message)


def run_worker(redis: Redis, queue: str = QUEUE) -> None:
    """Take jobs from the queue until SIGTERM. Jobs run in this process: when one crashes it, the supervisor starts it
    again, and the sweep hands out again what was not done."""
    SimpleWorker(
        [Queue(queue, connection=redis, serializer=JSONSerializer)], connection=redis, serializer=JSONSerializer
    ).work(logging_level="WARNING")
