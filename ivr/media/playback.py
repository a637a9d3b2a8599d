"""Saying the prompts of one turn: which sound goes out, whether it is still being heard, whether it may be cut short.

The carrier holds the queue of sound; we learn by marks, one behind each clip, how far the person has heard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from audio.codec import RATE
from audio.prompts import PromptStore
from core.errors import TracelineError
from flows.engine.actions import Play, Segment
from ivr.media.session import MediaSession

log = logging.getLogger(__name__)

MARK_GRACE_SECONDS = 4.0
"""How long after its sound should have been heard a mark may come; then it counts as reached."""


class Sounds(Protocol):
    """Where the sound of prompts comes from."""

    async def ulaw(self, language: str, segment: Segment) -> bytes:
        """The sound of a piece of a prompt, in whole frames of µ-law; empty if there is none to be had."""


class StoredSounds:
    """Sounds of a prompt store. A clip that has never been made is made now, in a thread."""

    def __init__(self, store: PromptStore) -> None:
        self._store = store

    async def ulaw(self, language: str, segment: Segment) -> bytes:
        return await asyncio.to_thread(self._ulaw, language, segment)

    def _ulaw(self, language: str, segment: Segment) -> bytes:
        try:
            return self._store.ulaw(self._store.clip(language, segment.text, segment.clip).digest)
        except (
            TracelineError,
            OSError,
        ) as error:  # no voice, a full disk: a gap, never the end of a call
            log.error("event=prompt_missing language=%s clip=%s reason=%s", language, segment.clip, error)
            return b""


class Playback:
    """What one turn says. `name` makes its marks unlike those of any other turn."""

    def __init__(self, session: MediaSession, sounds: Sounds, name: str) -> None:
        self._session = session
        self._sounds = sounds
        self._name = name
        self._waiting: dict[str, bool] = {}  # marks not yet reached -> whether their clip must be heard out
        self._clips = 0
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time()
        self.first_frame_at: float | None = None

    async def say(self, plays: Sequence[Play]) -> None:
        """Queue everything. Returns when it has been handed over, long before it has been heard."""
        for play in plays:
            for segment in play.prompt.segments:
                await self._queue(await self._sounds.ulaw(play.prompt.language, segment), not play.barge_in)

    @property
    def over(self) -> bool:
        """All of it has been heard, or cut short."""
        return not self._waiting

    @property
    def must_be_heard_out(self) -> bool:
        """Something is still being said that neither key nor word may cut short."""
        return any(self._waiting.values())

    @property
    def overdue_in(self) -> float:
        """Seconds after which the last mark is not to be expected any more."""
        return max(0.0, self._ends_at - self._loop.time()) + MARK_GRACE_SECONDS

    def reached(self, mark: str) -> bool:
        """A mark came back; True if it was the last one. Those of earlier turns, or cut short, change nothing."""
        if mark not in self._waiting:
            return False
        # Marks come in order: what stood before this one has been heard as well.
        for name in list(self._waiting):
            del self._waiting[name]
            if name == mark:
                break
        return self.over

    def give_up(self) -> None:
        """The last mark never came; go on as if it had."""
        log.warning("event=mark_missing playback=%s marks=%s", self._name, len(self._waiting))
        self._waiting.clear()

    async def cut(self) -> None:
        """Stop talking: the person has begun to answer."""
        if not self.over:
            self._waiting.clear()
            await self._session.clear()

    async def _queue(self, ulaw: bytes, heard_out: bool) -> None:
        if not ulaw:
            return
        await self._session.play(ulaw)
        now = self._loop.time()
        if self.first_frame_at is None:
            self.first_frame_at = now
        self._ends_at = max(self._ends_at, now) + len(ulaw) / RATE
        mark = f"{self._name}.{self._clips}"
        self._clips += 1
        self._waiting[mark] = heard_out
        await self._session.mark(mark)
