"""Effects: what a script may ask of the world, and who carries it out.

A script names an effect (`telehealth.offer_slots`); the composition root registers the handler. A handler runs inside
the turn's transaction: it may write rows and put jobs into the outbox, and must not reach outside the process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.database import UnitOfWork
from core.errors import TracelineError
from flows.engine.state import State
from ivr.calls.model import Call


@dataclass(frozen=True, slots=True)
class EffectRequest:
    """What a handler is given: the open unit of work, the locked call row, the script's state, the arguments."""

    uow: UnitOfWork
    call: Call
    state: State
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GoOn:
    """Another script takes the call over for good, with this context: from its beginning, or going on with an `earlier`
    call of the same script. In the language that is spoken."""

    script: str
    context: Mapping[str, Any]
    earlier: State | None = None


@dataclass(frozen=True, slots=True)
class EffectResult:
    """What it answers: an outcome that the effect declares, and JSON for the script. With `go_on` the script that asked
    never hears it: another one goes on."""

    outcome: str
    result: Mapping[str, Any] = field(default_factory=dict)
    go_on: GoOn | None = None


Handler = Callable[[EffectRequest], EffectResult]


class Effects:
    """The handlers by effect name."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def register(self, name: str, handler: Handler) -> None:
        if name in self._handlers:
            raise TracelineError(f"The effect {name!r} is registered twice.")
        self._handlers[name] = handler

    def perform(self, name: str, request: EffectRequest) -> EffectResult:
        handler = self._handlers.get(name)
        if handler is None:
            raise TracelineError(f"No handler for the effect {name!r}.", "Register it in the composition root.")
        return handler(request)
