"""A Vietnamese telephone number.

    ask: phone
    say: {vi: "Mời bấm số điện thoại của người đó, rồi bấm thăng.", en: "…", ko: "…"}
    save: other_phone
    confirm: always

Keyed as dialed at home (0 and nine or ten digits) or with the country code 84. The value is E.164 text (+84…). Whether
the number exists is the host's to know.
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
class Phone(Keyed):
    key: ClassVar[str] = "phone"

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Phone:
        return cls(**cls.common(build, spec, 10, 12))

    def value_of(self, turn: Turn, digits: str) -> Any:
        if digits.startswith("0") and digits[1] != "0" and len(digits) in (10, 11):
            return f"+84{digits[1:]}"
        if digits.startswith("84") and digits[2] != "0" and len(digits) in (11, 12):
            return f"+{digits}"
        return None

    def spoken(self, turn: Turn, reading: Reading) -> Any:
        return speak(reading.value, "phone", turn.language)
