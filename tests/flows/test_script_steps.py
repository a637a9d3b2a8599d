"""Each kind of step: what it does, and where it leads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flows.engine.actions import Bridge, Effect, HangUp, Play
from flows.engine.events import CallEnded, DialEnded, EffectDone, KeysPressed, PromptPlayed
from flows.engine.kinds.registry import STEP_KINDS, kind_of
from flows.load import check
from tests.flows.script_making import AT, Telephone, compiled, example, question

COVERED: dict[str, Callable[..., None]] = {}


def covers(kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def remember(test: Callable[..., None]) -> Callable[..., None]:
        COVERED[kind] = test
        return test

    return remember


def started(steps: str, language: str = "vi", **subscripts: str) -> Telephone:
    return Telephone(compiled(steps, **subscripts), language).start()


@covers("ask")
def test_a_question_waits_for_its_answer_and_leads_on_by_outcome() -> None:
    call = started(question("yes_no", on="{yes: done, no: lost}"))
    assert call.listens.wait_seconds == 6.0
    assert call.press("2").hung_up == "no_match"


@covers("say")
def test_a_say_step_speaks_and_goes_on_in_the_same_turn() -> None:
    call = started('  hello: {say: {vi: "Chào {person.name}.", en: "Hello."}, barge_in: false, next: done}')
    assert call.said == "Chào Lê Thị Hoa."
    assert call.actions[0] == Play(call.actions[0].prompt, barge_in=False)  # type: ignore[union-attr]
    assert call.hung_up == "completed"


def test_fixed_pieces_have_clip_names_and_values_have_none() -> None:
    call = started('  hello: {say: {vi: "Chào {person.name}, xin nghe.", en: "Hello."}, next: done}')
    play = call.actions[0]
    assert isinstance(play, Play)
    clips = [segment.clip for segment in play.prompt.segments]
    assert clips == ["small/hello/say/0", None, "small/hello/say/1"]


@pytest.mark.capability("F4")
def test_say_each_speaks_every_language_in_its_own_voice() -> None:
    call = started('  hello: {say_each: {vi: "Bấm 1.", en: "Press 2."}, next: done}')
    prompts = [action.prompt for action in call.actions if isinstance(action, Play)]
    assert [(prompt.language, prompt.text) for prompt in prompts] == [("vi", "Bấm 1."), ("en", "Press 2.")]


@covers("set")
def test_set_works_out_values_in_order_and_files_the_chosen_ones() -> None:
    call = started('  s: {set: {a: "1 + 1", b: "values.a > 1"}, save: [b], next: done}')
    assert call.state.values == {"a": 2, "b": True}
    assert call.saved == {"b": True}
    assert call.state.answers["b"].source == "script"


def test_an_expression_that_fails_gives_nothing_and_the_call_goes_on() -> None:
    call = started(
        '  s: {set: {a: "1 / 0", b: "values.a == null", c: "answers.x > 3"}, next: q}\n' + question("yes_no")
    )
    assert call.state.values == {"a": None, "b": True, "c": None}
    assert [note.data["source"] for note in call.step.notes if note.kind == "expression_failed"] == [
        "1 / 0",
        "answers.x > 3",
    ]


@covers("branch")
@pytest.mark.parametrize(("year", "reason"), [(1990, "completed"), (1991, "no_match"), (None, "no_input")])
def test_the_first_condition_that_holds_decides(year: int | None, reason: str) -> None:
    steps = """
  b:
    branch:
      - {when: "person.birth_year == null", to: silent}
      - {when: "1 / 0 == 1", to: lost}
      - {when: "person.birth_year == 1990", to: done}
    else: lost
