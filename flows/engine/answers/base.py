"""What every kind of answer can do for the question that asks for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from unicodedata import normalize

from flows.engine.actions import Grammar, Keys
from flows.engine.script import Path, Text

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn

ANSWERED = "answered"
SKIPPED = "skipped"
PAGE = ":page"
"""No outcome of an answer (no name has a colon): the menu shows its next page."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an input means: the value, and the outcome under which the question's `on:` sends it on."""

    value: Any
    outcome: str


@dataclass(frozen=True, slots=True)
class LongForms:
    """The answers in words that no short word can be mistaken for: `values` by phrase, and how to say them."""

    language: str
    values: Mapping[str, Any]
    hint: Text

    @property
    def grammar(self) -> Grammar:
        return Grammar(self.language, tuple(self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerKind(ABC):
    """A kind of answer, compiled for one question. `outcomes` are all it can yield."""

    key: ClassVar[str]
    """The word after `ask:`."""

    options: ClassVar[frozenset[str]] = frozenset()
    """Words of the question that belong to this kind alone."""

    spoken_by_default: ClassVar[bool] = False
    """Whether it is listened to by speech when the script does not say."""

    outcomes: tuple[str, ...] = (ANSWERED,)

    @classmethod
    @abstractmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> AnswerKind:
        """The kind as one question asks for it; mistakes go to `build`."""

    @abstractmethod
    def keys(self, turn: Turn) -> Keys | None:
        """The keys that answer."""

    def grammar(self, turn: Turn) -> Grammar | None:
        """The phrases that answer; None when it cannot be spoken."""
        return None

    @abstractmethod
    def read_keys(self, turn: Turn, digits: str) -> Reading | None:
        """What was keyed, None when it is no answer."""

    def read_speech(self, turn: Turn, phrase: str) -> Reading | None:
        """What was said (already `tidy`), None when it is no answer."""
        return None

    def long_forms(self, turn: Turn) -> LongForms | None:
        """How an answer that was read back may be given once more, in words longer than a yes; None if it cannot."""
        return None

    def outcome_of(self, value: Any) -> str:
        """The outcome of a value that was read before (and has now been confirmed)."""
        return self.outcomes[0]

    def hint(self, turn: Turn, speech: bool) -> tuple[Text, ...]:
        """What is said after the question about how to answer."""
        return ()

    def offers(self, turn: Turn) -> Iterator[tuple[Any, Text]]:
        """Hints that name a value (`{value}`), for menus made while the call runs."""
        yield from ()

    def spoken(self, turn: Turn, reading: Reading) -> Any:
        """The value as the read-back says it: text, ready for `{value}`."""
        return reading.value

    def texts(self) -> Iterator[tuple[str, Text]]:
        """Texts of its own, for the linter."""
        yield from ()

    def reads(self) -> Iterator[Path]:
        """The values it is made from while the call runs."""
        yield from ()

    def phrases(self) -> Iterator[tuple[str, str, str]]:
        """Every spoken phrase as (language, phrase, outcome), for the linter."""
        yield from ()

    def long_phrases(self) -> Iterator[tuple[str, str, str]]:
        """The same for the words of its long forms."""
        yield from ()

    def key_choices(self) -> tuple[str, ...]:
        """The single keys it takes, so that none is used twice."""
        return ()


def tidy(text: str) -> str:
    """A phrase for comparison: composed letters, lower case, single spaces."""
    return " ".join(normalize("NFC", text).casefold().split())


def invert(words: Mapping[str, Mapping[str, tuple[str, ...]]], build: Builder) -> dict[str, dict[str, str]]:
    """outcome → language → phrases, turned into language → phrase → outcome. A phrase of two outcomes is a mistake."""
    found: dict[str, dict[str, str]] = {}
    for outcome, by_language in words.items():
        for language, phrases in by_language.items():
            meanings = found.setdefault(language, {})
            for phrase in map(tidy, phrases):
                other = meanings.setdefault(phrase, outcome)
                if other != outcome:
                    build.mistake(f"`{phrase}` ({language}) means both {other} and {outcome}", rule="phrase_used_twice")
    return found


def grammars(meanings: Mapping[str, Mapping[str, str]]) -> dict[str, Grammar]:
    """The grammar of each language."""
    return {language: Grammar(language, tuple(phrases)) for language, phrases in meanings.items() if phrases}
