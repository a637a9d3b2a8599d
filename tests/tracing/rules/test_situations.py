"""Whose course is whose: doses, recovery and the rule's own facts, counted as the decisions speak."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from tracing.rules.rulebook import load_rulebook
from tracing.rules.situation import Situation, course_for, months_within

BOOK = load_rulebook()
ON = date(2022, 1, 20)


def course(on: date = ON, **changes: object) -> str:
    rule = BOOK.rule_for("covid-19", "38", on)
    return course_for(rule, Situation(on, **changes)).id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_on", "whose"),
    [
        (date(2022, 1, 7), "f1-others"),  # 13 days
        (date(2022, 1, 6), "f1-protected"),  # 14 days
        (date(2021, 7, 20), "f1-protected"),  # six months to the day
        (date(2021, 7, 19), "f1-others"),  # a day more
    ],
)
def test_the_last_dose_counts_from_14_days_to_six_months(given_on: date, whose: str) -> None:
    assert course(doses=2, last_dose_on=given_on) == whose


def test_one_dose_or_a_dose_of_unknown_date_protects_nobody() -> None:
    assert course(doses=1, last_dose_on=date(2021, 12, 1)) == "f1-others"
    assert course(doses=2) == "f1-others"


def test_a_recovery_protects_for_six_months_and_from_february_2022_for_three() -> None:
    assert course(recovered_on=date(2021, 7, 20)) == "f1-protected"
    assert course(recovered_on=date(2021, 7, 19)) == "f1-others"
    assert course(date(2022, 3, 1), recovered_on=date(2021, 12, 1)) == "f1-protected"
    assert course(date(2022, 3, 1), recovered_on=date(2021, 11, 30)) == "f1-others"


def test_from_february_2022_an_older_dose_still_protects() -> None:
    assert course(date(2022, 3, 1), doses=2, last_dose_on=date(2021, 3, 1)) == "f1-protected"


def test_generations_beyond_the_second_are_everybody_else() -> None:
    assert course(generation=2, doses=2, last_dose_on=date(2021, 12, 1)) == "f2"
    assert course(generation=3) == "others"


def test_a_fact_that_the_rule_does_not_ask_about_is_a_mistake() -> None:
    with pytest.raises(UserError, match=r"does not ask about immune.*home_is_fit"):
        course(facts=frozenset({"immune"}))


@pytest.mark.parametrize(
    ("start", "day", "months"),
    [
        (date(2021, 8, 31), date(2021, 8, 31), 0),
        (date(2021, 8, 31), date(2021, 9, 1), 1),
        (date(2021, 8, 31), date(2022, 2, 28), 6),
        (date(2021, 8, 31), date(2022, 3, 1), 7),
        (date(2021, 12, 15), date(2022, 1, 15), 1),
        (date(2021, 12, 15), date(2022, 1, 16), 2),
        (date(2022, 1, 1), date(2021, 1, 1), 0),
    ],
)
def test_months_are_counted_as_decisions_speak(start: date, day: date, months: int) -> None:
    assert months_within(start, day) == months


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(0, 3000))
def test_months_never_go_back_as_days_go_on(start: date, days: int) -> None:
    day = start + timedelta(days=days)
    assert 0 <= months_within(start, day + timedelta(days=1)) - months_within(start, day) <= 1
