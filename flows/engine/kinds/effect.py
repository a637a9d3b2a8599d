"""Ask the host to do something, and go on by what came of it.

    book:
      effect: telehealth.book
      with: {slot: "values.slot"}       # arguments, each an expression (CEL)
      save: booking                     # the result, as values.booking
      on: {booked: confirmed, taken: offer_again, refused: queue}
      otherwise: queue                  # any other outcome

The host carries it out within the turn and answers with `EffectDone`. Which effects exist, and their outcomes, the
linter knows from the host; an outcome with no way out at run time ends the call politely with the reason `trouble`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Effect as EffectAction
from flows.engine.events import EffectDone, Event
from flows.engine.script import OTHERWISE, Exit, Expression, Node

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Node):
    key: ClassVar[str] = "effect"

    effect: str
    arguments: Mapping[str, Expression]
    save: str | None
    on: Mapping[str, str]
    otherwise: str | None

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Effect:
        on = spec.get("on") or {}
        return cls(
            name=name,
            effect=spec["effect"],
            arguments={key: build.expression(source, "with", key) for key, source in (spec.get("with") or {}).items()},
            save=spec.get("save"),
            on={outcome: build.target(target, "on", outcome) for outcome, target in on.items()},
            otherwise=build.target(spec["otherwise"], "otherwise") if "otherwise" in spec else None,
        )

    def enter(self, turn: Turn) -> str | None:
        turn.phase = "effect"
        self.again(turn)
        return None

    def again(self, turn: Turn) -> None:
        arguments = {name: turn.evaluate(expression) for name, expression in self.arguments.items()}
        turn.do(EffectAction(self.effect, arguments))

    def on_event(self, turn: Turn, event: Event) -> str | None:
        if not isinstance(event, EffectDone) or event.effect != self.effect:
            turn.ignore()
            return None
        turn.note("effect", effect=self.effect, outcome=event.outcome)
        if self.save:
            turn.keep(self.save, dict(event.result))
        target = self.on.get(event.outcome, self.otherwise)
        if target is None:
            turn.end_politely("trouble", f"outcome {event.outcome}")
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
