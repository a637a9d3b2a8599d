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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Effect as EffectAction
from flows.engine.events import EffectDone, Event
from flows.engine.kinds.outcomes import Outcomes

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect(Outcomes):
    key: ClassVar[str] = "effect"

    effect: str

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Effect:
        return cls(name=name, effect=spec["effect"], **cls.common(build, spec, otherwise="otherwise"))

    def enter(self, turn: Turn) -> str | None:
        turn.phase = "effect"
        self.again(turn)
        return None

    def again(self, turn: Turn) -> None:
        turn.do(EffectAction(self.effect, self.given(turn)))

    def on_event(self, turn: Turn, event: Event) -> str | None:
        if not isinstance(event, EffectDone) or event.effect != self.effect:
            turn.ignore()
            return None
        turn.note("effect", effect=self.effect, outcome=event.outcome)
        if self.save:
            turn.keep(self.save, dict(event.result))
        return self.follow(turn, event.outcome)
