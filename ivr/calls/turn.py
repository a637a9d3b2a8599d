"""What a turn came to, and the pure part of taking one: the script advanced until it waits for the person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import UUID

import orjson

from flows.engine.actions import Action, Effect, action_to_json
from flows.engine.advance import advance, current_actions, stopped
from flows.engine.events import CallEnded, CallStarted, EffectDone, Event, event_to_json
from flows.engine.script import Script
from flows.engine.state import Answer, Note, State, Step, answer_to_json, state_to_json
from ivr.calls.log import Kind
from ivr.calls.model import Call

Render = Callable[[Call, tuple[Action, ...], int], bytes]
"""`render(call, actions, next_turn)`: the carrier's reply. Pure; it runs inside the turn's transaction."""

CACHED_ACTIONS = 4096

MOST_EFFECTS = 10
"""Effects that one event may lead to. Each script that takes the call over begins to count its steps anew, so that two
that hand over to each other would never end."""

WITHOUT_SCRIPT = "without_script"
"""The note of a call that ended when its script could no longer be followed."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What came of an effect: another script takes the call over, from this state."""

    done: EffectDone
    script: Script
    state: State


Perform = Callable[[Effect, State], EffectDone | TakenOver]


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that was taken: now (`fresh`), or before, by the same request. `reply` is the same bytes either way;
    `actions` stand only in the fresh one. `ended`: the call is over with this turn's actions."""

    reply: bytes
    actions: tuple[Action, ...]
    next_turn: int
    fresh: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class StaleTurn:
    """Not the turn we wait for, and none we have answered; nothing was changed. `next_turn` is the one we wait for;
    when the call has `ended` we wait for none."""

    next_turn: int
    ended: bool


@dataclass(frozen=True, slots=True)
class UnknownCall:
    """No such call; nothing was changed."""

    call_id: UUID


@dataclass(slots=True)
class Progress:
    """A turn in the making: where the script stands, what the telephone is to do, and the log of it."""

    state: State
    actions: tuple[Action, ...] = ()
    saved: dict[str, Answer] = field(default_factory=dict)
    lines: list[tuple[Kind, Any]] = field(default_factory=list)


def run(script: Script, state: State, event: Event, perform: Perform) -> Progress:
    """Advance the script; carry out effects and go on until it waits for the person or ends. What was to be said
    before an effect is said first. An event that the script ignores gets the current question again. A script that an
    effect brings in takes the call over as if a human had just answered. After MOST_EFFECTS the call ends politely."""
    progress = Progress(state)
    progress.lines.append(("event", event_to_json(event)))
    for performed in count():
        step = advance(script, progress.state, event)
        progress.state = step.state
        progress.saved.update(step.saved)
        effect = step.actions[-1] if step.actions and isinstance(step.actions[-1], Effect) else None
        _log(progress, step, step.actions if effect is None else step.actions[:-1])
        if effect is None:
            break
        if performed == MOST_EFFECTS:
            step = stopped(script, progress.state, event.at, "effects")
            progress.state = step.state
            _log(progress, step, step.actions)
            break
        came = perform(effect, progress.state)
        event = done = _as_logged(came.done if isinstance(came, TakenOver) else came)
        progress.lines.append(("effect", {**event_to_json(done), "arguments": dict(effect.arguments)}))
        if isinstance(came, TakenOver):
            script, progress.state = came.script, came.state
            progress.lines.append(("opened", {"state": state_to_json(came.state)}))
            event = CallStarted(done.at, "human")
    if not progress.actions:
        _log(progress, None, current_actions(script, progress.state))
    return progress


def ended_without_script(state: State, event: CallEnded) -> Progress:
    """The end of a call whose script can no longer be followed: only the state and the log say so."""
    ended = replace(state, status="ended", end_reason=event.reason, phase="", pending=None)
    notes = (Note(WITHOUT_SCRIPT, state.step or ""),)
    return Progress(ended, lines=[("event", event_to_json(event)), ("note", {"notes": notes})])


def _as_logged(done: EffectDone) -> EffectDone:
    """The result as the log will give it back: what a script decides on must be what its replay is given, be it a time
    or a tuple that the handler answered with."""
    return replace(done, outcome=str(done.outcome), result=orjson.loads(orjson.dumps(done.result)))


def _log(progress: Progress, step: Step | None, actions: tuple[Action, ...]) -> None:
    progress.actions += actions
    if step is not None and step.notes:
        progress.lines.append(("note", {"notes": step.notes}))
    if step is not None and step.saved:
        progress.lines.append(("saved", {name: answer_to_json(answer) for name, answer in step.saved.items()}))
    if actions:
        progress.lines.append(("actions", {"actions": [_as_json(action) for action in actions]}))


@lru_cache(maxsize=CACHED_ACTIONS)
def _as_json(action: Action) -> orjson.Fragment:
    """The action as JSON text. Scripts ask the same questions again and again."""
    return orjson.Fragment(orjson.dumps(action_to_json(action)))
