"""Leave a subscript with an outcome, and a value if the caller wants one.

    same:
      return: same
      value: "values.birth_year"

After a shortcut key, the question it interrupted is asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.kinds.call import Call
from flows.engine.script import Exit, Expression, Node

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Node):
    key: ClassVar[str] = "return"

    outcome: str
    value: Expression | None

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Return:
        value = build.expression(spec["value"], "value") if "value" in spec else None
        return cls(name=name, outcome=str(spec["return"]), value=value)

    def enter(self, turn: Turn) -> str | None:
        value = turn.evaluate(self.value) if self.value else None
        frame = turn.back()
        if frame is None:
            turn.end_politely("trouble", "return_without_call")
            return None
        if frame.save:
            turn.keep(frame.save, value)
        turn.note("returned", outcome=self.outcome)
        if frame.shortcut:
            return frame.step
        caller = turn.script.steps.get(frame.step)
        if not isinstance(caller, Call):
            turn.end_politely("trouble", "unknown_caller")
            return None
        return caller.follow(turn, self.outcome)

    def exits(self) -> Iterator[Exit]:
        yield Exit("return", None)

    def expressions(self) -> Iterator[Expression]:
        if self.value:
            yield self.value
