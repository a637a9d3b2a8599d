"""What is written down beside a talk. Nobody in the talk waits for it, and no failure of it ends the talk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ivr.media.turns import PAUSES, TurnsUnavailable

log = logging.getLogger(__name__)


class Notes:
    """Of one call. `add(what, write)` returns at once; `written` waits until all is written, or given up."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, what: str, write: Callable[[], Awaitable[None]]) -> None:
        """`what` names it in the log. It is tried again when the database does not answer, so it must be repeatable."""
        task = asyncio.get_running_loop().create_task(_keep(what, write))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def written(self) -> None:
        await asyncio.gather(*self._tasks)


async def _keep(what: str, write: Callable[[], Awaitable[None]]) -> None:
    for pause in (*PAUSES, None):
        try:
            return await write()
        except TurnsUnavailable as error:
            if pause is None:
                log.error("event=not_noted what=%s error=%s", what, error)
                return None
            await asyncio.sleep(pause)
    raise AssertionError("unreachable")
