"""A voice message.

    ask: voice
    say: {vi: "Sau tiếng bíp, mời anh chị nói, rồi bấm thăng.", en: "Speak after the tone, then press hash.", ko: "…"}
    message: {max_seconds: 60, min_seconds: 1}
    save: message

The value is the id under which the recording is stored. A message shorter than `min_seconds` counts as silence. It is
never read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Keys, Record
from flows.engine.answers.base import AnswerKind, Reading

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice(AnswerKind):
    key: ClassVar[str] = "voice"
    options: ClassVar[frozenset[str]] = frozenset({"message"})

    record: Record
    min_seconds: float

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Voice:
        message = spec.get("message") or {}
        return cls(
            record=Record(max_seconds=float(message.get("max_seconds", 60))),
            min_seconds=float(message.get("min_seconds", 1)),
        )

    def keys(self, turn: Turn) -> Keys | None:
        return None

    def read_keys(self, turn: Turn, digits: str) -> Reading | None:
        return None
