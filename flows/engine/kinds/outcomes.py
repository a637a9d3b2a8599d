"""What the kinds that hand over and come back (an effect, a subscript) have in common: arguments to give along, a
result to keep, and ways on by the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.engine.script import OTHERWISE, Exit, Expression, Node

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes(Node):
    arguments: Mapping[str, Expression]
    save: str | None
    on: Mapping[str, str]
    otherwise: str | None

    @staticmethod
    def common(build: Builder, spec: Mapping[str, Any], otherwise: str) -> dict[str, Any]:
        """The fields of `Outcomes` from a step; `otherwise` is the word for the way of all outcomes that are left."""
        return {
            "arguments": {key: build.expression(given, "with", key) for key, given in (spec.get("with") or {}).items()},
            "save": spec.get("save"),
            "on": {outcome: build.target(target, "on", outcome) for outcome, target in (spec.get("on") or {}).items()},
            "otherwise": build.target(spec[otherwise], otherwise) if otherwise in spec else None,
        }

    def given(self, turn: Turn) -> dict[str, Any]:
        """The arguments, worked out."""
        return {name: turn.evaluate(expression) for name, expression in self.arguments.items()}

    def follow(self, turn: Turn, outcome: str) -> str | None:
        """The way on; an outcome without one ends the call politely."""
        target = self.on.get(outcome, self.otherwise)
        if target is None:
            turn.end_politely("trouble", f"outcome {outcome}")
        return target

    def exits(self) -> Iterator[Exit]:
        for outcome, target in self.on.items():
            yield Exit(outcome, target)
        if self.otherwise:
            yield Exit(OTHERWISE, self.otherwise)

    def expressions(self) -> Iterator[Expression]:
        yield from self.arguments.values()

    def writes(self) -> Iterator[str]:
        if self.save:
            yield f"values.{self.save}"
