"""A string of digits: a code, a birth year.

    ask: digits
    say: {vi: "Mời bấm bốn số của năm sinh.", en: "Please enter your four-digit year of birth.", ko: "…"}
    digits: {min: 4, max: 4}
    keep: birth_year

The value is text, zeros in front included; it is read back digit by digit.
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
class Digits(Keyed):
    key: ClassVar[str] = "digits"
    options: ClassVar[frozenset[str]] = frozenset({"skip_key", "digits"})

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Digits:
        count = spec.get("digits") or {}
        return cls(**cls.common(build, spec, count.get("min", 1), count.get("max", 10)))

    def value_of(self, turn: Turn, digits: str) -> Any:
        return digits

    def spoken(self, turn: Turn, reading: Reading) -> Any:
        return speak(reading.value, "digits", turn.language)
