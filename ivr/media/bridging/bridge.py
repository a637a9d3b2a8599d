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
from ivr.media.bridging.model import LEG
from ivr.media.bridging.notes import Notes
from ivr.media.bridging.party import Party
from ivr.media.bridging.patience import Patience
from ivr.media.bridging.rooms import RETURN_SECONDS
from ivr.media.bridging.switchboard import Switchboard
from ivr.media.bridging.waiting import Lines, Stay
from ivr.media.inbox import Inbox, News, Pressed, TimeUp
from ivr.media.playback import Sounds
from ivr.media.session import Closed, MediaSession

log = logging.getLogger(__name__)

QUEUE, PHONE = "queue:", "phone:"
UNANSWERED = ("busy", "no_answer", "failed")
ORDER_GRACE_SECONDS = 15.0
"""How much longer than its ringing a telephone that we have rung may take to tell that nobody answered."""
AGAIN_SECONDS = 2 * RETURN_SECONDS
"""How long at least a caller waits for somebody whose sound was lost: a browser tries to come back for 25 s."""


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
        notes: Notes,
        at: Callable[[], str],
    ) -> None:
        self._call_id = call_id
        self._session = session
        self._inbox = inbox
        self._sounds = sounds
        self._switchboard = switchboard
        self._lines = lines
        self._asides = asides
        self._notes = notes
        self._at = at

    async def run(self, bridge: Bridge, again: bool = False) -> DialEnded | Closed:
        """From the last word of the robot to the last of the person. Raises TurnsUnavailable. `again`: the wait began
        on another line, and its words come first."""
        stay, patience = await self._stay(bridge)
        if stay is None:
            return DialEnded(self._at(), "failed")
        chords, words = await self._waiting_sound(bridge)
        hold = Hold(self._session, chords + words)
        party = self._switchboard.enter(stay.room, self._session, self._inbox)
        lost = False
        try:
            hold.start(len(chords) if again else 0)
            outcome = await self._talk(party, hold, stay, Patience(self._inbox, patience), words_at=len(chords))
            lost = isinstance(outcome, Closed) and outcome.reason == "lost"
            return outcome
        finally:
            await hold.stop()
            await party.go(lost)
            if not lost:
                self._notes.add("leaves", lambda: self._lines.leaves(stay))

    async def _stay(self, bridge: Bridge) -> tuple[Stay | None, float]:
        """Where the call waits, and for how long."""
        if bridge.target.startswith(QUEUE):
            return await self._lines.waits(self._call_id, bridge.target), bridge.ring_seconds
        if not bridge.target.startswith(PHONE):
            log.warning("event=bridge_to_nobody call=%s", self._call_id)
            return None, 0.0
        number = bridge.target.removeprefix(PHONE)
        stay = await self._lines.order(self._call_id, number, bridge.ring_seconds)
        if stay is None:
            log.warning("event=bridge_not_offered call=%s", self._call_id)
        return stay, bridge.ring_seconds + ORDER_GRACE_SECONDS

    async def _talk(
        self, party: Party, hold: Hold, stay: Stay, patience: Patience, words_at: int
    ) -> DialEnded | Closed:
        """A guest whose sound is lost is waited for, with the words first: silence would sound like the end."""
        rung = stay.room.startswith(LEG)
        talked: float | None = None
        patience.begins()
        try:
            while True:
                happened = await self._inbox.get()
                match happened:
                    case Closed():
                        return happened
                    case News("joined"):
                        patience.rests()
                        await hold.stop()
                        await party.talk()
                        self._notes.add("talks", lambda: self._lines.talks(stay))
                    case News("away"):
                        await party.rest()
                        hold.start(words_at)
                        patience.begins(AGAIN_SECONDS)
                    case News("gone", seconds):
                        talked = round(seconds, 1)
                        if rung:
                            return DialEnded(self._at(), "failed", talked)
                    case News("ended", seconds):
                        return DialEnded(self._at(), "answered", round(seconds, 1))
                    case News("replaced"):
                        # By another call: this call's own next line has told us to leave before.
                        return DialEnded(self._at(), "failed")
                    case News(what) if what in UNANSWERED and rung:
                        return DialEnded(self._at(), what)
                    case TimeUp() if patience.is_over(happened):
                        return DialEnded(self._at(), "no_answer" if talked is None else "failed", talked or 0.0)
                    case Pressed(key):
                        self._asides.add("key_dropped", key=key, reason="bridged")
                        party.happened(happened)
                    case _:
                        party.happened(happened)
        finally:
            patience.rests()

    async def _waiting_sound(self, bridge: Bridge) -> tuple[bytes, bytes]:
        """Soft sound, and the words that come after it for those who wait: every so often, and before the wait is half
        over, since who is to wait no longer than that should hear them as well."""
        words = await self._words(bridge.waiting) if bridge.waiting else b""
        every = min(bridge.every_seconds, bridge.ring_seconds / 2)
        rounds = max(1, round(every * RATE / len(comfort())))
        return comfort() * rounds, words

    async def _words(self, prompt: Prompt) -> bytes:
        pieces = [await self._sounds.ulaw(prompt.language, segment) for segment in prompt.segments]
        return b"".join(pieces)
