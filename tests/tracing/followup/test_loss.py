"""Who counts as lost, and what follows from a day that is over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracing.followup.follow_up_making import ON_DAY, on, period_of, results, rule_with, tried
from tracing.cases.events import Lost, PeriodCompleted
from tracing.followup.loss import close_day, is_lost
from tracing.followup.period import Extended, period
from tracing.followup.visits import VisitOutcome, VisitResult
from tracing.rules.model import Loss

COOPERATIVE, UNCOOPERATIVE, UNAVAILABLE, NOT_PERFORMED = VisitOutcome
THREE_DAYS = Loss(failed_days=3, differing_hours=2)


# --- lost


def test_three_failed_days_at_two_hours_are_a_loss() -> None:
    assert is_lost([tried(1, 9), tried(2, 9), tried(3, 18)], THREE_DAYS)


def test_always_at_the_same_hour_is_no_loss() -> None:
    """They may be at work every morning."""
    assert not is_lost([tried(1, 9), tried(2, 9), tried(3, 9), tried(4, 9)], THREE_DAYS)


def test_many_tries_on_one_day_are_one_failed_day() -> None:
    assert not is_lost([tried(1, hour) for hour in range(8, 20)], THREE_DAYS)


@pytest.mark.parametrize("outcome", [COOPERATIVE, UNCOOPERATIVE])
def test_reaching_them_begins_the_count_again(outcome: VisitOutcome) -> None:
    before = [tried(1, 9), tried(2, 10)]
    assert not is_lost([*before, tried(3, 9), tried(3, 18, outcome), tried(4, 9), tried(5, 10)], THREE_DAYS)
    assert is_lost([*before, tried(3, 9, outcome), tried(4, 9), tried(5, 10), tried(6, 9)], THREE_DAYS)


def test_a_day_on_which_we_did_not_call_says_nothing_about_them() -> None:
    assert not is_lost([tried(1, 9), tried(2, 10), tried(3, 18, NOT_PERFORMED)], THREE_DAYS)
    assert is_lost([tried(1, 9), tried(2, 10), tried(3, 18, NOT_PERFORMED), tried(4, 9)], THREE_DAYS)


@given(results, st.data())
def test_the_order_of_the_results_does_not_matter(tries: list[VisitResult], data: st.DataObject) -> None:
    assert is_lost(tries, THREE_DAYS) == is_lost(data.draw(st.permutations(tries)), THREE_DAYS)


@given(results, st.integers(13, 20), st.integers(0, 23))
def test_another_failure_never_finds_anybody_again(tries: list[VisitResult], day: int, hour: int) -> None:
    if is_lost(tries, THREE_DAYS):
        assert is_lost([*tries, tried(day, hour)], THREE_DAYS)


# --- a day is over


def test_before_the_last_day_the_follow_up_goes_on() -> None:
    assert close_day(on(3), period_of(rule_with(7), 0), [tried(3)]) is None


def test_a_talk_on_the_last_day_completes_it() -> None:
    found = period_of(rule_with(7), 0)
    assert close_day(on(7), found, [tried(7, 9), tried(7, 18, COOPERATIVE)]) == PeriodCompleted()


@pytest.mark.capability("T4")
@pytest.mark.parametrize("outcome", [UNCOOPERATIVE, UNAVAILABLE, NOT_PERFORMED])
def test_a_last_day_without_a_talk_extends_it(outcome: VisitOutcome) -> None:
    found = period_of(rule_with(7), 0)
    assert close_day(on(7), found, [tried(6, 9, COOPERATIVE), tried(7, 9, outcome)]) == Extended(on(7))
    assert close_day(on(7), found, []) == Extended(on(7))


def test_when_nothing_can_be_added_any_more_they_are_lost() -> None:
    found = period_of(rule_with(7, extend=(1, 2)), 0, missed=(7, 8))
    assert close_day(on(9), found, [tried(9, 9, UNCOOPERATIVE)]) == Lost()


def test_a_rule_that_extends_nothing_ends_with_its_last_day() -> None:
    assert close_day(on(7), period_of(rule_with(7, extend=None), 0), []) == PeriodCompleted()


def test_who_is_lost_is_lost_before_the_last_day_too() -> None:
    tries = [tried(1, 9), tried(2, 12), tried(3, 18)]
    assert close_day(on(3), period_of(rule_with(7), 0), tries) == Lost()


def test_who_was_exposed_again_is_not_lost_for_what_was_before() -> None:
    tries = [tried(1, 9), tried(2, 12), tried(3, 18), tried(9, 9)]
    assert close_day(on(9), period_of(rule_with(7), 0, 8), tries) is None


def test_what_came_later_does_not_count_for_a_day() -> None:
    found = period_of(rule_with(7), 0)
    assert close_day(on(7), found, [tried(8, 9, COOPERATIVE)]) == Extended(on(7))
    assert close_day(on(8), found, [tried(8, 9, COOPERATIVE)]) == PeriodCompleted()


@given(st.dictionaries(st.integers(1, 20), st.sampled_from(VisitOutcome)))
def test_every_follow_up_ends(outcomes: dict[int, VisitOutcome]) -> None:
    """Day after day, whatever happens: extended at most as far as the rule allows, then completed or lost."""
    rule = rule_with(5, extend=(1, 3))
    extensions: list[Extended] = []
    for day in range(1, 30):
        found = period(rule, ON_DAY, [on(0)], extensions)
        assert found is not None
        tries = [tried(n, 8 + n % 5, outcome) for n, outcome in outcomes.items()]
        match close_day(on(day), found, tries):
            case Extended() as more:
                extensions.append(more)
            case None:
                pass
            case PeriodCompleted() | Lost():
                assert day <= 8
                return
    pytest.fail("the follow-up never ended")
