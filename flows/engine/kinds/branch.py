"""Go one way or another (CEL); the first condition that holds decides, `else` if none does.

    known_person:
      branch:
        - {when: "values.birth_year == string(person.birth_year)", to: confirmed}
      else: wrong_person

A condition that fails counts as false and leaves a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.script import Exit, Expression, Node

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Node):
    key: ClassVar[str] = "branch"

    ways: tuple[tuple[Expression, str], ...]
    otherwise: str

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Branch:
        return cls(
            name=name,
            ways=tuple(
                (
                    build.expression(way["when"], "branch", str(index), "when"),
                    build.target(way["to"], "branch", str(index), "to"),
                )
                for index, way in enumerate(spec["branch"])
            ),
            otherwise=build.target(spec.get("else"), "else"),
        )

    def enter(self, turn: Turn) -> str | None:
        for condition, target in self.ways:
            if turn.evaluate(condition) is True:
                return target
        return self.otherwise

    def exits(self) -> Iterator[Exit]:
        for condition, target in self.ways:
            yield Exit(condition.source, target)
        yield Exit("else", self.otherwise)

    def expressions(self) -> Iterator[Expression]:
        for condition, _ in self.ways:
            yield condition
