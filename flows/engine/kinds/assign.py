"""Work out values (CEL), one after another; later ones may use earlier ones.

    assess:
      set:
        red: "answers.short_of_breath == true || answers.chest_pain == true"
        risk: "values.red ? 'red' : 'low'"
      save: [risk]                      # these go to the record too, with the source `script`
      next: advice

`set: derived` stands for what the record form derives (`flows.deriving`), and is replaced by it before a script is
compiled. An expression that fails gives null and leaves a note; the call goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.script import Exit, Expression, Node
from flows.engine.state import Answer

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Node):
    key: ClassVar[str] = "set"

    values: Mapping[str, Expression]
    save: tuple[str, ...]
    following: str

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Set:
        save = tuple(spec.get("save") or ())
        values: Any = spec["set"]
        if isinstance(values, str):
            build.mistake("the record form of this script derives nothing", "set")
            values = {}
        for index, field in enumerate(save):
            if field not in values:
                build.mistake(f"`{field}` is saved here but not set here", "save", str(index))
        return cls(
            name=name,
            values={key: build.expression(source, "set", key) for key, source in values.items()},
            save=save,
            following=build.target(spec.get("next"), "next"),
        )

    def enter(self, turn: Turn) -> str | None:
        for name, expression in self.values.items():
            turn.keep(name, turn.evaluate(expression))
        for name in self.save:
            turn.save(name, Answer(turn.values[name], "script", step=self.name, turn=turn.turns, at=turn.at))
        return self.following

    def exits(self) -> Iterator[Exit]:
        yield Exit("next", self.following)

    def expressions(self) -> Iterator[Expression]:
        yield from self.values.values()

    def writes(self) -> Iterator[str]:
        for name in self.values:
            yield f"values.{name}"
        for name in self.save:
            yield f"answers.{name}"