"""
    call = Telephone(compiled(steps), context={"person": {"birth_year": year}}).start()
    assert call.hung_up == reason


BOOK = (
    "  b: {effect: telehealth.book, with: {slot: \"'s' + string(1)\"}, save: booking, on: {booked: q, taken: lost}}\n"
)


@covers("effect")
def test_an_effect_is_asked_for_and_its_outcome_leads_on() -> None:
    call = started(BOOK + question("yes_no"))
    assert call.actions == (Effect("telehealth.book", {"slot": "s1"}),)
    call.event(EffectDone(AT, "telehealth.book", "booked", {"when": "8 giờ"}))
    assert call.state.values["booking"] == {"when": "8 giờ"}
    assert call.state.step == "q"


def test_an_outcome_nobody_provided_for_ends_the_call_politely() -> None:
    call = started(BOOK + question("yes_no")).event(EffectDone(AT, "telehealth.book", "exploded", {}))
    assert call.hung_up == "trouble"
    assert "mời anh chị gọi lại số không hai ba bảy" in call.said.lower()


def test_otherwise_takes_the_outcomes_that_are_left() -> None:
    steps = "  b: {effect: call.opt_out, on: {done: done}, otherwise: lost}"
    assert started(steps).event(EffectDone(AT, "call.opt_out", "failed", {})).hung_up == "no_match"


def test_the_answer_to_another_effect_changes_nothing() -> None:
    call = started(BOOK + question("yes_no"))
    before = call.state
    assert call.event(EffectDone(AT, "call.opt_out", "done", {})).state == before
    assert call.notes == ["ignored"]


SUB = """
id: sub
title: {vi: Con, en: Sub}
direction: subscript
languages: [vi, en]
steps:
  inner: {ask: yes_no, say: {vi: "Trong {params.what}?", en: "Inside?"}, save: inner, on: {yes: good, no: bad}}
  good: {return: good, value: "params.what + '!'"}
  bad: {return: bad}
"""
CALL = "  c: {call: sub, with: {what: \"'nhà'\"}, save: result, on: {good: after, bad: lost}}\n"
AFTER = '  after: {ask: yes_no, say: {vi: "{values.result} {params.what}", en: "x"}, save: outer, next: done}'


@covers("call")
@pytest.mark.capability("F9")
def test_a_subscript_takes_parameters_and_gives_a_result() -> None:
    call = started(CALL + AFTER, sub=SUB)
    assert "Trong nhà?" in call.said
    call.press("1")
    assert call.saved == {"inner": True}
    assert call.state.values["result"] == "nhà!"
    assert "nhà!" in call.said
    assert call.state.stack == ()
    assert call.state.params == {}


@covers("return")
@pytest.mark.capability("F9")
def test_the_outcome_of_a_subscript_chooses_the_way_on() -> None:
    assert started(CALL + AFTER, sub=SUB).press("2").hung_up == "no_match"


@pytest.mark.capability("F9")
def test_a_subscript_in_a_subscript_gives_each_its_own_parameters() -> None:
    middle = """
id: middle
title: {vi: Giữa, en: Middle}
direction: subscript
languages: [vi, en]
steps:
  deeper: {call: sub, with: {what: "'sâu'"}, next: say_own}
  say_own: {say: {vi: "Của tôi: {params.own}.", en: "Mine."}, next: back}
  back: {return: back}
