"""One question's ear: finds where somebody speaks, and gives exactly that to a recogniser.

A recogniser is asked for when speech begins, not before: silence costs none, and one that died meanwhile is not missed.
"""

from __future__ import annotations

from typing import Protocol

from audio import codec
from audio.recogniser.listening import SPOKEN_BELOW_LOUDEST, Heard, spoken
from audio.voice_activity import END_MS, Endpointer, Event
from flows.engine.actions import Grammar

CERTAIN_SECONDS = 0.2
"""Real speech needed to cut a prompt short: a cough, a door or one click of a line is shorter."""
TAIL_FRAMES = 6
"""Frames of silence behind a word that a recogniser is given: the last sound dies away in them."""


class Hearing(Protocol):
    """One utterance on a recogniser (`audio.recogniser.listening.Listening`)."""

    def feed(self, pcm: bytes) -> None: ...

    async def finish(self) -> Heard | None: ...

    def cancel(self) -> None: ...


class Recogniser(Protocol):
    """Where recognisers are had (`audio.recogniser.pool.Recognisers`); None at once if none is free."""

    def listen(self, language: str, phrases: tuple[str, ...]) -> Hearing | None: ...


class Ear:
    """`hear` every frame; when it says that an utterance is complete, `recognise` it once. `endpointer` is the call's,
    which goes on knowing the noise of the line from question to question."""

    def __init__(self, recogniser: Recogniser, grammar: Grammar, endpointer: Endpointer) -> None:
        self._recogniser = recogniser
        self._grammar = grammar
        self._endpointer = endpointer
        self._hearing: Hearing | None = None
        self._begin()
        self.deaf = False
        self.silence = 0.0
        endpointer.reset()

    @property
    def speaking(self) -> bool:
        """Somebody began to speak, and has not been recognised yet."""
        return self._hearing is not None

    @property
    def certain(self) -> bool:
        """It has been speech for long enough to interrupt for."""
        return spoken(self._levels)[0] >= CERTAIN_SECONDS

    def hear(self, ulaw: bytes) -> bool:
        """One frame. True when an utterance is complete; `silence` is then how many seconds ago it ended. When speech
        begins and no recogniser is free, the ear turns `deaf` for this question."""
        if self.deaf:
            return False
        heeded = self._endpointer.feed(codec.ulaw_to_pcm(ulaw))
        if heeded.event is Event.SPEECH_STARTED:
            self._hearing = self._recogniser.listen(self._grammar.language, self._grammar.phrases)
            self.deaf = self._hearing is None
        if self._hearing is None or not heeded.sound:
            return False
        self._give(self._hearing, heeded.sound)
        self.silence = END_MS / 1000 if heeded.event is Event.SPEECH_ENDED else 0.0
        return heeded.event in (Event.SPEECH_ENDED, Event.TOO_LONG)

    async def recognise(self) -> Heard | None:
        """What was said; None if recognition failed."""
        hearing, self._hearing = self._hearing, None
        return None if hearing is None else await hearing.finish()

    def stop(self) -> None:
        """Forget what is being said: it was too short, or no longer counts."""
        if self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None
        self._endpointer.reset()
        self._begin()

    def _begin(self) -> None:
        self._loudest = self._quiet = 0
        self._levels: list[int] = []
        self._kept_back = bytearray()

    def _give(self, hearing: Hearing, pcm: bytes) -> None:
        """Hand sound over, but keep a pause back until speech goes on: if it was the end, it costs nothing."""
        for frame in codec.frames(pcm):
            level = codec.rms(frame)
            self._levels.append(level)
            self._loudest = max(self._loudest, level)
            if level > self._loudest * SPOKEN_BELOW_LOUDEST:
                self._quiet = 0
                hearing.feed(bytes(self._kept_back) + frame)
                self._kept_back.clear()
            elif self._quiet < TAIL_FRAMES:
                self._quiet += 1
                hearing.feed(frame)
            else:
                self._kept_back += frame
