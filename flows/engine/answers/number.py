"""A number in a range.

    ask: number
    say: {vi: "Nhiệt độ của anh chị là bao nhiêu? …", en: "What is your temperature? …", ko: "체온이 몇 도입니까? …"}
    range: {min: 34, max: 43, decimals: 1}
    save: temperature

The telephone has no decimal point: with `decimals: 1`, 3 7 5 is 37.5; digits that only make sense without it are taken
so (3 8 is 38). The value is an integer, or a float when there are decimals; outside the range it is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.answers.base import Reading
from flows.engine.answers.keyed import Keyed
from flows.engine.spoken import speak

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Keyed):
    key: ClassVar[str] = "number"
    options: ClassVar[frozenset[str]] = frozenset({"skip_key", "range"})

    low: float
    high: float
    decimals: int = 0

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Number:
        limits = spec.get("range") or {}
        low, high, decimals = limits.get("min", 0), limits.get("max", 99), limits.get("decimals", 0)
        if low > high:
            build.mistake(f"the range goes from {low} to {high}, which holds nothing", "range")
        longest = len(str(int(high))) + decimals
        return cls(**cls.common(build, spec, 1, longest), low=low, high=high, decimals=decimals)

    def value_of(self, turn: Turn, digits: str) -> Any:
        for value in (int(digits) / 10**self.decimals, float(int(digits))):
            if self.low <= value <= self.high:
                return value if self.decimals else int(value)
        return None

    def spoken(self, turn: Turn, reading: Reading) -> Any:
        return speak(reading.value, "number", turn.language)
