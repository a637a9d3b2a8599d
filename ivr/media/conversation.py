"""One call on one session: take a turn, say what it says, wait for what it waits for, take the next."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from uuid import UUID

from audio.voice_activity import Endpointer
from flows.engine.actions import Action, Bridge, Effect, HangUp, Listen, Play, Record
from flows.engine.events import CallEnded, DialEnded, Event, NothingHeard, PromptPlayed
from ivr.media.asides import Asides
from ivr.media.bridging.bridge import CallerBridge
from ivr.media.bridging.notes import Notes
from ivr.media.bridging.switchboard import Switchboard
from ivr.media.bridging.waiting import Lines
from ivr.media.digits import Stragglers
from ivr.media.inbox import Inbox, Pressed, TimeUp
from ivr.media.latency import By, Latencies
from ivr.media.listener import Listener
from ivr.media.playback import Playback, Sounds
from ivr.media.recording import take_message
from ivr.media.session import Closed, MarkReached, MediaSession
from ivr.media.speech import Ear, Recogniser
from ivr.media.turns import Recorded, Spoken, Turns, TurnsUnavailable

log = logging.getLogger(__name__)


READ_BACK_TURNS = 4
"""For how many spoken turns an answer may wait until it is final: read back, assured, read back again."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What this process can do beside asking: keep voice messages, keep the sound of spoken answers, bridge."""

    records: bool = False
    answers: bool = False
    bridging: tuple[Switchboard, Lines] | None = None


