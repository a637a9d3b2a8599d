"""A time of day.

    ask: time
    say: {vi: "Mấy giờ thì tiện gọi lại? Mời bấm bốn số, giờ và phút.", en: "…", ko: "…"}
    save: best_time

Keyed hhmm on the 24-hour clock (one or two digits are a full hour: 8 is 08:00). The value is HH:MM.
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
class TimeOfDay(Keyed):
    key: ClassVar[str] = "time"

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> TimeOfDay:
        return cls(**cls.common(build, spec, 1, 4))

    def value_of(self, turn: Turn, digits: str) -> Any:
        hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
        if int(hours) > 23 or int(minutes) > 59:
            return None
        return f"{int(hours):02d}:{int(minutes):02d}"

    def spoken(self, turn: Turn, reading: Reading) -> Any:
        return speak(reading.value, "time", turn.language)
