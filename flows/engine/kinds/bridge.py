"""Connect the caller with a person, and go on by how it ended.

    doctor:
      say: {vi: "Tôi nối máy với bác sĩ.", en: "I am connecting you with a doctor.", ko: "의사와 연결해 드리겠습니다."}
      bridge: "'queue:' + values.queued.entry"   # an expression (CEL): queue:<entry> or phone:<E.164>
      ring_seconds: 300                          # how long somebody may take to come
      waiting: {vi: "Xin giữ máy.", en: "Please stay on the line.", ko: "잠시만 기다려 주세요."}
      every_seconds: 20                          # how often that is said until then
      on: {answered: goodbye, busy: queue, no_answer: queue, failed: queue}

An end of another name, and an expression that gives no target, count as `failed`. The time with a person is not the
call's: its limit of minutes begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from flows.engine.actions import Bridge as BridgeAction
from flows.engine.events import DialEnded, Event
from flows.engine.script import Exit, Expression, Node, Text

if TYPE_CHECKING:
    from flows.engine.script import Builder
    from flows.engine.turn import Turn

OUTCOMES = ("answered", "busy", "no_answer", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge(Node):
    key: ClassVar[str] = "bridge"

    say: Text | None
    to: Expression
    ring_seconds: float
    waiting: Text | None
    every_seconds: float
    on: Mapping[str, str]

    @classmethod
    def compile(cls, build: Builder, name: str, spec: Mapping[str, Any]) -> Bridge:
        on = spec.get("on") or {}
        for outcome in OUTCOMES:
            if outcome not in on:
                build.mistake(f"the outcome `{outcome}` leads nowhere: name a step under `on`", "on")
        return cls(
            name=name,
            say=build.optional_text(spec.get("say"), "say"),
            to=build.expression(spec["bridge"], "bridge"),
            ring_seconds=float(spec.get("ring_seconds", 30)),
            waiting=build.optional_text(spec.get("waiting"), "waiting"),
            every_seconds=float(spec.get("every_seconds", 20)),
            on={outcome: build.target(target, "on", outcome) for outcome, target in on.items()},
        )

    def enter(self, turn: Turn) -> str | None:
        target = turn.evaluate(self.to)
        if not isinstance(target, str):
            return self.on["failed"]
        turn.phase = "bridge"
        self.again(turn)
        return None

    def again(self, turn: Turn) -> None:
        if self.say:
            turn.say(self.say, barge_in=False)
        waiting = turn.prompt(self.waiting) if self.waiting else None
        turn.do(BridgeAction(str(turn.evaluate(self.to)), self.ring_seconds, waiting, self.every_seconds))

    def on_event(self, turn: Turn, event: Event) -> str | None:
        if not isinstance(event, DialEnded):
            turn.ignore()
            return None
        turn.note("bridge", outcome=event.outcome)
        turn.started_at = turn.at
        return self.on.get(event.outcome, self.on["failed"])

    def exits(self) -> Iterator[Exit]:
        for outcome, target in self.on.items():
            yield Exit(outcome, target)

    def texts(self) -> Iterator[tuple[str, Text]]:
        if self.say:
            yield "say", self.say
        if self.waiting:
            yield "waiting", self.waiting

    def expressions(self) -> Iterator[Expression]:
        yield self.to
