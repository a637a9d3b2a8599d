"""Whatever happens on the line: the engine never raises, every call ends, its state survives being written out, and a
wrong person's answers are never filed."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flows.catalogue import load_library
from flows.effects import EFFECTS
from flows.engine.actions import Bridge, Effect, HangUp, Listen, Play, Record
from flows.engine.advance import advance, current_actions, start_state
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
from flows.engine.limits import MAX_STEPS_PER_TURN, MAX_TURNS_PER_CALL
from flows.engine.script import Script
from flows.engine.state import State, Step
from flows.stubs import STUBS, stub_answer
from tests.flows.script_making import AT, CONTEXT, written_and_read

library = load_library()
OUTCOMES = {effect.name: effect.outcomes for effect in EFFECTS}
FINAL = (Listen, Record, Bridge, Effect, HangUp)

words = st.sampled_from(
    [
        *("có", "không", "vâng", "đúng rồi", "sai", "tôi trả lời có", "số một", "mưa", ""),
        *("yes", "no", "my answer is no", "예", "아니요", "네", "정말 있습니다", "첫 번째"),
    ]
)
keys = st.one_of(
    st.sampled_from(["1", "2", "3", "4", "9", "0", "*", "1990", "1985", "0508", "375", "5", "", "#"]),
    st.text("0123456789*#", max_size=9),
)
outcomes = st.sampled_from(["done", "offered", "none", "booked", "taken", "refused", "queued", "no_doctor", "strange"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["slots", "id", "spoken", "vi"]), inner)
    ),
    max_leaves=8,
)


class AnyCall(RuleBasedStateMachine):
    """Any events in any order on any script of the library."""

    def __init__(self) -> None:
        super().__init__()
        self.script: Script
        self.state: State
        self.saved: dict[str, Any] = {}
        self.ended_with = ""

    @initialize(script=st.sampled_from(sorted(library.scripts)), language=st.sampled_from(["vi", "en", "ko", "xx"]))
    def dial(self, script: str, language: str) -> None:
        self.script = library.script(script)
        self.state = start_state(self.script, language, CONTEXT)
        self.take(CallStarted(AT, "human"))

    def take(self, event: Event) -> Step:
        before = self.state
        step = advance(self.script, before, event)
        self.state = written_and_read(step.state)
        assert self.state == step.state
        self.saved |= step.saved
        if not step.actions:
            assert step.state == before or isinstance(event, CallEnded)
        else:
            assert all(isinstance(action, Play) for action in step.actions[:-1])
            assert isinstance(step.actions[-1], FINAL)
            assert isinstance(step.actions[-1], HangUp) == (step.state.status == "ended")
        if step.actions and isinstance(step.actions[-1], Effect):
            effect = step.actions[-1]
            outcome, result = stub_answer(STUBS[effect.name], 0, self.state.language)
            self.take(EffectDone(AT, effect.name, outcome, result))
        return step

    @rule(digits=keys)
    def press(self, digits: str) -> None:
        self.take(KeysPressed(AT, digits))

    @rule(text=words, decision=st.sampled_from(["accept", "read_back", "reject"]), confidence=st.floats(0, 1))
    def speak(self, text: str, decision: Any, confidence: float) -> None:
        self.take(SpeechHeard(AT, (Hypothesis(text, confidence),) if text else (), decision))

    @rule()
    def be_silent(self) -> None:
        self.take(NothingHeard(AT))

    @rule(
        name=st.sampled_from(sorted(OUTCOMES)),
        outcome=outcomes,
        result=st.dictionaries(st.text(max_size=5), json_values),
    )
    def answer_late(self, name: str, outcome: str, result: dict[str, Any]) -> None:
        self.take(EffectDone(AT, name, outcome, result))

    @rule(event=st.sampled_from([VoiceMessage(AT, "r", 2.0), PromptPlayed(AT), DialEnded(AT, "busy"), CallStarted(AT)]))
    def something_else(self, event: Event) -> None:
        self.take(event)

    @precondition(lambda self: self.state.turns > 15)
    @rule()
    def hang_up(self) -> None:
        self.take(CallEnded(AT, "hangup"))
        assert self.state.status == "ended"

    @invariant()
    def within_limits(self) -> None:
        if hasattr(self, "state"):
            assert self.state.turns <= MAX_TURNS_PER_CALL + 1
            assert self.state.steps <= MAX_STEPS_PER_TURN + 1
            assert self.state.status == "ended" or current_actions(self.script, self.state)

    @invariant()
    def ended_stays_ended(self) -> None:
        if hasattr(self, "state") and self.state.status == "ended":
            self.ended_with = self.ended_with or self.state.end_reason
            assert self.state.end_reason == self.ended_with
            assert self.state.step is None

    def teardown(self) -> None:
        """However it went, silence ends it."""
        if not hasattr(self, "state"):
            return
        for _ in range(MAX_TURNS_PER_CALL + 1):
            if self.state.status == "ended":
                break
            self.take(NothingHeard(AT))
        assert self.state.status == "ended"
        assert self.saved == dict(self.state.answers)


class WrongPerson(AnyCall):
    """As any call, but whoever answers never keys the birth year we know: nothing at all may be filed or arranged."""

    outbound: ClassVar[list[str]] = [name for name, script in library.scripts.items() if script.direction == "outbound"]

    @initialize(script=st.sampled_from(outbound), language=st.sampled_from(["vi", "en", "ko"]))
    def dial(self, script: str, language: str) -> None:
        self.script = library.script(script)
        self.state = start_state(self.script, language, CONTEXT)
        self.take(CallStarted(AT, "human"))

    @rule(digits=st.sampled_from(["1", "2", "9", "0", "*", "1985", "2001", "9019"]))
    def press_likely_keys(self, digits: str) -> None:
        self.take(KeysPressed(AT, digits))

    @rule(digits=keys.filter(lambda digits: digits != "1990"))
    def press(self, digits: str) -> None:
        self.take(KeysPressed(AT, digits))

    @invariant()
    def nothing_is_filed(self) -> None:
        assert self.saved == {}
        if hasattr(self, "state"):
            assert not [note for note in self.state.values if note in ("risk", "offer", "urgent", "queue", "booking")]


FEW = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
TestAnyCall = pytest.mark.capability("F3")(AnyCall.TestCase)
TestAnyCall.settings = FEW
TestWrongPerson = WrongPerson.TestCase
TestWrongPerson.settings = FEW


@pytest.mark.capability("F3")
@pytest.mark.parametrize("script", sorted(library.scripts))
@pytest.mark.parametrize("stubborn", ["*", "1", "2", "9", "0", "1990"])
def test_a_caller_who_always_presses_the_same_key_comes_to_an_end(script: str, stubborn: str) -> None:
    compiled = library.script(script)
    state = advance(compiled, start_state(compiled, "vi", CONTEXT), CallStarted(AT)).state
    for _ in range(MAX_TURNS_PER_CALL * 3):
        waits_for = current_actions(compiled, state)
        bridged = bool(waits_for) and isinstance(waits_for[-1], Bridge)
        step = advance(compiled, state, DialEnded(AT, "no_answer") if bridged else KeysPressed(AT, stubborn))
        state = step.state
        if step.actions and isinstance(step.actions[-1], Effect):
            effect = step.actions[-1]
            state = advance(
                compiled, state, EffectDone(AT, effect.name, *stub_answer(STUBS[effect.name], 0, "vi"))
            ).state
        if state.status == "ended":
            return
    pytest.fail("the call never ended")
