"""One question's ear: finds where somebody speaks, and gives exactly that to a recogniser.

A recogniser is asked for when speech begins, not before: silence costs none, and one that died meanwhile is not missed.
"""

from __future__ import annotations

from typing import Protocol

from audio import codec
from audio.recogniser.listening import Heard
from audio.utterance import Utterance
from audio.voice_activity import END_MS, Endpointer, Event
from flows.engine.actions import Grammar


class Hearing(Protocol):
    """One utterance on a recogniser (`audio.recogniser.listening.Listening`)."""

    def feed(self, pcm: bytes) -> None: ...

    async def finish(self) -> Heard | None: ...

    def cancel(self) -> None: ...


class Recogniser(Protocol):
    """Where recognisers are had (`audio.recogniser.pool.Recognisers`); None at once if none is free."""

    def listen(self, language: str, phrases: tuple[str, ...], certain: bool = False) -> Hearing | None: ...


class Ear:
    """`hear` every frame; when it says that an utterance is complete, `recognise` it once. `endpointer` is the call's,
    which goes on knowing the noise of the line from question to question."""

    def __init__(self, recogniser: Recogniser, grammar: Grammar, endpointer: Endpointer) -> None:
        self._recogniser = recogniser
        self._grammar = grammar
        self._utterance = Utterance(endpointer)
        self._hearing: Hearing | None = None
        self.deaf = False
        self.silence = 0.0

    @property
    def speaking(self) -> bool:
        """Somebody began to speak, and has not been recognised yet."""
        return self._hearing is not None

    @property
    def certain(self) -> bool:
        """It has been speech for long enough to interrupt for."""
        return self._utterance.certain

    def hear(self, ulaw: bytes) -> bool:
        """One frame. True when an utterance is complete; `silence` is then how many seconds ago it ended. When speech
        begins and no recogniser is free, the ear turns `deaf` for this question."""
        if self.deaf:
            return False
        cut = self._utterance.feed(codec.ulaw_to_pcm(ulaw))
        if cut.started:
            self._hearing = self._listen()
            self.deaf = self._hearing is None
        if self._hearing is None:
            return False
        if cut.sound:
            self._hearing.feed(cut.sound)
        self.silence = END_MS / 1000 if cut.ended is Event.SPEECH_ENDED else 0.0
        return cut.ended is not None

    async def recognise(self) -> Heard | None:
        """What was said; None if recognition failed."""
        hearing, self._hearing = self._hearing, None
        return None if hearing is None else await hearing.finish()

    def stop(self) -> None:
        """Forget what is being said: it was too short, or no longer counts."""
        if self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None
        self._utterance.reset()

    def _listen(self) -> Hearing | None:
        return self._recogniser.listen(self._grammar.language, self._grammar.phrases, self._grammar.certain)
