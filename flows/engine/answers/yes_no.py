"""Yes or no.

    ask: yes_no
    say: {vi: "Anh chị có sốt không?", en: "Do you have a fever?", ko: "열이 있습니까?"}
    save: fever
    on: {yes: cough, no: cough}

Key 1 is yes, key 2 is no; the words come from the common phrases, and `words: {yes: {vi: [sốt rồi]}}` adds to them.
The value is true or false. Who has answered one such question by voice hears how only briefly from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Grammar, Keys
from flows.engine.answers.base import AnswerKind, LongForms, Reading, grammars, invert
from flows.engine.script import Text

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn

KEYS = Keys(choices=("1", "2"))
READINGS = {
    "1": Reading(True, "yes"),
    "2": Reading(False, "no"),
    "yes": Reading(True, "yes"),
    "no": Reading(False, "no"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo(AnswerKind):
    key: ClassVar[str] = "yes_no"
    options: ClassVar[frozenset[str]] = frozenset({"words"})
    spoken_by_default: ClassVar[bool] = True

    outcomes: tuple[str, ...] = ("yes", "no")
    meanings: Mapping[str, Mapping[str, str]]
    grammar_of: Mapping[str, Grammar]
    long: Mapping[str, LongForms]
    hint_speech: Text
    hint_short: Text
    hint_keys: Text

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> YesNo:
        own = spec.get("words") or {}
        words = {}
        for outcome in ("yes", "no"):
            common = build.common_words(outcome)
            added = build.words(own[outcome], "words", outcome) if outcome in own else {}
            words[outcome] = {
                language: (*common.get(language, ()), *added.get(language, ())) for language in build.languages
            }
        meanings = invert(words, build)
        return cls(
            meanings=meanings,
            grammar_of=grammars(meanings),
            long=_long_forms(build),
            hint_speech=build.phrase("yes_no"),
            hint_short=build.phrase("yes_no_short"),
            hint_keys=build.phrase("yes_no_keys"),
        )

    def keys(self, turn: Turn) -> Keys:
        return KEYS

    def grammar(self, turn: Turn) -> Grammar | None:
        return self.grammar_of.get(turn.language)

    def read_keys(self, turn: Turn, digits: str) -> Reading | None:
        return READINGS.get(digits) if digits in KEYS.choices else None

    def read_speech(self, turn: Turn, phrase: str) -> Reading | None:
        outcome = self.meanings.get(turn.language, {}).get(phrase)
        return READINGS[outcome] if outcome else None

    def long_forms(self, turn: Turn) -> LongForms | None:
        return self.long.get(turn.language)

    def outcome_of(self, value: Any) -> str:
        return "yes" if value is True else "no"

    def hint(self, turn: Turn, speech: bool) -> tuple[Text, ...]:
        if not speech:
            return (self.hint_keys,)
        return (self.hint_short if turn.knows(self.key) else self.hint_speech,)

    def texts(self) -> Iterator[tuple[str, Text]]:
        for forms in list(self.long.values())[:1]:
            yield "long_yes_no", forms.hint
        yield "hint", self.hint_speech
        yield "hint", self.hint_short
        yield "hint", self.hint_keys

    def phrases(self) -> Iterator[tuple[str, str, str]]:
        for language, meanings in self.meanings.items():
            for phrase, outcome in meanings.items():
                yield language, phrase, outcome

    def long_phrases(self) -> Iterator[tuple[str, str, str]]:
        for language, forms in self.long.items():
            for phrase, value in forms.values.items():
                yield language, phrase, self.outcome_of(value)

    def key_choices(self) -> tuple[str, ...]:
        return KEYS.choices


def _long_forms(build: Builder) -> dict[str, LongForms]:
    meanings = invert({"yes": build.common_words("long_yes"), "no": build.common_words("long_no")}, build)
    hint = build.phrase("long_yes_no")
    return {
        language: LongForms(language, {phrase: READINGS[outcome].value for phrase, outcome in phrases.items()}, hint)
        for language, phrases in meanings.items()
    }
