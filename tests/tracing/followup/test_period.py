"""From when until when somebody is followed up: day one, newer exposures, missed last days, and what people set."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracing.followup.follow_up_making import (
    DAY,
    ON_DAY,
    REASON,
    ZONE,
    days,
    exposures,
    extensions,
    on,
    override,
    overrides,
    period_of,
    rule_with,
    rules,
)
from tracing.followup.counting import Override, Since
from tracing.followup.period import Extended, Period, period
from tracing.followup.why import why
from tracing.rules.model import Rule
from tracing.rules.rulebook import load_rulebook
from tracing.rules.situation import Situation


def made(rule: Rule, *arguments: object) -> Period:
    found = period(rule, ON_DAY, *arguments)  # type: ignore[arg-type]
    assert found is not None
    return found


# --- day one


@pytest.mark.capability("T3")
def test_with_exposure_day_0_seven_days_run_from_the_day_after_to_the_seventh() -> None:
    found = period_of(rule_with(7, counts_as=0), 0)
    assert (found.first, found.last) == (on(1), on(7))
    assert (found.number(on(1)), found.number(on(7))) == (1, 7)


@pytest.mark.capability("T3")
def test_with_exposure_day_1_they_begin_on_the_day_itself_and_end_a_day_earlier() -> None:
    found = period_of(rule_with(7, counts_as=1), 0)
    assert (found.first, found.last) == (on(0), on(6))


@pytest.mark.capability("T3")
def test_a_rule_may_count_from_the_quarantine_which_begins_when_the_contact_becomes_known() -> None:
    rule = rule_with(7, of="quarantine_start", counts_as=1)
    late = Situation(on(4), quarantined_on=on(6))
    assert period_of(rule, -3).first == on(0)
    found = period(rule, late, [on(0)])
    assert found is not None
    assert (found.first, found.last, found.start.since) == (on(6), on(12), Since.QUARANTINE_START)
    again = period(rule, late, [on(0), on(8)])
    assert again is not None
    assert (again.first, again.start.since) == (on(8), Since.LAST_EXPOSURE)


def test_without_a_known_exposure_the_day_of_the_report_counts() -> None:
    found = period_of(rule_with(7))
    assert (found.first, found.last, found.start.since) == (on(1), on(7), Since.REPORTED)


@pytest.mark.parametrize("counts_as", [0, 1])
def test_day_numbers_and_dates_are_each_others_inverse(counts_as: int) -> None:
    found = period_of(rule_with(7, counts_as=counts_as), 3)
    assert [found.number(found.day(number)) for number in range(-5, 40)] == list(range(-5, 40))


def test_the_days_of_tests_are_dates_of_the_period() -> None:
    rule = rule_with(7, tests=(1, 7))
    assert period_of(rule, 0).tests == (on(1), on(7))
    assert period_of(rule, 0, overrides=(override(5, 4),)).tests == (on(1),)


def test_a_course_without_follow_up_has_no_period() -> None:
    assert period(rule_with(0), ON_DAY, [DAY]) is None


# --- newer exposures


@pytest.mark.capability("T4")
def test_a_newer_exposure_restarts_the_period() -> None:
    assert period_of(rule_with(7), 0, 5).last == on(12)
    assert period_of(rule_with(7), 5, 0).last == on(12)


# --- missed last days


@pytest.mark.capability("T4")
def test_a_missed_last_day_adds_a_day_up_to_the_rules_most() -> None:
    rule = rule_with(7, extend=(1, 2))
    assert period_of(rule, 0, missed=(7,)).last == on(8)
    assert period_of(rule, 0, missed=(7, 8)).last == on(9)
    assert period_of(rule, 0, missed=(7, 8, 9)).last == on(9)
    assert period_of(rule, 0, missed=(7, 8)).latest == on(9)


def test_a_rule_may_extend_nothing() -> None:
    found = period_of(rule_with(7, extend=None), 0, missed=(7,))
    assert found.last == found.latest == on(7)


def test_a_newer_exposure_swallows_the_days_that_were_added_before_it() -> None:
    assert period_of(rule_with(7), 0, 3, missed=(7,)).last == on(10)


# --- what people set


@pytest.mark.capability("T4")
def test_a_person_sets_the_last_day_and_author_time_and_reason_are_kept() -> None:
    found = period_of(rule_with(7), 0, overrides=(override(5, 2),))
    assert found.last == on(5)
    assert found.override is not None
    assert (found.override.by, found.override.at.hour, found.override.reason) == ("BS. Hà", 9, REASON)
    assert period_of(rule_with(7), 0, overrides=(override(10, 2),)).last == on(10)


def test_of_several_the_newest_counts() -> None:
    assert period_of(rule_with(7), 0, overrides=(override(9, 3), override(5, 2))).last == on(9)
    assert period_of(rule_with(7), 0, overrides=(override(9, 3, 8), override(5, 3, 10))).last == on(5)


def test_an_exposure_that_the_author_did_not_know_of_outlives_a_shortening() -> None:
    assert period_of(rule_with(7), 0, 4, overrides=(override(5, 2),)).last == on(11)
    assert period_of(rule_with(7), 0, 4, overrides=(override(20, 2),)).last == on(20)


def test_what_was_missed_before_a_person_set_the_last_day_is_not_held_against_it() -> None:
    assert period_of(rule_with(7), 0, missed=(7,), overrides=(override(6, 8),)).last == on(6)
    assert period_of(rule_with(7), 0, missed=(7, 10), overrides=(override(10, 8),)).last == on(11)


def test_nobody_is_in_quarantine_uncalled() -> None:
    found = period(rule_with(7), ON_DAY, [DAY], held_until=on(12))
    assert found is not None
    assert found.last == on(12)


# --- why


def test_a_period_says_why_and_by_which_decision() -> None:
    rule = load_rulebook().rule("covid-19/byt-762")
    at = datetime(2022, 3, 2, 9, tzinfo=ZONE)
    set_by_hand = Override(date(2022, 3, 18), "BS. Hà", at, REASON)
    found = period(rule, Situation(date(2022, 3, 1)), [], [Extended(date(2022, 3, 18))], [set_by_hand])
    assert found is not None
    by_rule, by_hand, extended = why(found)
    assert by_rule["vi"] == (
        "F1 chưa tiêm hoặc chưa tiêm đủ: 10 ngày, 01/03/2022 (ngày bắt đầu cách ly) là ngày 1, "
        "theo 762/BYT-DP (21/02/2022)."
    )
    assert by_rule["en"].endswith("with 2022-03-01 (the first day of quarantine) as day 1, by 762/BYT-DP (2022-02-21).")
    assert by_hand["vi"] == f"BS. Hà đặt ngày cuối là 18/03/2022: {REASON}"
    assert extended["en"] == "Extended to 2022-03-19, because nobody could talk with them on the last day."


# --- whatever comes


@settings(deadline=None)
@given(rules, exposures, extensions, overrides, st.data())
def test_the_order_in_which_things_are_told_does_not_matter(
    rule: Rule, met: list[date], missed: list[Extended], said: list[Override], data: st.DataObject
) -> None:
    shuffled = (data.draw(st.permutations(each)) for each in (met, missed, said))
    assert made(rule, met, missed, said) == made(rule, *shuffled)


@settings(deadline=None)
@given(rules, exposures, extensions, overrides, days)
def test_a_newer_exposure_never_ends_a_follow_up_sooner(
    rule: Rule, met: list[date], missed: list[Extended], said: list[Override], more: int
) -> None:
    before = made(rule, met, missed, said)
    newer = max([*met, DAY]) + timedelta(days=more)
    assert made(rule, [*met, newer], missed, said).last >= before.last


@settings(deadline=None)
@given(rules, exposures, extensions, overrides, days)
def test_a_missed_day_never_ends_a_follow_up_sooner_nor_later_than_the_rules_most(
    rule: Rule, met: list[date], missed: list[Extended], said: list[Override], more: int
) -> None:
    before = made(rule, met, missed, said)
    after = made(rule, met, [*missed, Extended(on(more))], said)
    assert before.last <= after.last <= after.latest == before.latest


@settings(deadline=None)
@given(rules, exposures, extensions, overrides)
def test_a_period_has_a_first_day_a_last_day_and_a_decision(
    rule: Rule, met: list[date], missed: list[Extended], said: list[Override]
) -> None:
    found = made(rule, met, missed, said)
    assert found.first <= found.settled <= found.last <= found.latest
    assert found.number(found.first) == 1
    assert found.cites
    assert {language for sentence in why(found) for language in sentence} == {"vi", "en"}


@settings(deadline=None)
@given(rules, exposures)
def test_without_people_and_missed_days_a_period_is_as_long_as_the_rule_says(rule: Rule, met: list[date]) -> None:
    found = made(rule, met)
    assert found.number(found.last) == rule.courses[0].follow_up_days
