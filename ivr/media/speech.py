"""One question's ear: finds where somebody speaks, and gives exactly that to a recogniser.

A recogniser is asked for when speech begins, not before: silence costs none, and one that died meanwhile is not missed.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

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
    """Where recognisers are had (`audio.recogniser.pool.Recognisers`); None at once if none is free. Whoever gives up
    waiting for one tells it with `refuse`."""

    def listen(
        self, language: str, phrases: tuple[str, ...], certain: bool = False, spare: bool = False
    ) -> Hearing | None: ...

    def refuse(self, language: str) -> None: ...


class Ear:
    """`hear` every frame; when it says that an utterance is complete, `recognise` it once. `endpointer` is the call's,
    which goes on knowing from question to question what the noise of the line is, and whether somebody is speaking.

    Only what begins while the ear is open counts: of anything else just the end would be heard, and the end of "không
    đúng" (not right) is "đúng" (right)."""

    def __init__(self, recogniser: Recogniser, grammar: Grammar, endpointer: Endpointer) -> None:
        self._recogniser = recogniser
        self._grammar = grammar
        self._utterance = Utterance(endpointer)
        self._hearing: Hearing | None = None
        self._kept: bytearray | None = None
        self._closed = False
        self._missed = endpointer.speaking
        self._missed_frames = 0
        self._said = bytearray()
        self.deaf = False
        self.silence = 0.0

    @property
    def speaking(self) -> bool:
        """Somebody began to speak, and has not been recognised yet."""
        return self._hearing is not None or self._kept is not None

    @property
    def certain(self) -> bool:
        """It has been speech for long enough to interrupt for."""
        return self._utterance.certain

    @property
    def overheard(self) -> bool:
        """Somebody went on speaking into the open ear who had begun before; that counts for nothing."""
        return self._missed_frames * codec.FRAME_MS > END_MS

    @property
    def said(self) -> bytes:
        """The sound of the last utterance as the recogniser was given it, in µ-law."""
        return codec.pcm_to_ulaw(bytes(self._said))

    def hear(self, ulaw: bytes, counts: bool = True) -> bool:
        """One frame. True when an utterance is complete; `silence` is then how many seconds ago it ended. What begins
        in a frame that does not count is missed to its end. While no recogniser is free what is said is kept, for many
        are busy for a moment only; if none is until the end of it, the ear turns `deaf` for this question."""
        cut = self._utterance.feed(codec.ulaw_to_pcm(ulaw))
        if self.deaf or self._closed:
            return False
        if cut.started:
            self._missed = not counts
            self._kept = bytearray() if counts else None
            self._said.clear()
        self._missed_frames += self._missed and counts
        if cut.ended is not None:
            self._missed = False
        if not self.speaking:
            return False
        self._give(cut.sound)
        if cut.ended is not None and self._hearing is None:
            self._kept = None
            self._turn_deaf()
            return False
        self.silence = END_MS / 1000 if cut.ended is Event.SPEECH_ENDED else 0.0
        return cut.ended is not None

    def recognise(self) -> Coroutine[Any, Any, Heard | None]:
        """What was said; None if recognition failed. No further frame belongs to it."""
        hearing, self._hearing = self._hearing, None
        self._kept = None
        return _finished(hearing)

    def stop(self) -> None:
        """Forget what is being said: it was too short, or no longer counts."""
        if self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None
        self._kept = None

    def close(self) -> None:
        """Nothing that is said counts any more for this question; who speaks when the next one begins is known all the
        same."""
        self.stop()
        self._closed = True

    def _give(self, sound: bytes) -> None:
        """To the recogniser, once there is one: all that has been kept for it."""
        self._said += sound
        if self._kept is not None:
            self._kept += sound
            self._hearing = self._listen()
            if self._hearing is None:
                return
            sound, self._kept = bytes(self._kept), None
        if sound and self._hearing is not None:
            self._hearing.feed(sound)

    def _turn_deaf(self) -> None:
        if not self.deaf:
            self.deaf = True
            self._recogniser.refuse(self._grammar.language)

    def _listen(self) -> Hearing | None:
        asked = self._grammar
        return self._recogniser.listen(asked.language, asked.phrases, asked.certain, asked.spare)


async def _finished(hearing: Hearing | None) -> Heard | None:
    return None if hearing is None else await hearing.finish()
