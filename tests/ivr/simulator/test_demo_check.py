"""What the demo says of an answer on file: right, wrong, lost."""

from __future__ import annotations

from typing import Any

from ivr.simulator.demo.check import Findings, check

PHONE = "+84912345678"


def found(
    answers: dict[str, Any],
    meant: dict[str, Any],
    unsettled: dict[str, Any] | None = None,
    state: str = "complete",
    habit: str = "keys",
) -> Findings:
    """The findings for one person with one call and one record."""
    person = {"phone": PHONE, "habit": habit, "talks": [{"meant": meant, "unsettled": unsettled or {}}]}
    filed = {name: {"value": value, "source": "keys"} for name, value in answers.items()}
    record = {"reference": "R1", "phone": PHONE, "flagged": False, "state": state, "answers": filed}
    return check([person], [record], [], [])


def test_an_answer_that_is_what_the_person_meant_is_right():
    findings = found({"fever": True}, {"fever": True})
    assert (findings.right, findings.failed) == (1, False)


def test_an_answer_that_is_not_what_the_person_meant_is_wrong_and_says_both():
    assert found({"fever": False}, {"fever": True}).wrong == ["R1/fever: on file False, meant True"]


def test_an_answer_that_nobody_gave_is_wrong():
    assert found({"fever": True}, {}).wrong == ["R1/fever: on file True, meant nothing"]


def test_an_answer_given_as_the_line_broke_may_be_on_file():
    findings = found({"fever": True}, {}, unsettled={"fever": True})
    assert (findings.right, findings.failed) == (1, False)


def test_an_answer_given_as_the_line_broke_may_also_be_missing():
    assert not found({}, {}, unsettled={"fever": True}).failed


def test_an_answer_given_as_the_line_broke_is_wrong_on_file_when_it_differs():
    assert found({"fever": False}, {}, unsettled={"fever": True}).wrong == ["R1/fever: on file False, meant True"]


def test_an_answer_of_a_finished_interview_that_is_not_on_file_is_lost():
    assert found({}, {"fever": True}).lost == ["R1/fever"]
    assert found({}, {"fever": True}, state="draft").lost == []


def test_a_record_of_somebody_else_is_found():
    assert found({}, {}, habit="wrong_person").strangers == ["R1"]
