"""`advance(script, state, event) -> Step`: how a call goes on. Pure: no clock, no chance, no outside.

It never raises, whatever the event and the state. An event that does not fit (late, repeated, meant for another step,
after the end) changes nothing: the state comes back as it was, with no actions and a note `ignored`. A host that has to
say something all the same asks `current_actions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flows.engine.actions import Action
from flows.engine.events import CallEnded, CallStarted, EffectDone, Event
from flows.engine.kinds.ask import Ask
from flows.engine.limits import MAX_STEPS_PER_TURN
from flows.engine.resume import ANSWERED_ON
from flows.engine.script import Script
from flows.engine.state import State, Step
from flows.engine.turn import Turn

HUNG_UP = "hangup"
"""The reason of a call that the person ended."""

SILENT_ON_MACHINE = "silent_on_machine"
"""The name in the context that says: leave no message on an answering machine."""


def start_state(script: Script, language: str = "", context: Mapping[str, Any] | None = None) -> State:
    """The state of a call that has not begun. `language` is the person's, if the script has it; otherwise the script's
    first. `context` is JSON: `person` (`name`, `birth_year`), `department`, `hotline`, `today` (YYYY-MM-DD), and
    `speech`, the languages with a recogniser (without it: all of them)."""
    chosen = language if language in script.languages else script.languages[0]
    return State(script=script.id, revision=script.revision, language=chosen, context=dict(context or {}))


def advance(script: Script, state: State, event: Event) -> Step:
    """What the event makes of the call: the new state, what the telephone is to do, what was saved, and why."""
    turn = Turn(script, state, event.at)
    if state.status == "ended":
        turn.ignore("after_end")
    elif isinstance(event, CallEnded):
        turn.end(_end_of(script, state, event), hang_up=False)
    elif state.status == "new":
        _begin(turn, event)
    else:
        _go_on(turn, event)
    return turn.result()


def stopped(script: Script, state: State, at: str, why: str) -> Step:
    """The call, ended politely by its host, which finds that it cannot go on (`why`)."""
    turn = Turn(script, state, at)
    turn.end_politely("trouble", why)
    return turn.result()


def current_actions(script: Script, state: State) -> tuple[Action, ...]:
    """What the telephone should be doing in this state: the question asked again. Empty before and after the call."""
    node = script.steps.get(state.step or "")
    if state.status != "active" or node is None:
        return ()
    turn = Turn(script, state, state.started_at)
    node.again(turn)
    return tuple(turn.actions)


def _end_of(script: Script, state: State, event: CallEnded) -> str:
    """Why the call is over. Where the script says that one may hang up, who does has come to the end it names."""
    if event.reason == HUNG_UP and state.status == "active":
        return script.hang_ups.get(state.step or "", HUNG_UP)
    return event.reason or HUNG_UP


def _begin(turn: Turn, event: Event) -> None:
    if not isinstance(event, CallStarted):
        turn.ignore("not_started")
        return
    turn.status = "active"
    turn.started_at = event.at
    turn.turns += 1
    _forget_another_day(turn)
    if event.answered_by != "machine":
        _walk(turn, turn.script.start)
    elif turn.script.machine and not turn.context.get(SILENT_ON_MACHINE):
        turn.note("machine")
        _walk(turn, turn.script.machine)
    else:
        turn.end("machine")


def _forget_another_day(turn: Turn) -> None:
    """Drop the answers of another day to what is asked `each_day`, so that they neither spare a question nor count."""
    today = turn.context.get("today")
    if turn.context.get(ANSWERED_ON, today) == today:
        return
    asks = [node for node in turn.script.steps.values() if isinstance(node, Ask) and node.each_day]
    fleeting = {path for node in asks for path in node.writes()}
    turn.answers = {name: answer for name, answer in turn.answers.items() if f"answers.{name}" not in fleeting}


def _go_on(turn: Turn, event: Event) -> None:
    node = turn.script.steps.get(turn.step or "")
    if isinstance(event, CallStarted):
        turn.ignore("already_started")
    elif node is None:
        turn.end_politely("trouble", "unknown_step")
    elif isinstance(event, EffectDone):
        _walk(turn, node.on_event(turn, event))
    else:
        turn.turns += 1
        turn.steps = 0
        following = node.on_event(turn, event)
        if turn.ignored:
            return
        limit = _limit_reached(turn)
        if limit and turn.status == "active":
            turn.end_politely("limit", limit)
        else:
            _walk(turn, following)


def _walk(turn: Turn, name: str | None) -> None:
    """Enter steps until one waits or the call ends."""
    while name is not None and turn.status == "active":
        turn.steps += 1
        node = turn.script.steps.get(name)
        if turn.steps > MAX_STEPS_PER_TURN:
            turn.end_politely("limit", "steps")
            return
        if node is None:
            turn.end_politely("trouble", "unknown_step")
            return
        turn.enter(name)
        name = node.enter(turn)


def _limit_reached(turn: Turn) -> str:
    if turn.turns > turn.script.limits.turns:
        return "turns"
    if _minutes(turn.started_at, turn.at) > turn.script.limits.minutes:
        return "minutes"
    return ""


def _minutes(start: str, now: str) -> float:
    try:
        return (datetime.fromisoformat(now) - datetime.fromisoformat(start)).total_seconds() / 60
    except (ValueError, TypeError):
        return 0.0  # a time we cannot read stops nothing; the limit on turns still does
