"""What the keyed answers (digits, number, date, time, telephone number) have in common.

They are keyed and ended by # or by a pause; speech is not offered, because small models mishear digits (a date may be
said as "today"). `skip_key: "0"` lets a person pass: the outcome is `skipped`, and nothing is saved.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Keys
from flows.engine.answers.base import ANSWERED, SKIPPED, AnswerKind, Reading

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed(AnswerKind):
    """`min_digits` to `max_digits` keys; `value_of` makes a value of them or refuses."""

    options: ClassVar[frozenset[str]] = frozenset({"skip_key"})

    min_digits: int
    max_digits: int
    skip_key: str = ""

    @staticmethod
    def common(build: Builder, spec: Mapping[str, Any], min_digits: int, max_digits: int) -> dict[str, Any]:
        """The fields of `Keyed` from a question; says so when the counts cannot be."""
        skip = spec.get("skip_key", "")
        if min_digits > max_digits:
            build.mistake(f"at least {min_digits} digits but at most {max_digits}", "digits")
        return {
            "outcomes": (ANSWERED, SKIPPED) if skip else (ANSWERED,),
            "min_digits": min_digits,
            "max_digits": max_digits,
            "skip_key": skip,
        }

    def keys(self, turn: Turn) -> Keys:
        return Keys(min_digits=1 if self.skip_key else self.min_digits, max_digits=self.max_digits)

    def read_keys(self, turn: Turn, digits: str) -> Reading | None:
        if self.skip_key and digits == self.skip_key:
            return Reading(None, SKIPPED)
        if not (digits.isdecimal() and digits.isascii() and self.min_digits <= len(digits) <= self.max_digits):
            return None
        value = self.value_of(turn, digits)
        return None if value is None else Reading(value, ANSWERED)

    @abstractmethod
    def value_of(self, turn: Turn, digits: str) -> Any:
        """The value of digits of the right count, None when they make no sense."""
