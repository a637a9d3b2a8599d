"""The caller's side of a bridge: waits, with kind words and soft sound, talks, and comes back with how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from audio.codec import RATE
from flows.engine.actions import Bridge, Prompt
from flows.engine.events import DialEnded
from ivr.media.asides import Asides
from ivr.media.bridging.comfort import comfort
from ivr.media.bridging.hold import Hold
from ivr.media.bridging.party import Party
from ivr.media.bridging.switchboard import Switchboard
from ivr.media.bridging.waiting import Lines
from ivr.media.inbox import Inbox, News, Pressed, TimeUp
from ivr.media.playback import Sounds
from ivr.media.session import Closed, MediaSession

log = logging.getLogger(__name__)

QUEUE, PHONE = "queue:", "phone:"
UNANSWERED = ("busy", "no_answer", "failed")
ORDER_GRACE_SECONDS = 15.0
"""How much longer than its ringing a telephone that we have rung may take to tell that nobody answered."""


class CallerBridge:
    """Carries out the bridges of one call. `at` gives the time, for events."""

    def __init__(
        self,
        call_id: UUID,
        session: MediaSession,
        inbox: Inbox,
        sounds: Sounds,
        switchboard: Switchboard,
        lines: Lines,
        asides: Asides,
        at: Callable[[], str],
    ) -> None:
        self._call_id = call_id
        self._session = session
        self._inbox = inbox
        self._sounds = sounds
        self._switchboard = switchboard
        self._lines = lines
        self._asides = asides
        self._at = at

    async def run(self, bridge: Bridge) -> DialEnded | Closed:
        """From the last word of the robot to the last of the person. Raises TurnsUnavailable."""
        room, patience = await self._room(bridge)
        if room is None:
            return DialEnded(self._at(), "failed")
        stay = await self._lines.waits(self._call_id, room)
        hold = Hold(self._session, await self._waiting_sound(bridge))
        party = self._switchboard.enter(room, self._session, self._inbox)
        lost = False
        try:
            outcome = await self._talk(party, hold, stay, patience)
            lost = isinstance(outcome, Closed) and outcome.reason == "lost"
            return outcome
        finally:
            await hold.stop()
            await party.go(lost)
            if not lost:
                await self._lines.leaves(stay, room)

    async def _room(self, bridge: Bridge) -> tuple[str | None, float]:
        """Where to wait, and for how long."""
        if bridge.target.startswith(QUEUE):
            return bridge.target, bridge.ring_seconds
        if not bridge.target.startswith(PHONE):
            log.warning("event=bridge_to_nobody call=%s", self._call_id)
            return None, 0.0
        number = bridge.target.removeprefix(PHONE)
        room = await self._lines.order(self._call_id, number, bridge.ring_seconds)
        if room is None:
            log.warning("event=bridge_not_offered call=%s", self._call_id)
        return room, bridge.ring_seconds + ORDER_GRACE_SECONDS

    async def _talk(self, party: Party, hold: Hold, stay: UUID, patience: float) -> DialEnded | Closed:
        nobody = TimeUp("nobody_came")
        timer = self._inbox.after(patience, nobody)
        hold.start()
        try:
            while True:
                happened = await self._inbox.get()
                match happened:
                    case Closed():
                        return happened
                    case News("joined"):
                        timer.cancel()
                        await hold.stop()
                        await party.talk()
                        await self._lines.talks(stay)
                    case News("ended", seconds):
                        return DialEnded(self._at(), "answered", round(seconds, 1))
                    case News("replaced"):
                        return Closed("lost")
                    case News(what) if what in UNANSWERED:
                        return DialEnded(self._at(), what)
                    case TimeUp() if happened is nobody:
                        return DialEnded(self._at(), "no_answer")
                    case Pressed(key):
                        self._asides.add("key_dropped", key=key, reason="bridged")
                        party.happened(happened)
                    case _:
                        party.happened(happened)
        finally:
            timer.cancel()

    async def _waiting_sound(self, bridge: Bridge) -> bytes:
        """Soft sound, and after it the words for those who wait."""
        words = await self._words(bridge.waiting) if bridge.waiting else b""
        rounds = max(1, round(bridge.every_seconds * RATE / len(comfort())))
        return comfort() * rounds + words

    async def _words(self, prompt: Prompt) -> bytes:
        pieces = [await self._sounds.ulaw(prompt.language, segment) for segment in prompt.segments]
        return b"".join(pieces)