class Conversation:
    """Runs a call until it is over or its sound is lost. `recogniser` None: keys only."""

    def __init__(
        self,
        call_id: UUID,
        session: MediaSession,
        inbox: Inbox,
        turns: Turns,
        sounds: Sounds,
        recogniser: Recogniser | None,
        latencies: Latencies,
        offers: Offers | None = None,
    ) -> None:
        self._call_id = call_id
        self._session = session
        self._inbox = inbox
        self._turns = turns
        self._sounds = sounds
        self._recogniser = recogniser
        self._endpointer = Endpointer()
        self._latencies = latencies
        self._stragglers = Stragglers()
        self._asides = Asides(turns.at)
        self._notes = Notes()
        self._again = False
        self._offers = offers or Offers()
        self._answered: tuple[By, float] | None = None
        self._said: dict[int, bytes] = {}

    async def run(self) -> str:
        """Returns why it ended: `completed` (by the script), `hangup`, `lost`, `elsewhere`, `handed_back`,
        `unavailable`."""
        try:
            ended = await self._run()
        except TurnsUnavailable as error:
            # What was answered so far is saved. The carrier goes on by its own means once the sound ends.
            log.error("event=call_without_database call=%s error=%s", self._call_id, error)
            return "unavailable"
        finally:
            await self._notes.written()
        await self._keep_asides()
        return ended

    async def _keep_asides(self) -> None:
        """What no turn took along. That it could not be kept changes nothing about how the call ended."""
        left = self._asides.take()
        try:
            if left:
                await self._turns.remark(self._call_id, left)
        except TurnsUnavailable as error:
            log.error("event=asides_lost call=%s count=%s error=%s", self._call_id, len(left), error)

    async def _run(self) -> str:
        step = await self._turns.begin(self._call_id)
        self._again = step.heard
        if step.heard:
            step = replace(step, actions=step.actions[-1:])
        while step.actions and not step.elsewhere:
            if self._is_for_carrier(step.actions[-1]):
                # The turn is left open: the carrier asks for it anew, and says its prompts.
                return "handed_back"
            outcome = await self._carry_out(step.actions, step.turn)
            if outcome is None:
                return "completed"
            if isinstance(outcome, Closed):
                if outcome.reason == "hangup" and not step.over:
                    ended = CallEnded(self._turns.at(), "hangup")
                    await self._turns.take(self._call_id, step.turn, ended, self._asides.take())
                return outcome.reason
            event = self._with_sound(outcome)
            step = await self._turns.take(self._call_id, step.turn, event, self._asides.take())
        return "elsewhere" if step.elsewhere else "completed"

    def _with_sound(self, outcome: Event | Recorded) -> Event | Recorded | Spoken:
        """What was said goes along for as long as its answer may become final, which takes a read-back; what becomes of
        no answer is kept nowhere."""
        if not self._said or isinstance(outcome, Recorded):
            return outcome
        self._said = dict(sorted(self._said.items())[-READ_BACK_TURNS:])
        return Spoken(outcome, dict(self._said))

    def _is_for_carrier(self, last: Action) -> bool:
        """Transfers to a telephone, and voice messages that we cannot keep, are done by a carrier that can, once we
        close."""
        records = isinstance(last, Record) and not self._offers.records
        transfers = isinstance(last, Bridge) and last.target.startswith("phone:")
        return self._session.carrier_goes_on and (records or transfers)

    async def _carry_out(self, actions: tuple[Action, ...], turn: int) -> Event | Recorded | Closed | None:
        """Say, then wait. None: the script hangs up, and its last words have been heard."""
        playback = Playback(self._session, self._sounds, str(turn))
        await playback.say([action for action in actions if isinstance(action, Play)])
        self._measure(playback)
        last = actions[-1]
        if isinstance(last, Listen):
            return await self._listen(playback, last, turn)
        closed = await self._play_out(playback)
        if isinstance(last, HangUp):
            return None
        if closed is not None:
            return closed
        if isinstance(last, Record) and self._offers.records:
            message = await take_message(last, self._session, self._inbox)
            if isinstance(message, Closed):
                return message
            return Recorded(message) if message else NothingHeard(self._turns.at())
        if isinstance(last, Bridge) and self._offers.bridging is not None:
            switchboard, lines = self._offers.bridging
            bridge = CallerBridge(
                self._call_id,
                self._session,
                self._inbox,
                self._sounds,
                switchboard,
                lines,
                self._asides,
                self._notes,
                self._turns.at,
            )
            again, self._again = self._again, False
            return await bridge.run(last, again)
        return self._unheard(last)

    async def _listen(self, playback: Playback, listen: Listen, turn: int) -> Event | Closed:
        ear = None
        if listen.grammar is not None and self._recogniser is not None:
            ear = Ear(self._recogniser, listen.grammar, self._endpointer)
        listener = Listener(
            self._call_id, self._inbox, playback, listen, ear, self._stragglers, self._turns, self._asides
        )
        outcome = await listener.run()
        if listener.answered_at is not None:
            self._answered = ("keys" if listener.by_keys else "speech", listener.answered_at)
        if self._offers.answers and listener.said:
            self._said[turn] = listener.said
        return outcome

    async def _play_out(self, playback: Playback) -> Closed | None:
        """Wait until all of it has been heard, or can no longer be. Keys and words are not for us."""
        overdue = TimeUp("overdue")
        timer = self._inbox.after(playback.overdue_in, overdue)
        try:
            while not playback.over:
                happened = await self._inbox.get()
                if isinstance(happened, Closed):
                    return happened
                if isinstance(happened, MarkReached):
                    playback.reached(happened.name)
                elif isinstance(happened, Pressed):
                    self._asides.add("key_dropped", key=happened.key, reason="no_question")
                elif happened is overdue:
                    self._asides.add("timer", what="overdue")
                    playback.give_up()
        finally:
            timer.cancel()
        return None

    def _unheard(self, last: Action) -> Event:
        """What comes of a turn that ends in neither a question nor the end of the call."""
        at = self._turns.at()
        match last:
            case Play():
                return PromptPlayed(at)
            case Record():
                log.warning("event=recording_not_offered call=%s", self._call_id)
                return NothingHeard(at)
            case Bridge():
                log.warning("event=bridge_not_offered call=%s", self._call_id)
                return DialEnded(at, "failed")
            case Effect() | Listen() | HangUp():
                raise AssertionError(f"{type(last).__name__} is carried out elsewhere")

    def _measure(self, playback: Playback) -> None:
        if self._answered is not None and playback.first_frame_at is not None:
            by, answered_at = self._answered
            self._latencies.add(by, playback.first_frame_at - answered_at)
        self._answered = None
