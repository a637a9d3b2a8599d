"""A call made again from its log: does every decision come out the same? Pure.

The events of the log go through the same function as the live turn did (`ivr.calls.turn.run`), on the revision of the
script that the turn was taken on. Effects are not carried out a second time: their results stand in the log. Each turn
must ask for the same effects with the same arguments and leave the same actions, answers and notes, and the last one
the state, language and end that the call's row shows. Replaying stops at the first turn that differs, for what follows
differs with it. What the recogniser heard is judged again as well, by the thresholds of then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from audio.decision import evidence_from_json
from flows.engine.actions import Effect
from flows.engine.events import CallEnded, EffectDone, event_from_json
from flows.engine.script import Script
from flows.engine.state import State, state_from_json, state_to_json
from ivr.calls.log import LogLine, opening_state
from ivr.calls.turn import WITHOUT_SCRIPT, Progress, TakenOver, ended_without_script, run

_OF_A_TURN = frozenset({"event", "effect", "opened", "actions", "saved", "note"})
_ABSENT = "(nothing)"

Scripts = Callable[[str], Script]
"""The script of a revision. Raises TracelineError for one that cannot be compiled any more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` differs in a turn: `expected` stands in the log (or in the call's row), `got` came out now. Both are JSON,
    and hold what was said in the call: health data."""

    turn: int
    what: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        expected, got = (orjson.dumps(value).decode() for value in (self.expected, self.got))
        return f"turn {self.turn}, {self.what}: expected {expected}, got {got}"


@dataclass(frozen=True, slots=True)
class Row:
    """What a call's row says of how far its script came."""

    script_state: Mapping[str, Any]
    language: str
    end_reason: str


@dataclass(frozen=True, slots=True)
class Replay:
    """How it went: turns that came out the same, and what differs in the one that did not (`turn` of the log)."""

    turns: int
    differences: tuple[Difference, ...] = ()

    @property
    def same(self) -> bool:
        return not self.differences


class _OtherEffect(Exception):
    """The script asks for an effect that the log does not have next."""

    def __init__(self, expected: Any, got: Any) -> None:
        super().__init__("another effect than in the log")
        self.expected, self.got = expected, got


def replay(scripts: Scripts, lines: Sequence[LogLine], row: Row | None = None) -> Replay:
    """Make the call again. `row`: where it must have come to. Raises what `scripts` raises."""
    decisions = tuple(_decisions(lines))
    state = opening_state(lines)
    same = last = 0
    for turn in _turns(lines):
        last = turn[0].turn
        try:
            progress = _again(scripts, state, turn)
        except _OtherEffect as other:
            return Replay(same, (*decisions, Difference(last, "effect", other.expected, other.got)))
        made = orjson.loads(orjson.dumps(progress.lines))
        differences = tuple(_compared(last, [[line.kind, line.data] for line in turn], made))
        if differences:
            return Replay(same, (*decisions, *differences))
        state = _stored(progress.state)
        same += 1
    return Replay(same, (*decisions, *(_at_the_end(last, row, state) if row else ())))


def _decisions(lines: Iterable[LogLine]) -> Iterator[Difference]:
    """Speech of which something else would be made today, from what the recogniser heard and the thresholds then."""
    for line in lines:
        for aside in line.data["asides"] if line.kind == "aside" else ():
            if aside["kind"] == "recognised":
                today = evidence_from_json(aside["evidence"]).decision()
                yield from _differing(line.turn, "decision", aside["decision"], today)


def _turns(lines: Iterable[LogLine]) -> Iterator[list[LogLine]]:
    """The lines that each event made, its own first. What was not for the script (statuses, asides) is left out."""
    turn: list[LogLine] = []
    for line in lines:
        if line.kind not in _OF_A_TURN or (line.kind == "opened" and not turn):
            continue  # the first one opens the call itself
        if line.kind == "event" and turn:
            yield turn
            turn = []
        turn.append(line)
    if turn:
        yield turn


def _again(scripts: Scripts, state: State, turn: Sequence[LogLine]) -> Progress:
    event = event_from_json(turn[0].data)
    if isinstance(event, CallEnded) and _without_script(turn):
        return ended_without_script(state, event)
    results = _results(turn)

    def perform(effect: Effect, _: State) -> EffectDone | TakenOver:
        logged, opened = next(results, (None, None))
        asked = {"effect": effect.name, "arguments": orjson.loads(orjson.dumps(dict(effect.arguments)))}
        if logged is None:
            raise _OtherEffect(_ABSENT, asked)
        expected = {"effect": logged["effect"], "arguments": logged["arguments"]}
        if expected != asked:
            raise _OtherEffect(expected, asked)
        done = event_from_json({name: value for name, value in logged.items() if name != "arguments"})
        assert isinstance(done, EffectDone)
        if opened is None:
            return done
        after = state_from_json(opened)
        return TakenOver(done, scripts(after.revision), after)

    return run(scripts(state.revision), state, event, perform)


def _results(turn: Sequence[LogLine]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
    """What came of each effect of a turn, with the state from which another script took the call over, if one did."""
    for line, after in zip(turn, (*turn[1:], None), strict=True):
        if line.kind == "effect":
            yield line.data, after.data["state"] if after is not None and after.kind == "opened" else None


def _without_script(turn: Iterable[LogLine]) -> bool:
    """Whether the script could not be followed any more when the call ended."""
    notes = [note for line in turn if line.kind == "note" for note in line.data["notes"]]
    return any(note["kind"] == WITHOUT_SCRIPT for note in notes)


def _stored(state: State) -> State:
    """The state as the next turn finds it: written out and read back."""
    return state_from_json(orjson.loads(orjson.dumps(state_to_json(state))))


def _at_the_end(turn: int, row: Row, state: State) -> Iterator[Difference]:
    came_to = {"script_state": orjson.loads(orjson.dumps(state_to_json(state)))}
    yield from _differing(turn, "script_state", row.script_state, came_to["script_state"])
    yield from _differing(turn, "language", row.language, state.language)
    yield from _differing(turn, "end_reason", row.end_reason, state.end_reason)


def _compared(turn: int, logged: Sequence[Any], made: Sequence[Any]) -> Iterator[Difference]:
    """The first line in which a turn differs."""
    for number in range(max(len(logged), len(made))):
        expected = logged[number] if number < len(logged) else [_ABSENT, None]
        got = made[number] if number < len(made) else [_ABSENT, None]
        if expected[0] != got[0]:
            yield Difference(turn, "line", _shown(expected), _shown(got))
            return
        if expected[1] != got[1]:
            yield from _differing(turn, str(expected[0]), expected[1], got[1])
            return


def _shown(line: Sequence[Any]) -> Any:
    kind, data = line
    return kind if data is None else {kind: data}


def _differing(turn: int, what: str, expected: Any, got: Any) -> Iterator[Difference]:
    """Every smallest part in which two values differ, with the way to it: `actions[1].prompt.language`."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        for name in {**expected, **got}:
            yield from _differing(turn, f"{what}.{name}", expected.get(name, _ABSENT), got.get(name, _ABSENT))
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for number, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from _differing(turn, f"{what}[{number}]", one, other)
    elif expected != got:
        yield Difference(turn, what, expected, got)
