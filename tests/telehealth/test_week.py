"""Weekly hours as people write and read them."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from telehealth.slots import Hours
from telehealth.week import Period, WeekLine, in_periods, parse_line, parse_times, write_times

MORNING, AFTERNOON = (time(7, 30), time(11, 30)), (time(13, 30), time(17))


@pytest.mark.parametrize(
    "text",
    ["07:30-11:30, 13:30-17:00", "7h30 - 11h30; 13h30–17h", "  7:30-11:30 13g30-17 ", "07:30-11:30,13:30-17:00,"],
)
def test_times_are_read_as_people_write_them(text: str) -> None:
    assert parse_times(text) == [MORNING, AFTERNOON]


@pytest.mark.parametrize("text", ["sáng", "7:30", "7-25", "7:60-8", "24:30-3", "-", "07:30-11:30-12", "24-3"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(UserError, match="no span of hours"):
        parse_times(text)


def test_a_day_may_last_until_midnight() -> None:
    assert parse_times("17:00-24:00") == parse_times("17h-0h") == [(time(17), time(0))]
    assert write_times([(time(17), time(0))]) == "17:00-24:00"
    assert parse_times(" ") == []


@given(st.lists(st.tuples(st.times(), st.times()), max_size=4))
def test_what_is_written_is_read_back(spans: list[tuple[time, time]]) -> None:
    whole_minutes = sorted((a.replace(second=0, microsecond=0), b.replace(second=0, microsecond=0)) for a, b in spans)
    assert parse_times(write_times(whole_minutes)) == whole_minutes


@pytest.mark.capability("H1")
def test_one_line_gives_several_days_their_hours() -> None:
    week = parse_line("0-1,5 07:30-11:30 13:30-17:00", 15)
    assert week == [Hours(day, *span, 15) for day in (0, 1, 5) for span in (MORNING, AFTERNOON)]
    assert parse_line("6 8h-12h duty", 15) == [Hours(6, time(8), time(12), None)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [("mon 8-12", "weekdays"), ("7 8-12", "weekdays"), ("0-4", "no hours"), ("", "no hours"), ("0 duty", "no hours")],
)
def test_a_line_that_cannot_be_read_is_refused(line: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        parse_line(line, 15)


def test_days_with_equal_hours_are_told_together() -> None:
    since = date(2026, 11, 24)
    week = [Hours(day, *span, 15, since) for day in range(5) for span in (AFTERNOON, MORNING)]
    week += [Hours(6, time(8), time(12), None, since), Hours(0, *MORNING, 15, date.min, date(2026, 11, 23))]
    assert in_periods(week) == [
        Period(date.min, date(2026, 11, 23), [WeekLine((0,), "07:30-11:30", 15)]),
        Period(
            since,
            None,
            [WeekLine((0, 1, 2, 3, 4), "07:30-11:30, 13:30-17:00", 15), WeekLine((6,), "08:00-12:00", None)],
        ),
    ]
