"""What the demo says of an answer on file: right, wrong, lost."""

from __future__ import annotations

from dataclasses import fields
from io import StringIO
from typing import Any

from rich.console import Console as Terminal

from ivr.simulator.demo.check import Findings, check
from ivr.simulator.demo.run import Outcome, show

PHONE = "+84912345678"


def found(
    answers: dict[str, Any],
    meant: dict[str, Any],
    unsettled: dict[str, Any] | None = None,
    state: str = "complete",
    habit: str = "keys",
    needs_doctor: bool = False,
) -> Findings:
    """The findings for one person with one call and one record."""
    person = _person(meant, unsettled or {}, habit, needs_doctor)
    filed = {name: {"value": value, "source": "keys"} for name, value in answers.items()}
    record = {"reference": "R1", "phone": PHONE, "flagged": False, "state": state, "answers": filed}
    return check([person], [record], [], [])


def without_record(meant: dict[str, Any], unsettled: dict[str, Any] | None = None, habit: str = "keys") -> Findings:
    return check([_person(meant, unsettled or {}, habit)], [], [], [])


def _person(meant: dict[str, Any], unsettled: dict[str, Any], habit: str, needs_doctor: bool = False) -> dict[str, Any]:
    talks = [{"meant": meant, "unsettled": unsettled}]
    return {"phone": PHONE, "habit": habit, "talks": talks, "expects_doctor": needs_doctor}


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


def test_people_who_answered_and_have_no_record_at_all_are_lost():
    findings = without_record({"fever": True})
    assert (findings.lost, findings.failed) == ([f"{PHONE}: no record"], True)


def test_who_answered_nothing_has_no_record():
    """Nobody picked up, a machine did, or somebody hung up at the greeting."""
    assert not without_record({}).failed


def test_who_gave_a_first_answer_as_the_line_broke_may_have_no_record():
    assert not without_record({}, unsettled={"birth_year_given": 1984}).failed


def test_somebody_else_has_no_record():
    assert not without_record({"birth_year_given": 1984}, habit="wrong_person").failed


def test_who_needs_a_doctor_and_was_heard_out_is_flagged():
    findings = found({"red_flag": True}, {"red_flag": True}, needs_doctor=True)
    assert (findings.unflagged, findings.failed) == (["R1"], True)


def test_whether_somebody_needs_a_doctor_is_not_judged_before_the_interview_is_over():
    assert not found({"fever": True}, {"fever": True}, state="draft", needs_doctor=True).failed


def test_every_finding_is_shown():
    """What makes the demo fail is said."""
    kinds = [each.name for each in fields(Findings) if each.default_factory is list]
    screen = Terminal(file=StringIO(), width=500)
    for kind in kinds:
        findings = Findings(**{kind: [f"R-{kind}"]})
        assert findings.failed, kind
        show(Outcome(findings=findings), screen)
    assert [kind for kind in kinds if f"R-{kind}" not in screen.file.getvalue()] == []
