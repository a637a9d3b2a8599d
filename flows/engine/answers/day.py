"""A date.

    ask: date
    say: {vi: "… Mời bấm hai số ngày, hai số tháng.", en: "… two digits for the day, two for the month.", ko: "…"}
    within: {before: 30, after: 0}
    save: exposure_date
    confirm: always

Keyed ddmmyyyy, or ddmm: then the year is the one that puts it nearest to today. `within` bounds it in days before and
after today (the context's `today`; without one nothing is bounded and ddmm is no answer). It may be spoken as "today",
"yesterday" or "the day before". The value is YYYY-MM-DD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Grammar
from flows.engine.answers.base import ANSWERED, Reading, grammars, invert
from flows.engine.answers.keyed import Keyed
from flows.engine.spoken import speak

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn

DAYS_AGO = {"today": 0, "yesterday": 1, "day_before": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Keyed):
    key: ClassVar[str] = "date"
    options: ClassVar[frozenset[str]] = frozenset({"skip_key", "within"})
    spoken_by_default: ClassVar[bool] = True

    before: int | None
    after: int | None
    meanings: Mapping[str, Mapping[str, str]]
    grammar_of: Mapping[str, Grammar]

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Day:
        within = spec.get("within") or {}
        meanings = invert({word: build.common_words(word) for word in DAYS_AGO}, build)
        return cls(
            **cls.common(build, spec, 4, 8),
            before=within.get("before"),
            after=within.get("after"),
            meanings=meanings,
            grammar_of=grammars(meanings),
        )

    def grammar(self, turn: Turn) -> Grammar | None:
        return self.grammar_of.get(turn.language) if _today(turn) else None

    def value_of(self, turn: Turn, digits: str) -> Any:
        today = _today(turn)
        if len(digits) == 8:
            candidates = [_date(int(digits[4:]), digits)]
        elif len(digits) == 4 and today:
            candidates = [_date(today.year + shift, digits) for shift in (-1, 0, 1)]
        else:
            return None
        days = [day for day in candidates if day and self._within(day, today)]
        if not days:
            return None
        return (min(days, key=lambda day: abs(day - today)) if today else days[0]).isoformat()

    def read_speech(self, turn: Turn, phrase: str) -> Reading | None:
        word, today = self.meanings.get(turn.language, {}).get(phrase), _today(turn)
        if word is None or today is None:
            return None
        day = today - timedelta(days=DAYS_AGO[word])
        return Reading(day.isoformat(), ANSWERED) if self._within(day, today) else None

    def spoken(self, turn: Turn, reading: Reading) -> Any:
        return speak(reading.value, "date", turn.language)

    def phrases(self) -> Iterator[tuple[str, str, str]]:
        for language, meanings in self.meanings.items():
            for phrase, word in meanings.items():
                yield language, phrase, word

    def _within(self, day: date, today: date | None) -> bool:
        if today is None:
            return True
        days = (day - today).days
        return (self.before is None or days >= -self.before) and (self.after is None or days <= self.after)


def _today(turn: Turn) -> date | None:
    try:
        return date.fromisoformat(str(turn.context.get("today"))[:10])
    except ValueError:
        return None


def _date(year: int, ddmm: str) -> date | None:
    try:
        return date(year, int(ddmm[2:4]), int(ddmm[:2]))
    except ValueError:
        return None  # the thirtieth of February
