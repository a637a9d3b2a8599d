"""Go through a subscript and come back with its result.

    identity:
      call: check-birth-year            # another script with `direction: subscript`
      with: {year: "person.birth_year"} # its parameters, as params.year inside it
      save: identity                    # the value it returns, as values.identity
      on: {same: greeting, other: wrong_person}

Its answers are saved as this script's own. The subscript leaves by a `return` step, whose outcome chooses the way on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.limits import MAX_SUBSCRIPT_DEPTH
from flows.engine.script import OTHERWISE, Exit, Expression, Node

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    key: ClassVar[str] = "call"

    subscript: str
    start: str
    arguments: Mapping[str, Expression]
    save: str | None
    on: Mapping[str, str]
    otherwise: str | None

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Call:
        on = spec.get("on") or {}
        otherwise = spec.get("next")
        if not on and otherwise is None:
            build.mistake("the way back leads nowhere: name a step under `on`, or give `next`", "on")
        return cls(
            name=name,
            subscript=spec["call"],
            start=build.subscript(spec["call"], "call"),
            arguments={key: build.expression(source, "with", key) for key, source in (spec.get("with") or {}).items()},
            save=spec.get("save"),
            on={outcome: build.target(target, "on", outcome) for outcome, target in on.items()},
            otherwise=build.target(otherwise, "next") if otherwise is not None else None,
        )

    def enter(self, turn: Turn) -> str | None:
        if len(turn.stack) >= MAX_SUBSCRIPT_DEPTH:
            turn.end_politely("limit", "subscripts")
            return None
        params = {name: turn.evaluate(expression) for name, expression in self.arguments.items()}
        return turn.call(self.start, self.save, params)

    def returned(self, turn: Turn, outcome: str) -> str | None:
        """The way on after the subscript."""
        target = self.on.get(outcome, self.otherwise)
        if target is None:
            turn.end_politely("trouble", f"outcome {outcome}")
        return target

    def exits(self) -> Iterator[Exit]:
        yield Exit("call", self.start)
        for outcome, target in self.on.items():
            yield Exit(outcome, target)
        if self.otherwise:
            yield Exit(OTHERWISE, self.otherwise)

    def expressions(self) -> Iterator[Expression]:
        yield from self.arguments.values()

    def writes(self) -> Iterator[str]:
        if self.save:
            yield f"values.{self.save}"
