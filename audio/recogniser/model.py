"""The one place that calls Vosk: a loaded model and a recogniser for one question."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import vosk

from audio.codec import RATE
from audio.decoys import decoys_for, rivals_for
from audio.models.registry import check_model
from audio.recogniser.grammar import UNKNOWN_SYMBOLS, BuiltGrammar, build, is_word, plain

_SILENT = -1
MIN_RIVALS = 100
"""Other words that a second recogniser must know. One that knows hardly any hears what the first one heard."""


class LoadedModel:
    """A Vosk model in memory: seconds to load, hundreds of megabytes; recognisers of it cost about a millisecond."""

    def __init__(self, path: Path) -> None:
        vosk.SetLogLevel(_SILENT)
        self.takes_grammar = check_model(path)
        self._model = vosk.Model(str(path))
        self.knows = lru_cache(maxsize=10_000)(self._knows)
        self.rivals = cache(self._rivals)
        self.unknown_symbol = next((symbol for symbol in UNKNOWN_SYMBOLS if self._id(symbol) >= 0), None)

    def _knows(self, word: str) -> bool:
        return is_word(word) and self._id(word) >= 0

    def _id(self, word: str) -> int:
        return int(self._model.vosk_model_find_word(word))

    def grammar(self, language: str, phrases: Sequence[str]) -> BuiltGrammar:
        """The grammar of a question: its phrases, the decoys of the language, the unknown symbol."""
        return build(phrases, decoys_for(language, phrases), self.knows, self.unknown_symbol)

    def recogniser(self, grammar: BuiltGrammar) -> Recogniser:
        """A recogniser that hears only the grammar. A model with a fixed graph hears all its words instead: whoever
        decides looks for the phrases in them."""
        return Recogniser(vosk.KaldiRecognizer(self._model, RATE, *([grammar.text] if self.takes_grammar else [])))

    def second_opinion(self, language: str, phrases: Sequence[str], doubting: bool = False) -> Recogniser | None:
        """A recogniser that must agree before an answer is certain: it knows the phrases and hundreds of other words.
        It agrees with nothing if the model knows too few of those (`MIN_RIVALS`), or if there is no time for it
        (`doubting`). None for a model with a fixed graph, which has heard them all the first time."""
        if not self.takes_grammar:
            return None
        if doubting or self.rivals(language) < MIN_RIVALS:
            return Recogniser(_Deaf())
        return self.recogniser(build(phrases, rivals_for(language, phrases), self.knows, self.unknown_symbol))

    def _rivals(self, language: str) -> int:
        """How many of the language's other words for a second opinion the model knows."""
        return sum(all(map(self.knows, plain(rival).split())) for rival in set(rivals_for(language, ())))

    def free_recogniser(self) -> Recogniser:
        """A recogniser that hears any words: too slow and too large for a call, see `audio.transcription`."""
        return Recogniser(vosk.KaldiRecognizer(self._model, RATE))


class Recogniser:
    """Listens to one answer. Words found before a pause are kept: Vosk forgets them at its own end points."""

    def __init__(self, kaldi: Any) -> None:
        self._kaldi = kaldi
        self._kaldi.SetWords(True)
        self._words: list[dict[str, Any]] = []

    @property
    def deaf(self) -> bool:
        """Whether it hears nothing, and so costs nothing."""
        return isinstance(self._kaldi, _Deaf)

    def accept(self, pcm: bytes) -> None:
        """16-bit samples at 8 kHz, of any length."""
        if self._kaldi.AcceptWaveform(pcm):
            self._keep(self._kaldi.Result())

    def finish(self) -> list[dict[str, Any]]:
        """The words heard, each with `word`, `conf` from 0 to 1, `start` and `end` in seconds of what was fed."""
        self._keep(self._kaldi.FinalResult())
        return self._words

    def _keep(self, result: str) -> None:
        self._words += json.loads(result).get("result", [])


class _Deaf:
    """In place of Vosk's: hears nothing, and so agrees with nothing."""

    def SetWords(self, wanted: bool) -> None: ...

    def AcceptWaveform(self, pcm: bytes) -> bool:
        return False

    def FinalResult(self) -> str:
        return "{}"
