"""What is played to somebody who waits, again and again until it is over."""

from __future__ import annotations

import asyncio
import contextlib

from audio.codec import RATE, ULAW_FRAME
from ivr.media.session import MediaSession

CHUNK = 25 * ULAW_FRAME
"""Half a second: no more is queued at the other end when the wait is over."""
STALLED_SECONDS = 1.0
"""How far behind its clock it may fall and still catch up; after more it goes on from now, without a burst."""


class Hold:
    """Plays `sound` over and over from `start` to `stop`, which throws away what has not been heard. Without any sound
    there is silence."""

    def __init__(self, session: MediaSession, sound: bytes) -> None:
        self._session = session
        self._sound = sound
        self._task: asyncio.Task[None] | None = None

    def start(self, at: int = 0) -> None:
        """Begin at this byte of the sound. Harmless when it is played already."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._play(at))

    async def stop(self) -> None:
        """Harmless when nothing is played."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        await self._session.clear()

    async def _play(self, at: int) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._sound:
            for start in range(at, len(self._sound), CHUNK):
                chunk = self._sound[start : start + CHUNK]
                await self._session.play(chunk)
                due += len(chunk) / RATE
                now = loop.time()
                if now - due > STALLED_SECONDS:
                    due = now
                await asyncio.sleep(max(0.0, due - now))
            at = 0
