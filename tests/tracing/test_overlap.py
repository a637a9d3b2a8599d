"""Who was there at the same time: property by property, against a count of every minute, and by the rulebook."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracing.rules.rulebook import shipped
from tracing.venues.overlap import Stay, Visited, Window, infectious_window, meetings, together

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
ALWAYS = Window(NOON - timedelta(days=30), NOON + timedelta(days=30))
minute = st.integers(-200, 200)
pytestmark = pytest.mark.capability("T10")


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


@st.composite
def stays(draw: st.DrawFn, off: bool = True) -> Stay:
    arrived, length = draw(minute), draw(st.integers(0, 180))
    return Stay(at(arrived), at(arrived + length), timedelta(minutes=draw(st.integers(0, 60)) if off else 0))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    first = draw(minute)
    return Window(at(first), at(first + draw(st.integers(1, 400))))


def minute_by_minute(own: Stay, other: Stay, window: Window, after: int) -> int:
    """The minutes in which the other was there, and the case was there in the window or had left `after` ago."""
    found = 0
    for each in range(-300, 700):
        here = at(each)
        was_there = other.arrived <= here < other.left
        air_from = max(own.arrived, window.first)
        air_until = min(own.left, window.until)
        found += was_there and air_from <= air_until and air_from <= here < air_until + timedelta(minutes=after)
    return found


@given(stays(off=False), stays(off=False), windows(), st.integers(0, 120))
def test_the_minutes_are_those_that_one_would_count(own: Stay, other: Stay, window: Window, after: int) -> None:
    found = together(own, other, window, after)
    assert (0 if found is None else found.minutes) == minute_by_minute(own, other, window, after)


@given(stays(), stays())
def test_who_was_with_whom_is_the_same_from_both_sides(own: Stay, other: Stay) -> None:
    assert together(own, other, ALWAYS) == together(other, own, ALWAYS)


@given(stays(), stays(), windows(), st.integers(0, 120))
def test_at_least_is_no_more_than_told_and_that_no_more_than_at_most(
    own: Stay, other: Stay, window: Window, after: int
) -> None:
    found = together(own, other, window, after)
    if found is not None:
        assert 0 <= found.at_least <= found.minutes <= found.at_most
        longest = other.left - other.arrived + 2 * other.off
        assert timedelta(minutes=found.at_most) <= longest


@given(stays(), stays(), windows(), st.integers(0, 120), st.integers(1, 60))
def test_who_is_less_sure_of_the_time_was_there_at_most_longer_and_at_least_shorter(
    own: Stay, other: Stay, window: Window, after: int, more: int
) -> None:
    sure = together(own, other, window, after)
    unsure = together(own, replace(other, off=other.off + timedelta(minutes=more)), window, after)
    if sure is not None:
        assert unsure is not None
        assert unsure.at_most >= sure.at_most
        assert unsure.at_least <= sure.at_least
        assert unsure.minutes == sure.minutes


@given(stays(), stays(), windows(), st.integers(0, 120), st.integers(1, 60))
def test_air_that_stays_longer_never_makes_a_meeting_shorter(
    own: Stay, other: Stay, window: Window, after: int, more: int
) -> None:
    before, longer = together(own, other, window, after), together(own, other, window, after + more)
    if before is not None:
        assert longer is not None
        assert longer.minutes >= before.minutes


@given(st.lists(stays(), max_size=6), windows())
def test_meetings_come_by_duration_and_never_with_oneself(all_stays: list[Stay], window: Window) -> None:
    own = [Visited(UUID(int=n), UUID(int=n % 2), UUID(int=1), stay) for n, stay in enumerate(all_stays)]
    others = [Visited(UUID(int=100 + n), UUID(int=n % 2), UUID(int=n % 3), stay) for n, stay in enumerate(all_stays)]
    found = meetings(own, others, window)
    assert [met.together.minutes for met in found] == sorted((met.together.minutes for met in found), reverse=True)
    assert all(met.own.venue_id == met.other.venue_id for met in found)
    assert all(met.other.person_id != UUID(int=1) for met in found)
    assert found == meetings(own, list(reversed(others)), window)


def test_who_came_in_as_the_case_went_out_was_there_for_no_minute() -> None:
    found = together(Stay(at(0), at(60)), Stay(at(60), at(90)), ALWAYS)
    assert found is not None
    assert (found.minutes, found.after) == (0, False)
    assert together(Stay(at(0), at(60)), Stay(at(61), at(90)), ALWAYS) is None


def test_who_came_in_after_the_case_had_left_breathed_the_air_for_as_long_as_the_rule_says() -> None:
    found = together(Stay(at(0), at(60)), Stay(at(100), at(400)), ALWAYS, minutes_after=120)
    assert found is not None
    assert (found.minutes, found.after) == (80, True)


def test_the_window_of_a_case_follows_the_rule_of_its_disease() -> None:
    measles = shipped().rule_for("measles", "38", date(2026, 11, 20))
    window = infectious_window(measles, date(2026, 11, 10), None, ZONE)
    assert window == Window(datetime(2026, 11, 6, tzinfo=ZONE), datetime(2026, 11, 15, tzinfo=ZONE))
    assert measles.infectious is not None
    assert measles.infectious.minutes_after == 120
    covid = shipped().rule_for("covid-19", "38", date(2021, 12, 30))
    assert infectious_window(covid, None, date(2021, 12, 20), ZONE, date(2021, 12, 22)) == Window(
        datetime(2021, 12, 18, tzinfo=ZONE), datetime(2021, 12, 23, tzinfo=ZONE)
    )


def test_without_a_day_to_count_from_nobody_guesses_a_window() -> None:
    measles = shipped().rule_for("measles", "38", date(2026, 11, 20))
    assert infectious_window(measles, None, None, ZONE) is None
    assert infectious_window(measles, date(2026, 11, 10), None, ZONE, date(2026, 11, 1)) is None
    assert infectious_window(replace(measles, infectious=None), date(2026, 11, 10), None, ZONE) is None
