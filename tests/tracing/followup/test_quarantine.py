"""Where somebody stays and until when; prolonged and shortened by people, with the history kept."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracing.followup.follow_up_making import DAY, ON_DAY, days, exposures, on, override, overrides, rule_with
from tracing.followup.counting import Override
from tracing.followup.period import period
from tracing.followup.quarantine import Quarantine, quarantine
from tracing.rules.model import Place, Rule

pytestmark = pytest.mark.capability("T14")

CENTRALISED, HOME, SELF_MONITORING = Place
HOME_THEN_WATCH = rule_with(14, quarantine=(("home", 1, 7), ("self_monitoring", 8, 14)))
CENTRE_FIRST = rule_with(28, quarantine=(("centralised", 1, 7), ("home", 8, 14), ("self_monitoring", 15, 28)))
ONLY_WATCHED = rule_with(10, quarantine=(("self_monitoring", 1, 10),))
NONE = rule_with(7)
RULES = st.sampled_from([HOME_THEN_WATCH, CENTRE_FIRST, ONLY_WATCHED, NONE])


def parts(plan: Quarantine) -> list[tuple[Place, int, int]]:
    return [(part.place, (part.first - DAY).days, (part.last - DAY).days) for part in plan.parts]


def plan(rule: Rule, *said: Override, met: tuple[int, ...] = (0,)) -> Quarantine:
    return quarantine(rule, ON_DAY, [on(n) for n in met], said)


def test_the_parts_are_dates_by_the_rules_day_one() -> None:
    assert parts(plan(HOME_THEN_WATCH)) == [(HOME, 1, 7), (SELF_MONITORING, 8, 14)]
    assert plan(HOME_THEN_WATCH).confined_until == on(7)
    day_1 = rule_with(14, counts_as=1, quarantine=(("home", 1, 7), ("self_monitoring", 8, 14)))
    assert parts(plan(day_1)) == [(HOME, 0, 6), (SELF_MONITORING, 7, 13)]


def test_a_longer_confinement_takes_its_days_from_the_self_monitoring() -> None:
    longer = plan(HOME_THEN_WATCH, override(10, 5))
    assert parts(longer) == [(HOME, 1, 10), (SELF_MONITORING, 11, 14)]
    assert (longer.by_rule, longer.confined_until) == (on(7), on(10))
    assert longer.override is not None
    assert longer.override.by == "BS. Hà"


def test_and_goes_on_beyond_it_if_need_be_with_calls_until_the_end() -> None:
    longer = plan(HOME_THEN_WATCH, override(20, 5))
    assert parts(longer) == [(HOME, 1, 20)]
    followed = period(HOME_THEN_WATCH, ON_DAY, [DAY], held_until=longer.confined_until)
    assert followed is not None
    assert followed.last == on(20)


def test_who_is_let_out_early_is_watched_as_long_as_before() -> None:
    assert parts(plan(HOME_THEN_WATCH, override(5, 5))) == [(HOME, 1, 5), (SELF_MONITORING, 6, 14)]
    assert parts(plan(HOME_THEN_WATCH, override(0, 0))) == [(SELF_MONITORING, 1, 14)]


def test_several_places_follow_one_another() -> None:
    assert parts(plan(CENTRE_FIRST)) == [(CENTRALISED, 1, 7), (HOME, 8, 14), (SELF_MONITORING, 15, 28)]
    assert parts(plan(CENTRE_FIRST, override(16, 3))) == [(CENTRALISED, 1, 7), (HOME, 8, 16), (SELF_MONITORING, 17, 28)]
    assert parts(plan(CENTRE_FIRST, override(4, 3))) == [(CENTRALISED, 1, 4), (SELF_MONITORING, 5, 28)]


def test_whom_the_rule_confines_nowhere_a_person_may_keep_at_home() -> None:
    assert plan(ONLY_WATCHED).confined_until is None
    assert parts(plan(ONLY_WATCHED, override(3, 0))) == [(HOME, 1, 3), (SELF_MONITORING, 4, 10)]
    assert parts(plan(NONE)) == []
    assert parts(plan(NONE, override(3, 0))) == [(HOME, 1, 3)]


def test_a_newer_exposure_restarts_the_quarantine_and_outlives_a_shortening() -> None:
    assert parts(plan(HOME_THEN_WATCH, met=(0, 3))) == [(HOME, 4, 10), (SELF_MONITORING, 11, 17)]
    assert plan(HOME_THEN_WATCH, override(5, 2), met=(0, 3)).confined_until == on(10)


def test_a_day_has_one_place() -> None:
    found = plan(CENTRE_FIRST)
    places = [found.place_on(on(n)) for n in (0, 1, 7, 8, 15, 28, 29)]
    assert places == [None, CENTRALISED, CENTRALISED, HOME, SELF_MONITORING, SELF_MONITORING, None]


@settings(deadline=None)
@given(RULES, exposures, overrides)
def test_the_parts_leave_no_gap_and_let_nobody_out_and_in_again(
    rule: Rule, met: list[date], said: list[Override]
) -> None:
    found = quarantine(rule, ON_DAY, met, said).parts
    for before, after in pairwise(found):
        assert after.first == before.last + timedelta(days=1)
        assert before.place.confined or not after.place.confined
    assert all(part.first <= part.last for part in found)


@settings(deadline=None)
@given(RULES, exposures, overrides)
def test_what_a_person_set_is_what_holds(rule: Rule, met: list[date], said: list[Override]) -> None:
    found = quarantine(rule, ON_DAY, met, said)
    if found.override is not None and found.confined_until is not None:
        assert found.confined_until == found.override.last_day
    if found.override is None:
        assert found.confined_until == found.by_rule


@settings(deadline=None)
@given(st.sampled_from([HOME_THEN_WATCH, CENTRE_FIRST]), exposures, overrides, days)
def test_an_exposure_that_nobody_knew_of_lets_nobody_out_sooner(
    rule: Rule, met: list[date], said: list[Override], more: int
) -> None:
    newer = max([*met, DAY, *(each.at.date() for each in said)]) + timedelta(days=1 + more)
    before = quarantine(rule, ON_DAY, met, said).confined_until
    after = quarantine(rule, ON_DAY, [*met, newer], said).confined_until
    assert after is not None
    assert before is None or after >= before


@settings(deadline=None)
@given(RULES, exposures, overrides, st.data())
def test_the_order_in_which_things_are_told_does_not_matter(
    rule: Rule, met: list[date], said: list[Override], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(met)), data.draw(st.permutations(said))
    assert quarantine(rule, ON_DAY, met, said) == quarantine(rule, ON_DAY, *shuffled)
