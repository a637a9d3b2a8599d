"""One queue per call: what the person does, what the recogniser found, and timers, one at a time, in order.

Because everything comes through here, no two things happen to a call at once. Keys wait here while a turn is saved, and
keep the time at which they were pressed: whether they still count is the next question's to say.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from ivr.media.session import Closed, Digit, Frame, MarkReached, MediaSession

log = logging.getLogger(__name__)

MAX_WAITING = 1500
"""Events that may wait; beyond it (30 s of sound: the database is away) further frames are dropped and counted."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class TimeUp:
    """A timer has run out. Each timer makes its own, so that one that came too late is known by identity."""

    what: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """One key, and the loop's time at which it came in."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """Work begun with `when_done` is finished."""

    task: asyncio.Task[T]


@dataclass(frozen=True, slots=True)
class News:
    """What came of the other side of a bridge (`ivr.media.bridging.rooms`). `seconds`: how long they talked."""

    what: str
    seconds: float = 0.0


Happening = Frame | Pressed | MarkReached | Closed | TimeUp | Done[object] | News


class Inbox:
    """Reads a session from `async with` on. `frames` and `dropped` count what came in."""

    def __init__(self, session: MediaSession) -> None:
        self._session = session
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self.frames = 0
        self.dropped = 0

    async def __aenter__(self) -> Inbox:
        self._reader = self._loop.create_task(self._read())
        self._reader.add_done_callback(self._read_to_its_end)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.cancel()
        await asyncio.wait([self._reader])

    async def get(self) -> Happening:
        """The next thing that happened. After `Closed` nothing more comes from the session."""
        return await self._queue.get()

    def stop(self) -> None:
        """Let the call's conductor leave as if the sound were lost: another session has taken the call over, or the
        process is about to end."""
        self._queue.put_nowait(Closed("lost"))

    def put_back(self, closed: Closed) -> None:
        """The end of the session is for whoever asks next."""
        self._queue.put_nowait(closed)

    def tell(self, news: News) -> None:
        """Put news of the other side here."""
        self._queue.put_nowait(news)

    def after(self, seconds: float, event: TimeUp) -> asyncio.TimerHandle:
        """Put `event` here in so many seconds, unless the handle is cancelled."""
        return self._loop.call_later(seconds, self._queue.put_nowait, event)

    def when_done(self, task: asyncio.Task[T]) -> None:
        """Put `Done(task)` here when the task has ended, unless it was cancelled."""
        task.add_done_callback(lambda ended: None if ended.cancelled() else self._queue.put_nowait(Done(ended)))

    def _read_to_its_end(self, reader: asyncio.Task[None]) -> None:
        """A session that cannot be read any more is lost: a deaf call would go on with nobody."""
        if not reader.cancelled() and (error := reader.exception()) is not None:
            log.error("event=session_broken", exc_info=error)
            self._queue.put_nowait(Closed("lost"))

    async def _read(self) -> None:
        async for event in self._session.events():
            if isinstance(event, Frame):
                self.frames += 1
                if self._queue.qsize() >= MAX_WAITING:
                    self.dropped += 1
                    continue
            self._queue.put_nowait(Pressed(event.key, self._loop.time()) if isinstance(event, Digit) else event)
