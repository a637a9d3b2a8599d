"""A recording heard exactly as in a call, only faster: the same cutting, grammar, decoys, opinions and evidence."""

from __future__ import annotations

from pathlib import Path

from audio import codec
from audio.decision import CAREFUL, Evidence, Thresholds
from audio.decoys import fillers_for
from audio.recogniser.listening import weigh
from audio.recogniser.model import LoadedModel, Recogniser
from audio.recogniser.worker import TURN_BYTES
from audio.utterance import Utterance
from audio.voice_activity import Endpointer

_BEFORE = bytes(2 * codec.RATE // 2)
_AFTER = bytes(2 * codec.RATE)
"""The line is quiet before and after: half a second, and one."""


class Hearing:
    """One model, loaded: seconds, and hundreds of megabytes. Raises UserError for a folder that is no model."""

    def __init__(self, language: str, model: Path) -> None:
        self._language = language
        self._model = LoadedModel(model)
        self.thresholds = Thresholds() if self._model.takes_grammar else CAREFUL

    def hear(self, pcm: bytes, phrases: tuple[str, ...], certain: bool = True) -> Evidence | None:
        """What there is to decide on, by the default thresholds, after the first thing said; None if nobody was heard
        to speak. `certain`: with a second opinion, which calls ask for at every question."""
        utterance = Utterance(Endpointer())
        sound, ended = bytearray(), None
        for frame in codec.frames(_BEFORE + pcm + _AFTER):
            cut = utterance.feed(frame)
            sound += cut.sound
            if cut.ended is not None:
                ended = cut.ended
                break
        return self._weigh(bytes(sound), phrases, certain) if ended is not None else None

    def _weigh(self, sound: bytes, phrases: tuple[str, ...], certain: bool) -> Evidence:
        grammar = self._model.grammar(self._language, phrases)
        second = self._model.second_opinion(self._language, grammar.phrases) if certain else None
        words = _words(self._model.recogniser(grammar), sound)
        opinion = _words(second, sound) if second is not None else None
        levels = [codec.rms(frame) for frame in codec.frames(sound)]
        fillers = fillers_for(self._language, grammar.phrases)
        return weigh(words, opinion, levels, grammar.phrases, self.thresholds, fillers)


def _words(recogniser: Recogniser, sound: bytes) -> list[dict[str, object]]:
    for start in range(0, len(sound), TURN_BYTES):
        recogniser.accept(sound[start : start + TURN_BYTES])
    return recogniser.finish()
