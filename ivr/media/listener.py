"""Listening for one answer, by keys and by speech at once, while the question is still being said.

The first complete answer wins. Pressing a key is deliberate: from the first one on, speech no longer counts for this
question. Speech must last before it cuts a prompt short; a key cuts at once. While something is said that must be heard
out, keys are dropped, and what somebody begins to say counts for nothing to its end. So are keys that belong to the
answer before (`digits.Stragglers`). The time to answer runs from the end of the prompt, and stands still while somebody
speaks. When it runs out on somebody whose words could not be recognised, or had begun before they counted, they were
not silent: the event is speech that was not understood, and after two of those a script goes on by keys and says so.

Whatever does not count is told to the call's log all the same, as asides of the turn to come.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from audio.recogniser.listening import Heard
from flows.engine.actions import Listen
from flows.engine.events import Event, Hypothesis, KeysPressed, NothingHeard, SpeechHeard
from ivr.media.asides import Asides
from ivr.media.digits import KeyCollector, Keyed, Stragglers
from ivr.media.inbox import Done, Inbox, Pressed, TimeUp
from ivr.media.playback import Playback
from ivr.media.session import Closed, Frame, MarkReached
from ivr.media.speech import Ear

log = logging.getLogger(__name__)

DEAF_SECONDS = 0.3
"""Whoever speaks so soon after a question began is not answering it, but still ending the last sentence."""
SPEECH_SECONDS = 12.0
"""Longer than any utterance the endpointer lets through: the sound itself has stopped coming."""


class Timestamps(Protocol):
    def at(self) -> str:
        """The time, for events."""


class Listener:
    """One question on one call. `run` once. `answered_at` is then the loop's time at which the person had finished
    speaking, or their keys were complete; None after silence. `said` is the sound of a spoken answer, in µ-law."""

    def __init__(
        self,
        call: object,
        inbox: Inbox,
        playback: Playback,
        listen: Listen,
        ear: Ear | None,
        stragglers: Stragglers,
        clock: Timestamps,
        asides: Asides,
    ) -> None:
        self._call = call
        self._inbox = inbox
        self._playback = playback
        self._listen = listen
        self._ear = ear
        self._stragglers = stragglers
        self._clock = clock
        self._asides = asides
        self._keys = KeyCollector(listen.keys) if listen.keys is not None else None
        self._loop = asyncio.get_running_loop()
        self._hears_from = self._loop.time() + (0.0 if playback.over else DEAF_SECONDS)
        self._began = self._loop.time() if playback.first_frame_at is None else playback.first_frame_at
        self._speech_failed = False
        self._deadline: float | None = None
        self._timer: tuple[TimeUp, asyncio.TimerHandle] | None = None
        self._recognising: asyncio.Task[Heard | None] | None = None
        self.answered_at: float | None = None
        self.by_keys = False
        self.said = b""

    async def run(self) -> Event | Closed:
        """The answer, or that there was none, or that the session is over."""
        try:
            if self._playback.over:
                self._wait_for_answer()
            else:
                self._set_timer("overdue", self._playback.overdue_in)
            while True:
                outcome = await self._next()
                if outcome is not None:
                    return outcome
        finally:
            self._stop_timer()
            self._stop_hearing()

    async def _next(self) -> Event | Closed | None:
        happened = await self._inbox.get()
        match happened:
            case Frame(ulaw):
                await self._on_frame(ulaw)
            case Pressed(key, at):
                return await self._on_key(key, at)
            case MarkReached(name):
                self._on_mark(name)
            case TimeUp():
                return self._on_time_up(happened)
            case Done(task):
                return self._on_recognised(task)
            case Closed():
                return happened
        return None

    # --- speech

    async def _on_frame(self, ulaw: bytes) -> None:
        ear = self._ear
        if ear is None:
            return
        waiting = self._recognising is None and not self._uninterruptible() and self._loop.time() >= self._hears_from
        complete = ear.hear(ulaw, waiting)
        if ear.deaf and not self._speech_failed:
            log.warning("event=no_recogniser call=%s", self._call)
            self._asides.add("speech_failed", why="no_recogniser")
            self._speech_failed = True
        if self._recognising is not None or not ear.speaking:
            return
        if not self._playback.over:
            if complete and not ear.certain:
                self._asides.add("too_short")
                ear.stop()  # a cough: the question goes on
            if not ear.certain:
                return
            await self._cut("speech")
        if complete:
            self.answered_at = self._loop.time() - ear.silence
            self._recognise(ear)
        elif ear.speaking and not self._timing("speech"):
            self._set_timer("speech", SPEECH_SECONDS)

    def _recognise(self, ear: Ear) -> None:
        self._stop_timer()
        self._recognising = self._loop.create_task(ear.recognise())
        self._inbox.when_done(self._recognising)

    def _on_recognised(self, task: asyncio.Task[object]) -> Event | None:
        if task is not self._recognising:
            return None  # of an earlier question
        heard = self._recognising.result()
        if heard is None:
            log.warning("event=speech_failed call=%s", self._call)
            self._asides.add("speech_failed", why="failed")
            self._speech_failed = True
            self._recognising = None
            self._stop_hearing()
            self.answered_at = None
            self._wait_for_answer()
            return None
        self._stragglers.spoke()
        self._tell_evidence(heard)
        self.said = self._ear.said if self._ear is not None else b""
        hypotheses = tuple(Hypothesis(h.text, h.confidence) for h in heard.hypotheses)
        return SpeechHeard(self._clock.at(), hypotheses, heard.decision, heard.seconds, heard.certain)

    def _tell_evidence(self, heard: Heard) -> None:
        if heard.evidence is not None:
            self._asides.add("recognised", decision=heard.decision, evidence=heard.evidence.to_json())

    def _stop_hearing(self) -> None:
        if self._recognising is not None:
            self._recognising.cancel()
            self._recognising = None  # it may be done already, and wait behind the key that outdid it
        if self._ear is not None:
            self._ear.close()

    # --- keys

    async def _on_key(self, key: str, at: float) -> Event | None:
        keys, collector = self._listen.keys, self._keys
        if self._uninterruptible():
            self._drop(key, "must_be_heard_out")
            return None
        if keys is None or collector is None:
            self._drop(key, "no_keys_here")
            return None
        if not collector.started:
            reason = self._stragglers.why_not(key, keys, at, self._began)
            if reason:
                self._drop(key, reason)
                return None
            self._outdo_speech()
            await self._cut("key")
            self._stop_hearing()
        keyed = collector.press(key)
        if keyed is not None:
            return self._keyed(keyed)
        self._set_timer("gap", keys.gap_seconds)
        return None

    def _drop(self, key: str, reason: str) -> None:
        log.info("event=key_dropped call=%s reason=%s", self._call, reason)
        self._asides.add("key_dropped", key=key, reason=reason)

    def _outdo_speech(self) -> None:
        """A key counts, and what is being said does not: also when it has just been recognised."""
        if self._ear is None or not (self._ear.speaking or self._recognising is not None):
            return
        log.info("event=speech_superseded call=%s by=keys", self._call)
        self._asides.add("superseded", what="speech", by="keys")
        if self._recognising is not None and self._recognising.done():
            heard = self._recognising.result()
            if heard is not None:
                self._tell_evidence(heard)

    def _keyed(self, keyed: Keyed) -> Event:
        assert self._listen.keys is not None
        self.answered_at = self._loop.time()
        self.by_keys = True
        self._stragglers.keyed(self._listen.keys, keyed, self.answered_at)
        return KeysPressed(self._clock.at(), keyed.digits, keyed.finished)

    # --- the prompt, and time

    def _uninterruptible(self) -> bool:
        return self._playback.must_be_heard_out or not (self._listen.barge_in or self._playback.over)

    async def _cut(self, by: str) -> None:
        if not self._playback.over:
            log.info("event=barge_in call=%s by=%s", self._call, by)
            self._asides.add("barge_in", by=by, after=round(self._loop.time() - self._began, 3))
            await self._playback.cut()

    def _on_mark(self, name: str) -> None:
        if self._playback.reached(name):
            self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        """The time to answer begins, or what is left of it goes on."""
        now = self._loop.time()
        if self._deadline is None:
            self._deadline = now + self._listen.wait_seconds
        speaking = self._ear is not None and self._ear.speaking
        self._set_timer(*("speech", SPEECH_SECONDS) if speaking else ("wait", max(0.0, self._deadline - now)))

    def _on_time_up(self, timer: TimeUp) -> Event | None:
        if self._timer is None or timer is not self._timer[0]:
            return None  # cancelled when it had already run out
        self._asides.add("timer", what=timer.what)
        if timer.what == "overdue":
            self._playback.give_up()
            self._wait_for_answer()
            return None
        if timer.what == "speech" and self._ear is not None and self._ear.speaking:
            log.warning("event=speech_stalled call=%s", self._call)
            self._recognise(self._ear)
            return None
        if timer.what == "gap" and self._keys is not None:
            return self._keyed(self._keys.gap_over())
        self._stragglers.silent()
        overheard = self._ear is not None and self._ear.overheard
        if overheard:
            self._asides.add("began_before")
        if self._speech_failed or overheard:
            return SpeechHeard(self._clock.at(), (), "reject")
        return NothingHeard(self._clock.at())

    def _timing(self, what: str) -> bool:
        return self._timer is not None and self._timer[0].what == what

    def _set_timer(self, what: str, seconds: float) -> None:
        self._stop_timer()
        event = TimeUp(what)
        self._timer = (event, self._inbox.after(seconds, event))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer[1].cancel()
            self._timer = None
