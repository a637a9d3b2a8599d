"""Slots are weekly hours minus what is taken, on the clock of the clinic."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telehealth.slots import Hours, Slot, free_slots, in_order, on_duty, period, slots_from, slots_of_day

HANOI = "Asia/Ho_Chi_Minh"
BERLIN = "Europe/Berlin"
TUESDAY = Hours(1, time(8), time(9), 15)
DAY = date(2026, 11, 24)


def at(text: str, zone: str = HANOI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def starts(slots: list[Slot] | tuple[Slot, ...], zone: str = HANOI) -> list[str]:
    return [slot.starts.astimezone(ZoneInfo(zone)).strftime("%H:%M") for slot in slots]


@pytest.mark.capability("H1")
def test_hours_are_cut_into_slots_on_the_clinics_clock() -> None:
    slots = slots_of_day(TUESDAY, DAY, HANOI)
    assert starts(slots) == ["08:00", "08:15", "08:30", "08:45"]
    assert slots[0].starts == datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def test_a_rest_shorter_than_a_slot_is_left_over() -> None:
    assert starts(slots_of_day(Hours(1, time(8), time(8, 50), 20), DAY, HANOI)) == ["08:00", "08:20"]


def test_hours_count_only_on_their_weekday_and_while_they_are_valid() -> None:
    assert slots_of_day(TUESDAY, DAY + timedelta(days=1), HANOI) == ()
    dated = Hours(1, time(8), time(9), 15, valid_from=DAY, valid_until=DAY)
    assert [bool(slots_of_day(dated, DAY + timedelta(days=7 * n), HANOI)) for n in (-1, 0, 1)] == [False, True, False]


@pytest.mark.capability("H1")
def test_a_night_that_is_an_hour_shorter_has_fewer_slots() -> None:
    night = Hours(6, time(1), time(4), 30)
    spring, autumn, usual = date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1)
    assert starts(slots_of_day(night, spring, BERLIN), BERLIN) == ["01:00", "01:30", "03:00", "03:30"]
    assert len(slots_of_day(night, usual, BERLIN)) == 6
    assert starts(slots_of_day(night, autumn, BERLIN), BERLIN) == [
        "01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30",
    ]  # fmt: skip


def test_hours_that_begin_in_the_missing_hour_begin_after_it() -> None:
    assert starts(slots_of_day(Hours(6, time(2, 30), time(5), 30), date(2026, 3, 29), BERLIN), BERLIN)[0] == "03:30"


def test_midnight_ends_a_day() -> None:
    whole = period(Hours(1, time(22), time(0), 60), DAY, HANOI)
    assert whole is not None
    assert whole.ends - whole.starts == timedelta(hours=2)


@pytest.mark.capability("H1")
def test_what_is_taken_or_too_soon_or_too_far_is_not_free() -> None:
    taken = [Slot(at("2026-11-24T08:20"), at("2026-11-24T08:35"))]  # straddles two slots: hours have been changed since
    free = free_slots(slots_from((TUESDAY,), HANOI, at("2026-11-24T07:00"), at("2026-12-01T08:15")), taken)
    assert starts(free) == ["08:00", "08:45", "08:00"]
    assert slots_from((TUESDAY,), HANOI, at("2026-11-24T08:50"), at("2026-11-30T08:00")) == ()


@given(
    st.lists(st.tuples(st.integers(0, 120), st.integers(1, 90)), max_size=6), st.sampled_from([5, 10, 15, 20, 30, 45])
)
def test_no_free_slot_overlaps_what_is_taken_and_none_is_forgotten(taken: list[tuple[int, int]], length: int) -> None:
    hours, base = Hours(1, time(8), time(10), length), at("2026-11-24T08:00")
    busy = [Slot(base + timedelta(minutes=begins), base + timedelta(minutes=begins + lasts)) for begins, lasts in taken]
    free = free_slots(slots_from((hours,), HANOI, base, base + timedelta(days=1)), busy)
    wanted = [
        slot
        for slot in slots_of_day(hours, DAY, HANOI)
        if not any(each.starts < slot.ends and slot.starts < each.ends for each in busy)
    ]
    assert free == wanted


def test_duty_is_from_the_first_moment_to_before_the_last() -> None:
    duty = Hours(1, time(8), time(9), None)
    moments = ["07:59", "08:00", "08:59", "09:00"]
    assert [on_duty([duty], HANOI, at(f"2026-11-24T{moment}")) for moment in moments] == [False, True, True, False]
    assert slots_of_day(duty, DAY, HANOI) == ()


def test_a_round_has_every_time_once_with_the_least_loaded_practitioner() -> None:
    busy, idle = UUID(int=1), UUID(int=2)
    both, alone = slots_of_day(TUESDAY, DAY, HANOI)[:2]
    rounds = in_order({busy: [both, alone], idle: [both]}, {busy: 5, idle: 1})
    assert rounds == [[(idle, both), (busy, alone)], [(busy, both)]]
