"""Calling hours: when a person may be called, on their own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from ivr.campaigns.window import Window, is_allowed, make_window, next_allowed

EVERY_DAY = range(7)
OFFICE = make_window("Asia/Ho_Chi_Minh", time(8), time(20), EVERY_DAY)


def hanoi(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.mark.capability("I4")
@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00"),
        ("2026-11-23T08:00", "2026-11-23T08:00"),
        ("2026-11-23T07:59:59", "2026-11-23T08:00"),
        ("2026-11-23T20:00", "2026-11-24T08:00"),  # the end is not in the window
        ("2026-11-23T23:30", "2026-11-24T08:00"),
        ("2026-12-31T21:00", "2027-01-01T08:00"),
    ],
)
def test_a_call_waits_for_the_next_opening(moment: str, expected: str) -> None:
    assert next_allowed(hanoi(moment), OFFICE) == hanoi(expected)


@pytest.mark.capability("I4")
def test_a_retry_on_friday_night_lands_on_monday_when_weekends_are_free() -> None:
    weekdays = make_window("Asia/Ho_Chi_Minh", time(8), time(17), range(5))
    assert next_allowed(hanoi("2026-11-27T18:00"), weekdays) == hanoi("2026-11-30T08:00")
    assert next_allowed(hanoi("2026-11-28T10:00"), weekdays) == hanoi("2026-11-30T08:00")


@pytest.mark.capability("I4")
def test_the_clock_of_the_person_called_counts_not_ours() -> None:
    ten_in_hanoi = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    berlin = make_window("Europe/Berlin", time(8), time(20), EVERY_DAY)
    assert is_allowed(ten_in_hanoi, OFFICE)
    assert not is_allowed(ten_in_hanoi, berlin)
    assert next_allowed(ten_in_hanoi, berlin) == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


def test_a_skipped_hour_opens_after_the_clock_change() -> None:
    """In Berlin 29 March 2026 has no 02:30; an opening then is 03:30, not 01:30."""
    early = make_window("Europe/Berlin", time(2, 30), time(6), EVERY_DAY)
    assert next_allowed(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), early) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    """In Berlin 25 October 2026 has 02:30 twice."""
    night = make_window("Europe/Berlin", time(2), time(3), EVERY_DAY)
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert next_allowed(first, night) == first
    assert next_allowed(second, night) == second


@pytest.mark.capability("I4")
@pytest.mark.parametrize(
    ("opens", "moment", "expected"),
    [
        (time(0), "2026-11-23T00:00", "2026-11-23T00:00"),
        (time(0), "2026-11-23T23:59:59", "2026-11-23T23:59:59"),
        (time(18), "2026-11-23T23:59", "2026-11-23T23:59"),
        (time(18), "2026-11-24T00:00", "2026-11-24T18:00"),
        (time(18), "2026-11-27T23:59", "2026-11-27T23:59"),
        (time(18), "2026-11-28T00:00", "2026-11-30T18:00"),  # midnight belongs to Saturday, which is free
    ],
)
def test_closing_at_midnight_is_the_end_of_the_day(opens: time, moment: str, expected: str) -> None:
    weekdays = make_window("Asia/Ho_Chi_Minh", opens, time(0), range(5))
    assert next_allowed(hanoi(moment), weekdays) == hanoi(expected)


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("Asia/Ho_Chi_Minh", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe")
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hours=st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] < pair[1]),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    moment=st.integers(0, 700 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes)),
)
def test_the_next_allowed_moment_is_allowed_and_never_before(
    zone: str, hours: tuple[time, time], weekdays: frozenset[int], moment: datetime
) -> None:
    window = Window(ZoneInfo(zone), *hours, weekdays)
    try:
        found = next_allowed(moment, window)
    except UserError:
        # Only a window that lies wholly inside a skipped hour has no moment for so long.
        assert hours[1] <= time(4)
        return
    assert found >= moment
    assert is_allowed(found, window)
    # Nothing was skipped: an hour at a time, no allowed moment lies before it (but for the minutes of a clock change).
    step = moment
    while step < found - timedelta(hours=2):
        assert not is_allowed(step, window)
        step += timedelta(minutes=15)


@pytest.mark.parametrize(
    ("opens", "closes", "weekdays", "zone", "says"),
    [
        (time(20), time(8), EVERY_DAY, "Asia/Ho_Chi_Minh", "end before they begin"),
        (time(8), time(8), EVERY_DAY, "Asia/Ho_Chi_Minh", "end before they begin"),
        (time(8), time(20), (), "Asia/Ho_Chi_Minh", "no day to call on"),
        (time(8), time(20), (7,), "Asia/Ho_Chi_Minh", "no day to call on"),
        (time(8), time(20), EVERY_DAY, "Hanoi", "no time zone"),
        (time(8), time(20), EVERY_DAY, "../etc/passwd", "no time zone"),
    ],
)
def test_hours_that_cannot_be_are_refused(
    opens: time, closes: time, weekdays: tuple[int, ...], zone: str, says: str
) -> None:
    with pytest.raises(UserError, match=says):
        make_window(zone, opens, closes, weekdays)
