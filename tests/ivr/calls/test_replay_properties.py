"""Whatever is answered in whichever script, and whatever effects come to: the log makes the same call again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from flows.catalogue import load_library
from flows.engine.actions import Action, Effect, Listen
from flows.engine.advance import start_state
from flows.engine.events import (
    CallEnded,
    CallStarted,
    DialEnded,
    EffectDone,
    Event,
    Hypothesis,
    KeysPressed,
    NothingHeard,
    PromptPlayed,
    SpeechHeard,
    VoiceMessage,
)
from flows.engine.script import Script
from flows.engine.state import State, state_from_json, state_to_json
from flows.stubs import CONTEXT, STUBS, stub_answer
from ivr.calls.log import LogLine
from ivr.calls.replay import Replay, Row, replay
from ivr.calls.turn import run
from tests.conftest import NOW
from tests.ivr.world import AT

real = load_library()
REAL = {script.revision: script for script in real.scripts.values()}

heard = st.sampled_from(
    ["có", "không", "vâng", "đúng rồi", "tôi trả lời có", "sai", "yes", "no", "예", "아니요", "네", "mưa"]
)
events = st.one_of(
    st.builds(KeysPressed, st.just(AT), st.sampled_from(["1", "2", "3", "9", "0", "*", "1990", "0508", "5", ""])),
    st.builds(
        SpeechHeard,
        st.just(AT),
        st.lists(st.builds(Hypothesis, heard, st.floats(0, 1)), max_size=2).map(tuple),
        st.sampled_from(["accept", "read_back", "reject"]),
        st.floats(0, 20),
    ),
    st.just(NothingHeard(AT)),
    st.builds(VoiceMessage, st.just(AT), st.just("r"), st.floats(0, 300)),
    st.builds(DialEnded, st.just(AT), st.sampled_from(["answered", "busy", "failed"]), st.floats(0, 300)),
    st.just(PromptPlayed(AT)),
    st.just(CallStarted(AT, "human")),
)
# What handlers may answer with that is no JSON, or other JSON when it comes back.
odd = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e15, 1e15)
    | st.sampled_from([math.nan, math.inf])
    | st.text(max_size=5)
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.uuids(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from(["slots", "id", "spoken", "when", "position"]), inner, max_size=4)
    ),
    max_leaves=6,
)


class Held:
    """A call held without a database, whose log and state go through what PostgreSQL makes of JSON."""

    def __init__(self, script: Script, language: str, results: Callable[[Effect, State], tuple[str, Any]]) -> None:
        self.script = script
        self.results = results
        self.state = start_state(script, language, CONTEXT)
        self.lines: list[LogLine] = []
        self.turn = 0
        self.actions: tuple[Action, ...] = ()
        self.log("opened", {"state": state_to_json(self.state)})

    def log(self, kind: str, data: Any) -> None:
        self.lines.append(LogLine(len(self.lines), self.turn, NOW, kind, as_stored(data)))

    def take(self, event: Event) -> None:
        def perform(effect: Effect, state: State) -> EffectDone:
            outcome, result = self.results(effect, state)
            return EffectDone(event.at, effect.name, outcome, result)

        progress = run(self.script, self.state, event, perform)
        for kind, data in progress.lines:
            self.log(kind, data)
        self.state = state_from_json(as_stored(state_to_json(progress.state)))
        self.actions = progress.actions
        self.turn += 1

    def row(self) -> Row:
        return Row(as_stored(state_to_json(self.state)), self.state.language, self.state.end_reason)


def as_stored(value: Any) -> Any:
    """JSON as `jsonb` gives it back: names by length, then by letter."""

    def sorted_(inner: Any) -> Any:
        if isinstance(inner, Mapping):
            return {name: sorted_(inner[name]) for name in sorted(inner, key=lambda name: (len(name), name))}
        return [sorted_(one) for one in inner] if isinstance(inner, list) else inner

    return sorted_(orjson.loads(orjson.dumps(value)))


def likely(actions: tuple[Action, ...]) -> st.SearchStrategy[Event]:
    """What people answer to this, so that calls get beyond their first question."""
    last = actions[-1] if actions else None
    keyed = last.keys.choices if isinstance(last, Listen) and last.keys is not None else ()
    return st.builds(KeysPressed, st.just(AT), st.sampled_from(keyed or ("1", "1990", "2")))


@pytest.mark.capability("N2")
@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.large_base_example])
@given(st.data(), st.sampled_from(sorted(real.scripts)), st.sampled_from(["vi", "en", "ko"]))
def test_any_answers_in_any_script_are_replayed_exactly(data: st.DataObject, script: str, language: str) -> None:
    def results(effect: Effect, state: State) -> tuple[str, Any]:
        outcome, result = stub_answer(STUBS[effect.name], 0, state.language)
        return outcome, {**result, **data.draw(st.dictionaries(st.sampled_from(["slots", "when", "on"]), odd))}

    held = Held(real.script(script), language, results)
    held.take(CallStarted(AT, data.draw(st.sampled_from(["human", "human", "unknown", "machine"]))))
    for _ in range(30):
        if held.state.status == "ended":
            break
        held.take(data.draw(st.one_of(likely(held.actions), likely(held.actions), likely(held.actions), events)))
    held.take(CallEnded(AT, "hangup"))
    assert replay(REAL.__getitem__, held.lines, held.row()) == Replay(held.turn)
