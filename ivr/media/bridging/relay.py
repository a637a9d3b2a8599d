"""One direction of a talk: what the one says reaches the other, a frame each 20 ms on an absolute clock."""

from __future__ import annotations

import asyncio
import logging

from audio.codec import FRAME_MS
from ivr.media.bridging.jitter import JitterBuffer
from ivr.media.session import MediaSession

log = logging.getLogger(__name__)

FRAME_SECONDS = FRAME_MS / 1000
STALLED_SECONDS = 0.2
"""How far behind its clock a relay may fall and still catch up. After more, it goes on from now: whoever heard nothing
meanwhile has no use for a burst."""
MARK_FRAMES = 50
LATE_SECONDS = 0.6
"""How long a frame may take to be heard. When a mark says that it took longer, a network has held sound back, and the
other end now has it queued: it is thrown away, or every further word would come that late."""


class Relay:
    """What one party hears of the other. `push` frames of the other while `run` is a task; marks that come back from
    the party go to `reached`."""

    def __init__(self, session: MediaSession) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._marks: dict[str, float] = {}
        self._late = False
        self.buffer = JitterBuffer()
        self.cleared = 0

    def push(self, ulaw: bytes) -> None:
        self.buffer.push(ulaw)

    def reached(self, mark: str) -> None:
        """A mark came back: what was sent before it has been heard."""
        sent_at = self._marks.pop(mark, None)
        if sent_at is not None and self._loop.time() - sent_at > LATE_SECONDS:
            self._late = True

    async def run(self) -> None:
        """Until cancelled; may be run again after a pause."""
        self._marks.clear()
        self._late = False
        due = self._loop.time()
        sent = 0
        while True:
            await self._session.play(self.buffer.pop())
            sent += 1
            if sent % MARK_FRAMES == 0:
                await self._mark(f"talk.{sent}")
            due += FRAME_SECONDS
            now = self._loop.time()
            if now - due > STALLED_SECONDS:
                due = now
            await asyncio.sleep(max(0.0, due - now))

    async def _mark(self, name: str) -> None:
        if self._late:
            self._late = False
            self._marks.clear()
            self.cleared += 1
            await self._session.clear()
        self._marks[name] = self._loop.time()
        await self._session.mark(name)
