"""The calendar of calls and tests: made again as often as anybody likes, and the past stays as it was."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracing.followup.follow_up_making import (
    ON_DAY,
    days,
    exposures,
    extensions,
    on,
    overrides,
    period_of,
    rule_with,
    rules,
)
from tracing.followup.calendar import Changes, PlannedVisit, StandingVisit, calendar, due_tests, regenerate
from tracing.followup.counting import Override
from tracing.followup.period import Extended, period
from tracing.rules.model import Rule

pytestmark = pytest.mark.capability("T5")

standing_visits = st.lists(
    st.builds(StandingVisit, st.builds(PlannedVisit, days.map(on), st.integers(1, 3)), st.booleans()),
    unique_by=lambda each: each.visit,
    max_size=30,
)


def open_visits(*numbers: int) -> list[StandingVisit]:
    return [StandingVisit(PlannedVisit(on(n)), happened=False) for n in numbers]


def after(standing: list[StandingVisit], changes: Changes) -> list[StandingVisit]:
    """The calendar with the changes made."""
    kept = [each for each in standing if each.visit not in changes.take_off]
    return kept + [StandingVisit(visit, happened=False) for visit in changes.add]


def test_everybody_is_called_on_each_day_of_the_period() -> None:
    assert [visit.day for visit in calendar(period_of(rule_with(3), 0))] == [on(1), on(2), on(3)]


def test_a_rule_may_ask_for_several_calls_a_day() -> None:
    visits = calendar(period_of(rule_with(2, calls=2), 0))
    assert [(visit.day, visit.number) for visit in visits] == [(on(1), 1), (on(1), 2), (on(2), 1), (on(2), 2)]


def test_who_becomes_known_late_is_called_from_then_on() -> None:
    changes = regenerate(period_of(rule_with(5), 0), [], today=on(4))
    assert [visit.day for visit in changes.add] == [on(4), on(5)]


def test_a_longer_period_adds_its_days_and_touches_nothing_else() -> None:
    changes = regenerate(period_of(rule_with(3), 0, missed=(3,)), open_visits(1, 2, 3), today=on(2))
    assert changes == Changes(add=(PlannedVisit(on(4)),))


def test_when_the_follow_up_stops_all_that_is_left_is_taken_off() -> None:
    standing = [*open_visits(1, 2, 4), StandingVisit(PlannedVisit(on(3)), happened=True)]
    changes = regenerate(None, standing, today=on(2))
    assert [visit.day for visit in changes.take_off] == [on(2), on(4)]


def test_a_call_that_has_happened_today_is_not_planned_again() -> None:
    done = [StandingVisit(PlannedVisit(on(2)), happened=True)]
    assert [visit.day for visit in regenerate(period_of(rule_with(3), 0), done, today=on(2)).add] == [on(3)]


@settings(deadline=None)
@given(rules, exposures, extensions, overrides, standing_visits, days)
def test_making_the_calendar_again_changes_nothing(
    rule: Rule, met: list[date], missed: list[Extended], said: list[Override], standing: list[StandingVisit], today: int
) -> None:
    found = period(rule, ON_DAY, met, missed, said)
    once = after(standing, regenerate(found, standing, on(today)))
    assert regenerate(found, once, on(today)) == Changes()


@settings(deadline=None)
@given(rules, exposures, extensions, overrides, standing_visits, days)
def test_only_what_has_not_happened_is_touched_and_no_visit_is_outside_the_period(
    rule: Rule, met: list[date], missed: list[Extended], said: list[Override], standing: list[StandingVisit], today: int
) -> None:
    found = period(rule, ON_DAY, met, missed, said)
    assert found is not None
    assert all(found.holds(visit.day) for visit in calendar(found))
    changes = regenerate(found, standing, on(today))
    assert all(visit.day >= on(today) for visit in (*changes.add, *changes.take_off))
    now = after(standing, changes)
    assert [each for each in standing if each.happened] == [each for each in now if each.happened]
    for each in now:
        if not each.happened and each.visit.day >= on(today):
            assert found.holds(each.visit.day)
            assert each.visit.number <= rule.practice.calls_per_day
    assert len({each.visit for each in now}) == len(now)


@given(standing_visits, days, st.data())
def test_the_order_of_the_calendar_does_not_matter(
    standing: list[StandingVisit], today: int, data: st.DataObject
) -> None:
    found = period_of(rule_with(9), 4)
    assert regenerate(found, standing, on(today)) == regenerate(found, data.draw(st.permutations(standing)), on(today))


# --- tests


def test_a_test_that_was_missed_stays_due() -> None:
    found = period_of(rule_with(7, tests=(1, 7)), 0)
    assert due_tests(found, [], on(0)) == ()
    assert due_tests(found, [], on(3)) == (on(1),)
    assert due_tests(found, [on(3)], on(6)) == ()
    assert due_tests(found, [on(3)], on(7)) == (on(7),)
    assert due_tests(found, [on(3), on(7)], on(9)) == ()


def test_one_late_test_makes_good_for_all_before_it() -> None:
    found = period_of(rule_with(7, tests=(1, 7)), 0)
    assert due_tests(found, [on(8)], on(8)) == ()


def test_a_test_before_the_exposure_says_nothing() -> None:
    found = period_of(rule_with(7, tests=(1,)), 0)
    assert due_tests(found, [on(0)], on(2)) == (on(1),)
