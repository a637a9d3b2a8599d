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

from flows.engine.kinds.outcomes import Outcomes
from flows.engine.limits import MAX_SUBSCRIPT_DEPTH
from flows.engine.script import Exit

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Outcomes):
    key: ClassVar[str] = "call"

    subscript: str
    start: str

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Call:
        if not spec.get("on") and "next" not in spec:
            build.mistake("the way back leads nowhere: name a step under `on`, or give `next`", "on")
        return cls(
            name=name,
            subscript=spec["call"],
            start=build.subscript(spec["call"], "call"),
            **cls.common(build, spec, otherwise="next"),
        )

    def enter(self, turn: Turn) -> str | None:
        if len(turn.stack) >= MAX_SUBSCRIPT_DEPTH:
            turn.end_politely("limit", "subscripts")
            return None
        return turn.call(self.start, self.save, self.given(turn))

    def exits(self) -> Iterator[Exit]:
        yield Exit("call", self.start)
        yield from Outcomes.exits(self)
