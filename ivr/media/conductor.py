"""The conductor of a media process: every call on live sound, on whichever carrier, runs here."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from ivr.media.conversation import Conversation
from ivr.media.inbox import Inbox
from ivr.media.latency import Latencies
from ivr.media.playback import Sounds
from ivr.media.session import MediaSession
from ivr.media.speech import Recogniser
from ivr.media.turns import Turns

log = logging.getLogger(__name__)


class Conductor:
    """Runs calls, one `conduct` each. Needs no carrier: it speaks to sessions, turns and recognisers only."""

    def __init__(self, turns: Turns, sounds: Sounds, recogniser: Recogniser | None = None) -> None:
        self._turns = turns
        self._sounds = sounds
        self._recogniser = recogniser
        self._calls: dict[UUID, Inbox] = {}
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.latencies = Latencies()
        self.frames = 0
        self.frames_dropped = 0

    @property
    def calls(self) -> int:
        """Calls that are up now."""
        return len(self._calls)

    async def conduct(self, session: MediaSession, call_id: UUID) -> str:
        """Run the call to its end, or until its sound is lost, and close the session. Returns why it ended.

        A second session for the same call takes it over: the first one is left without filing anything.
        """
        async with Inbox(session) as inbox:
            before = self._calls.get(call_id)
            if before is not None:
                before.stop()
            self._calls[call_id] = inbox
            self._nobody.clear()
            log.info("event=call_up call=%s calls=%s", call_id, self.calls)
            try:
                conversation = Conversation(
                    call_id, session, inbox, self._turns, self._sounds, self._recogniser, self.latencies
                )
                ended = await conversation.run()
            finally:
                if self._calls.get(call_id) is inbox:
                    del self._calls[call_id]
                self.frames += inbox.frames
                self.frames_dropped += inbox.dropped
                await session.close()
                if not self._calls:
                    self._nobody.set()
        log.info("event=call_left call=%s why=%s dropped_frames=%s", call_id, ended, inbox.dropped)
        return ended

    def leave_all(self) -> None:
        """Leave every call as if its sound were lost, after the turn it is taking: its carrier goes on with it."""
        for inbox in self._calls.values():
            inbox.stop()

    async def left(self, seconds: float) -> None:
        """Wait until no call is up any more, but no longer than `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._nobody.wait()
        except TimeoutError:
            log.warning("event=calls_not_left calls=%s", self.calls)
