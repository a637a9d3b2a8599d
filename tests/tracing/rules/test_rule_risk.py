"""The risk of somebody: the rulebook and the call that asks the questions must never disagree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from flows.catalogue import load_library
from flows.deriving import work_out
from tracing.rules.risk import assess
from tracing.rules.rulebook import load_rulebook

COVID = load_rulebook().rule("covid-19/byt-762").assessment
SYMPTOMS = [symptom.id for group in COVID.symptoms for symptom in group.symptoms]
FORM = load_library().form("daily_follow_up")


@given(
    st.fixed_dictionaries({name: st.booleans() for name in ("red_flag", *SYMPTOMS)}),
    st.none() | st.floats(34, 43, allow_nan=False),
)
def test_the_rulebook_says_what_calls_and_corrections_say(symptoms: dict[str, bool], temperature: float | None) -> None:
    answers = {**symptoms, "temperature": temperature}
    assert assess(COVID, answers).level == work_out(FORM, answers)["risk"]


@given(st.dictionaries(st.sampled_from(SYMPTOMS), st.sampled_from([True, False, None])))
def test_what_nobody_was_asked_is_never_called_a_low_risk(answers: dict[str, bool | None]) -> None:
    """The rulebook adds up what is known; the record says beside it that nobody can tell yet."""
    told = work_out(FORM, answers)["risk"]
    assert told == assess(COVID, answers).level or (told is None and assess(COVID, answers).level == "low")


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
