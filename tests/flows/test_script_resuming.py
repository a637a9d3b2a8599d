"""Going on with a call that was broken off."""

from __future__ import annotations

import pytest

from flows.engine.resume import resume_state
from tests.flows.script_making import CONTEXT, Telephone, compiled, question

TWO = question("yes_no", next="q2") + "\n  q2: {ask: yes_no, say: {vi: Hai, en: Two}, save: second, next: done}"


def resumed(steps: str, *keys: str, today: str = CONTEXT["today"]) -> Telephone:
    """A call that goes on with one in which these keys were pressed."""
    first = Telephone(compiled(steps)).start()
    for key in keys:
        first.press(key)
    return taken_up(first, today)


def taken_up(earlier: Telephone, today: str) -> Telephone:
    """The next call, on a day, of one that was broken off."""
    again = Telephone(earlier.script)
    again.state = resume_state(earlier.state, {**CONTEXT, "today": today})
    return again.start()


@pytest.mark.capability("I3")
def test_a_resumed_call_begins_with_the_first_open_question() -> None:
    call = resumed(TWO, "1")
    assert call.state.step == "q2"
    assert call.press("2").saved == {"second": False}
    assert call.state.answers["answer"].value is True


@pytest.mark.capability("I3")
def test_a_resumed_call_follows_the_way_of_the_earlier_answers() -> None:
    assert resumed(question("yes_no", on="{yes: done, no: lost}"), "2").hung_up == "no_match"


@pytest.mark.capability("I3")
def test_what_must_be_asked_in_each_call_is_asked_again() -> None:
    assert resumed(TWO.replace("save: answer", "save: answer\n    each_call: true"), "1").state.step == "q"


TOMORROW = "2026-08-11"
OF_THE_DAY = TWO.replace("save: answer", "save: answer\n    each_day: true")


@pytest.mark.capability("I3")
def test_what_was_true_yesterday_is_asked_again_and_the_rest_is_not() -> None:
    call = resumed(OF_THE_DAY + "\n  q3: {ask: yes_no, say: {vi: c, en: c}, next: done}", "1", today=TOMORROW)
    assert call.state.step == "q"
    assert resumed(TWO, "1", today=TOMORROW).state.step == "q2"


@pytest.mark.capability("I3")
def test_on_the_same_day_nothing_of_the_day_is_asked_again() -> None:
    assert resumed(OF_THE_DAY, "1").state.step == "q2"


@pytest.mark.capability("I3")
def test_what_was_measured_yesterday_is_not_known_today_though_today_it_was_not_measured() -> None:
    steps = question("number", skip_key='"0"', each_day="true", next="s") + (
        '\n  s: {set: {high: "answers.answer != null"}, next: q2}\n'
        "  q2: {ask: yes_no, say: {vi: Hai, en: Two}, next: done}"
    )
    assert resumed(steps, "39").state.values == {"high": True}
    assert resumed(steps, "39", today=TOMORROW).press("0").state.values == {"high": False}


@pytest.mark.capability("I3")
def test_a_call_that_never_came_to_a_question_does_not_make_its_old_answer_one_of_today() -> None:
    first = "  who: {ask: yes_no, say: {vi: Ai, en: Who}, each_call: true, next: q}\n"
    call = resumed(first + OF_THE_DAY, "1", "1", today=TOMORROW)
    assert call.state.step == "who"
    assert taken_up(call, TOMORROW).press("1").state.step == "q"


@pytest.mark.capability("I3")
def test_a_group_is_not_asked_again_when_all_of_it_was_answered() -> None:
    group = "  g: {ask: yes_no, say: {vi: a, en: b}, implies: {no: {c: false, d: false}}, on: {no: q, yes: done}}\n"
    call = resumed(group + question("yes_no"), "2")
    assert call.state.step == "q"
    assert resumed(group + question("yes_no")).state.step == "g"


@pytest.mark.parametrize("before", [5, "answer", None, {"answer": 1}])
def test_nonsense_about_an_earlier_call_is_no_answer(before: object) -> None:
    call = Telephone(compiled(question("yes_no")), context={"answered_before": before}).start()
    assert call.state.step == "q"


@pytest.mark.capability("I3")
def test_a_group_that_was_left_in_the_middle_is_asked_again() -> None:
    group = """
  g: {ask: yes_no, say: {vi: a, en: b}, implies: {no: {c: false, d: false}}, on: {no: q, yes: c}}
  c: {ask: yes_no, say: {vi: a, en: b}, save: c, next: d}
  d: {ask: yes_no, say: {vi: a, en: b}, save: d, next: q}
"""
    call = resumed(group + question("yes_no"), "1", "1")
    assert call.state.step == "g"
    assert call.press("1").state.step == "d"
