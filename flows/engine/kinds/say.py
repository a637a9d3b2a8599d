"""Say something and go on.

    opening:
      say: {vi: "Xin chào, tôi là tổng đài tự động của {department}.", en: "…", ko: "…"}
      barge_in: false                   # what must be heard to the end
      next: who

`say_each` in place of `say` says it in every language of the script, one after another, whatever the call's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.script import Exit, Node, Text

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Node):
    key: ClassVar[str] = "say"

    text: Text
    barge_in: bool
    following: str

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Say:
        return cls(
            name=name,
            text=build.said(spec),
            barge_in=spec.get("barge_in", True),
            following=build.target(spec.get("next"), "next"),
        )

    def enter(self, turn: Turn) -> str | None:
        turn.say(self.text, self.barge_in)
        return self.following

    def exits(self) -> Iterator[Exit]:
        yield Exit("next", self.following)

    def texts(self) -> Iterator[tuple[str, Text]]:
        yield "say", self.text
