"""What most telephone systems do, to compare with: a recogniser for each question that gets every frame of the line."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from audio import codec
from audio.recogniser.listening import Heard
from audio.voice_activity import END_MS, Event
from ivr.media.speech import Ear


class AlwaysOnEar(Ear):
    """The same conductor, the same end of speech, the same rules; but silence is recognised too."""

    _started = False

    @property
    def speaking(self) -> bool:
        return self._started

    def hear(self, ulaw: bytes, counts: bool = True) -> bool:
        if self._closed or self._missed or not counts:
            return super().hear(ulaw, counts)
        if self._hearing is None:
            self._hearing = self._listen()
        if self._hearing is None:
            self._turn_deaf()
            return False
        self.deaf = False
        pcm = codec.ulaw_to_pcm(ulaw)
        self._hearing.feed(pcm)
        cut = self._utterance.feed(pcm)
        self._started |= cut.started
        self.silence = END_MS / 1000 if cut.ended is Event.SPEECH_ENDED else 0.0
        return cut.ended is not None

    def recognise(self) -> Coroutine[Any, Any, Heard | None]:
        self._started = False
        return super().recognise()

    def stop(self) -> None:
        self._started = False
        super().stop()
