"""The risk of somebody: the rulebook and the call that asks the questions must never disagree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from flows.catalogue import LIBRARY, load_library
from flows.documents import read_document
from flows.expressions import compile_expression
from tracing.rules.risk import assess
from tracing.rules.rulebook import load_rulebook

COVID = load_rulebook().rule("covid-19/byt-762").assessment
SYMPTOMS = [symptom.id for group in COVID.symptoms for symptom in group.symptoms]
SCRIPT = read_document(LIBRARY / "covid-symptoms" / "script.yaml").data["steps"]
COUNT = compile_expression(SCRIPT["assess"]["set"]["symptom_count"])
HIGH = compile_expression(SCRIPT["assess"]["set"]["symptoms_high"])
LEVEL = compile_expression(SCRIPT["asked"]["value"])


def risk_of_the_call(answers: dict[str, Any]) -> str:
    """What the script says at the end of its questions."""
    scope: dict[str, Any] = {"answers": {name: answers.get(name) for name in SYMPTOMS}, "values": {}}
    for name, expression in (("symptom_count", COUNT), ("symptoms_high", HIGH)):
        worked, scope["values"][name] = expression.evaluate(scope)
        assert worked, scope["values"][name]
    worked, level = LEVEL.evaluate(scope)
    assert worked, level
    return str(level)


@given(st.dictionaries(st.sampled_from(SYMPTOMS), st.sampled_from([True, False, None])))
def test_the_rulebook_says_what_the_call_says(answers: dict[str, bool | None]) -> None:
    assert assess(COVID, answers).level == risk_of_the_call(answers)


def test_a_danger_sign_is_red_whatever_else_is_said() -> None:
    assert assess(COVID, {"red_flag": True}).level == "red"
    assert assess(COVID, dict.fromkeys(SYMPTOMS, True)).level == "high"


def test_a_measured_fever_counts_even_when_nobody_felt_it() -> None:
    assert assess(COVID, {"fever": False, "temperature": 38.0}).level == "high"
    assert assess(COVID, {"fever": False, "temperature": 37.9}).level == "low"


def test_the_reasons_are_told_in_both_languages() -> None:
    risk = assess(COVID, {"cough": True, "fever": True})
    assert [why["vi"] for why in risk.because] == ["Sốt", "Ho"]
    assert [why["en"] for why in risk.because] == ["Fever", "Cough"]
    assert risk.points == 40


def test_an_answer_that_makes_no_sense_is_not_taken_for_no_risk() -> None:
    with pytest.raises(UserError, match="cannot be worked out"):
        assess(COVID, {"temperature": "warm"})


def test_every_symptom_and_danger_sign_of_covid_is_a_field_of_the_daily_record() -> None:
    fields = set(load_library().form("daily_follow_up").by_name)
    assert {*SYMPTOMS, *(flag.id for flag in COVID.red_flags)} <= fields
