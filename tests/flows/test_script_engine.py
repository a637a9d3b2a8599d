"""How a call ends and what stops it: machines, limits, events that do not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.engine.actions import HangUp, Listen, Play, Record
from flows.engine.advance import advance, current_actions, start_state
from flows.engine.answers.registry import ANSWER_KINDS
from flows.engine.events import (
    CallEnded,
    CallStarted,
    EffectDone,
    Event,
    Hypothesis,
    KeysPressed,
    NothingHeard,
    PromptPlayed,
    SpeechHeard,
    VoiceMessage,
)
from flows.engine.limits import MAX_STEPS_PER_TURN
from flows.engine.state import State
from tests.flows.script_making import AT, HEAD, Telephone, compiled, question


def asked(**more: str) -> Telephone:
    return Telephone(compiled(question("yes_no", **more))).start()


def test_an_answering_machine_gets_the_machine_step_or_is_hung_up() -> None:
    assert Telephone(compiled(question("yes_no"))).start("machine").actions == (HangUp("machine"),)
    script = compiled(
        question("yes_no") + "\n  m: {end: machine_told, say: {vi: Alô, en: Hello}}", head=HEAD + "machine: m"
    )
    assert Telephone(script).start("machine").hung_up == "machine_told"


@pytest.mark.capability("F3")
def test_a_script_that_loops_without_asking_is_stopped_politely() -> None:
    call = Telephone(compiled('  a: {set: {x: "1"}, next: b}\n  b: {set: {y: "2"}, next: a}')).start()
    assert call.hung_up == "limit"
    assert "tôi xin dừng ở đây" in call.said
    assert [note.data for note in call.step.notes if note.kind == "limit"] == [{"detail": "steps"}]


@pytest.mark.capability("F3")
def test_a_loop_through_an_effect_is_stopped_too() -> None:
    call = Telephone(compiled("  a: {effect: call.opt_out, on: {done: a}}")).start()
    for _ in range(MAX_STEPS_PER_TURN + 1):
        if call.state.status == "ended":
            break
        call.event(EffectDone(AT, "call.opt_out", "done", {}))
    assert call.state.end_reason == "limit"


@pytest.mark.capability("F3")
def test_steps_are_counted_from_one_answer_to_the_next() -> None:
    """A long call of many questions is not a loop."""
    call = Telephone(compiled(question("yes_no", on="{yes: q, no: done}"))).start()
    for _ in range(MAX_STEPS_PER_TURN + 20):
        call.press("1")
    assert call.state.status == "active"
    assert call.state.steps == 1


@pytest.mark.capability("F3")
def test_a_call_of_too_many_turns_is_stopped() -> None:
    script = compiled(question("yes_no"), head=HEAD + "limits: {turns: 3}")
    call = Telephone(script).start().press("*").press("*")
    assert call.state.status == "active"
    assert call.press("*").hung_up == "limit"
    assert "Hỏi?" not in call.said


@pytest.mark.capability("F3")
def test_a_call_that_lasts_too_long_is_stopped_by_the_time_in_its_events() -> None:
    script = compiled(question("yes_no"), head=HEAD + "limits: {minutes: 2}")
    call = Telephone(script).start()
    call.event(KeysPressed("2026-08-10T03:02:00+00:00", "*"))
    assert call.state.status == "active"
    call.event(KeysPressed("2026-08-10T03:02:01+00:00", "*"))
    assert call.hung_up == "limit"


@pytest.mark.capability("F3")
def test_an_answer_given_at_the_limit_is_still_saved() -> None:
    script = compiled(
        question("yes_no", next="q2") + "\n  q2: {ask: yes_no, say: {vi: a, en: b}, next: done}",
        head=HEAD + "limits: {turns: 1}",
    )
    call = Telephone(script).start().press("1")
    assert call.hung_up == "limit"
    assert call.saved == {"answer": True}


def test_a_caller_who_hangs_up_ends_the_call_without_an_action() -> None:
    call = asked().event(CallEnded(AT, "hangup"))
    assert (call.state.status, call.state.end_reason, call.actions) == ("ended", "hangup", ())


def test_a_call_may_end_before_it_began() -> None:
    call = Telephone(compiled(question("yes_no"))).event(CallEnded(AT, "failed"))
    assert call.state.end_reason == "failed"


EVENTS: list[Event] = [
    CallStarted(AT),
    KeysPressed(AT, "1"),
    SpeechHeard(AT, (Hypothesis("có", 1.0),), "accept"),
    SpeechHeard(AT, (), "accept"),
    NothingHeard(AT),
    VoiceMessage(AT, "r", 5.0),
    PromptPlayed(AT),
    EffectDone(AT, "x.y", "done"),
    CallEnded(AT, "hangup"),
    KeysPressed("yesterday", "1"),
]


@pytest.mark.parametrize("event", EVENTS)
def test_after_the_end_nothing_changes_anything(event: Event) -> None:
    call = asked().press("1")
    step = advance(call.script, call.state, event)
    assert step.state == call.state
    assert (step.actions, step.saved, [note.kind for note in step.notes]) == ((), {}, ["ignored"])


@pytest.mark.parametrize("event", [e for e in EVENTS if not isinstance(e, CallStarted | CallEnded)])
def test_before_the_start_nothing_changes_anything(event: Event) -> None:
    state = start_state(compiled(question("yes_no")), "vi", {})
    assert advance(compiled(question("yes_no")), state, event).state == state


@pytest.mark.parametrize(
    "event", [CallStarted(AT), VoiceMessage(AT, "r", 5.0), PromptPlayed(AT), EffectDone(AT, "x.y", "z")]
)
def test_an_event_that_does_not_fit_changes_nothing(event: Event) -> None:
    call = asked()
    step = advance(call.script, call.state, event)
    assert (step.state, step.actions) == (call.state, ())


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", sorted(ANSWER_KINDS))
def test_no_event_in_an_impossible_state_raises(event: Event, kind: str) -> None:
    more = {"choices": "[{id: a, label: {vi: a, en: a}}]"} if kind == "choice" else {}
    script = compiled(question(kind, **more))
    state = start_state(script, "vi", {"today": 5, "person": "nobody"})
    for change in (
        {"step": "nowhere"},
        {"step": None},
        {"step": "q", "phase": "confirm"},
        {"step": "q", "phase": "ask:99"},
        {"step": "done", "phase": "?"},
        {"step": "q", "phase": "ask", "language": "xx"},
        {"step": "q", "phase": "ask", "started_at": "2026"},
    ):
        broken: State = replace(state, status="active", **change)
        advance(script, broken, event)
        current_actions(script, broken)


def test_what_the_telephone_should_be_doing_can_be_asked_again() -> None:
    call = asked()
    assert current_actions(call.script, call.state) == call.actions
    call.hear("có")
    assert current_actions(call.script, call.state) == call.actions
    call.press("1")
    assert current_actions(call.script, call.state) == ()


def test_a_recording_is_asked_for_again_after_a_resumption() -> None:
    call = Telephone(compiled(question("voice"))).start()
    assert isinstance(current_actions(call.script, call.state)[-1], Record)


def test_a_turn_ends_with_one_action_that_waits() -> None:
    call = asked()
    assert [type(action) for action in call.actions] == [Play, Play, Listen]


def test_a_value_that_is_missing_is_left_out_and_noted() -> None:
    script = compiled('  hello: {say: {vi: "Chào {person.name}.", en: "Hi."}, next: done}')
    call = Telephone(script, context={"person": {}}).start()
    assert call.said == "Chào ."
    assert "missing_value" in call.notes
