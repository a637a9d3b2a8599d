"""End the call.

    goodbye:
      say: {vi: "Cảm ơn anh chị.", en: "Thank you.", ko: "감사합니다."}
      end: completed                    # the reason, for the log and the campaign

In a subscript it ends the whole call; to come back use `return`.
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
class End(Node):
    key: ClassVar[str] = "end"

    reason: str
    say: Text | None

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> End:
        return cls(name=name, reason=spec["end"], say=build.optional_text(spec.get("say"), "say"))

    def enter(self, turn: Turn) -> str | None:
        if self.say:
            turn.say(self.say, barge_in=False)
        turn.end(self.reason)
        return None

    def exits(self) -> Iterator[Exit]:
        yield Exit("end", None)

    def texts(self) -> Iterator[tuple[str, Text]]:
        if self.say:
            yield "say", self.say
