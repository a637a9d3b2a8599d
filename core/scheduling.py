"""Work that comes again every few seconds: sweeping the outbox, choosing whom to dial, reaping.

APScheduler keeps the time. A tick that is still running is not started a second time; one that raises is logged with
its traceback and comes again. Several schedulers may run: every tick locks the rows it works on.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler


@dataclass(frozen=True, slots=True)
class Tick:
    """A function to call every `seconds`."""

    name: str
    seconds: float
    function: Callable[[], object]


def run_schedule(ticks: Sequence[Tick]) -> None:
    """Run until SIGTERM or SIGINT."""
    scheduler = BlockingScheduler(executors={"default": ThreadPoolExecutor(len(ticks))}, timezone="UTC")
    for tick in ticks:
        scheduler.add_job(tick.function, "interval", seconds=tick.seconds, id=tick.name, max_instances=1, coalesce=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: scheduler.shutdown(wait=False))
    scheduler.start()
