"""The conductor of a media process: every call on live sound, on whichever carrier, runs here."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from ivr.media.conversation import Conversation, Offers
from ivr.media.inbox import Inbox
from ivr.media.latency import Latencies
from ivr.media.playback import Sounds
from ivr.media.session import MediaSession
from ivr.media.speech import Recogniser
from ivr.media.turns import Turns

log = logging.getLogger(__name__)


class Conductor:
    """Runs calls, one `conduct` each. Needs no carrier: it speaks to sessions, turns and recognisers only."""

    def __init__(
        self, turns: Turns, sounds: Sounds, recogniser: Recogniser | None = None, offers: Offers | None = None
    ) -> None:
        self._offers = offers
        self._turns = turns
        self._sounds = sounds
        self._recogniser = recogniser
        self._calls: dict[UUID, Inbox] = {}
        self._open: set[Inbox] = set()
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.latencies = Latencies()
        self._frames_before = 0
        self._dropped_before = 0

    @property
    def calls(self) -> int:
        """Calls that are up now."""
        return len(self._open)

    @property
    def frames(self) -> int:
        """Frames that came in, of all calls so far."""
        return self._frames_before + sum(inbox.frames for inbox in self._open)

    @property
    def frames_dropped(self) -> int:
        """Of these, how many nobody had time for."""
        return self._dropped_before + sum(inbox.dropped for inbox in self._open)

    @property
    def up(self) -> frozenset[UUID]:
        """Which calls are up now."""
        return frozenset(self._calls)

    async def conduct(self, session: MediaSession, call_id: UUID, turns: Turns | None = None) -> str:
        """Run the call to its end, or until its sound is lost, and close the session. Returns why it ended.

        A second session for the same call takes it over: the first one is left without filing anything. `turns` are
        this call's own way to take turns, if it has one.
        """
        async with Inbox(session) as inbox:
            before = self._calls.get(call_id)
            if before is not None:
                before.stop()
            self._calls[call_id] = inbox
            self._open.add(inbox)
            self._nobody.clear()
            log.info("event=call_up call=%s calls=%s", call_id, self.calls)
            over = False
            try:
                conversation = Conversation(
                    call_id,
                    session,
                    inbox,
                    turns or self._turns,
                    self._sounds,
                    self._recogniser,
                    self.latencies,
                    self._offers,
                )
                ended = await conversation.run()
                taken_over = self._calls.get(call_id) is not inbox
                over = taken_over or ended in ("completed", "hangup", "elsewhere")
            finally:
                if self._calls.get(call_id) is inbox:
                    del self._calls[call_id]
                await session.close(over)
                self._close(inbox)
        log.info("event=call_left call=%s why=%s dropped_frames=%s", call_id, ended, inbox.dropped)
        return ended

    def _close(self, inbox: Inbox) -> None:
        self._open.discard(inbox)
        self._frames_before += inbox.frames
        self._dropped_before += inbox.dropped
        if not self._open:
            self._nobody.set()

    def leave_all(self) -> None:
        """Leave every call as if its sound were lost, after the turn it is taking: its carrier goes on with it."""
        for inbox in self._open:
            inbox.stop()

    async def left(self, seconds: float) -> None:
        """Wait until no call is up any more, but no longer than `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._nobody.wait()
        except TimeoutError:
            log.warning("event=calls_not_left calls=%s", self.calls)