"""
    call = started("  c: {call: middle, with: {own: \"'giữa'\"}, next: done}", sub=SUB, middle=middle)
    assert "Trong sâu?" in call.said
    assert "Của tôi: giữa." in call.press("1").said


def test_a_subscript_without_end_to_its_depth_is_stopped() -> None:
    loop = SUB.replace("  inner:", "  deeper: {call: sub, with: {what: \"'x'\"}, next: inner}\n  inner:")
    call = started(CALL + AFTER, sub=loop)
    assert call.hung_up == "limit"


@covers("language")
@pytest.mark.capability("F4")
def test_the_language_changes_inside_the_call() -> None:
    call = started("  l: {language: \"'en'\", next: q}\n" + question("yes_no"))
    assert call.state.language == "en"
    assert call.said.startswith("Ask?")
    assert call.listens.grammar
    assert call.listens.grammar.language == "en"


def test_a_language_the_script_does_not_have_changes_nothing() -> None:
    call = started("  l: {language: \"'fr'\", next: q}\n" + question("yes_no"))
    assert call.state.language == "vi"
    assert "unknown_language" in call.notes


BRIDGE = """
  b:
    bridge: "'queue:' + '7'"
    ring_seconds: 20
    on: {answered: done, busy: lost, no_answer: lost, failed: silent}"""


@covers("bridge")
@pytest.mark.parametrize(("outcome", "reason"), [("answered", "completed"), ("busy", "no_match"), ("odd", "no_input")])
def test_a_bridge_leads_on_by_how_it_ended(outcome: str, reason: str) -> None:
    call = started(BRIDGE)
    assert call.actions == (Bridge("queue:7", 20.0),)
    assert call.event(DialEnded(AT, outcome)).hung_up == reason


def test_a_bridge_to_nobody_has_failed() -> None:
    assert started(BRIDGE.replace("'queue:' + '7'", "1 / 0")).hung_up == "no_input"


WAITING = """
  b:
    say: {vi: "Tôi nối máy.", en: "I am connecting you."}
    bridge: "'queue:' + '7'"
    ring_seconds: 300
    waiting: {vi: "Xin chờ, {person.name}.", en: "Please wait, {person.name}."}
    every_seconds: 25
    hang_up: refused
    on: {answered: again, busy: lost, no_answer: lost, failed: silent}
  again: {ask: yes_no, say: {vi: "Tốt chứ?", en: "Good?"}, keep: good, next: done}"""


@covers("bridge")
def test_whoever_waits_hears_words_made_for_them_and_they_are_no_part_of_the_conversation() -> None:
    call = started(WAITING)
    bridge = call.actions[-1]
    assert isinstance(bridge, Bridge)
    assert bridge.waiting is not None
    assert (bridge.waiting.text, bridge.every_seconds) == ("Xin chờ, Lê Thị Hoa.", 25.0)
    assert call.said == "Tôi nối máy."


@pytest.mark.capability("N9")
def test_who_hangs_up_where_one_may_has_not_broken_off() -> None:
    assert started(WAITING).event(CallEnded(AT, "hangup")).state.end_reason == "refused"
    assert started(WAITING).event(CallEnded(AT, "failed")).state.end_reason == "failed"
    later = started(WAITING).event(DialEnded(AT, "answered")).event(CallEnded(AT, "hangup"))
    assert later.state.end_reason == "hangup"


def test_the_minutes_with_a_person_are_not_the_calls() -> None:
    call = started(WAITING)
    hours = "2026-08-10T05:00:00+00:00"
    call.event(DialEnded(hours, "answered", 7000.0))
    assert (call.state.status, call.state.step) == ("active", "again")
    call.event(KeysPressed("2026-08-10T05:01:00+00:00", "1"))
    assert call.hung_up == "completed"


@covers("end")
def test_the_end_says_goodbye_and_hangs_up_with_its_reason() -> None:
    call = started('  e: {end: refused, say: {vi: "Xin chào.", en: "Goodbye."}}')
    assert call.said == "Xin chào."
    assert call.actions[-1] == HangUp("refused")
    assert (call.state.status, call.state.end_reason, call.state.step) == ("ended", "refused", None)


def test_an_event_for_another_kind_of_step_changes_nothing() -> None:
    call = started(BRIDGE)
    before = call.state
    assert call.event(PromptPlayed(AT)).press("1").silence().state == before


def test_every_kind_of_step_is_tested_here() -> None:
    assert set(COVERED) == set(STEP_KINDS)


@pytest.mark.capability("F1")
@pytest.mark.parametrize("kind", sorted(STEP_KINDS))
def test_every_kind_of_step_shows_an_example_that_the_schema_takes(kind: str) -> None:
    document = example(STEP_KINDS[kind])
    assert check(document, "steps") == []
    assert [kind_of(step) for step in document.data.values()] == [kind]
