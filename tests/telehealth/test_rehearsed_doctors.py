"""Doctors in a rehearsal: their real hours and what is taken of them, and nothing is booked."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from flows.catalogue import Library, load_library
from ivr.rehearsal.doctors import Caller
from ivr.rehearsal.report import rehearse
from telehealth.practitioners import Doctor
from telehealth.rehearsal import RehearsedDoctors
from telehealth.slots import Hours, Slot
from tests.ivr.rehearsal.plans import MONDAY, a_plan, assumptions

pytestmark = pytest.mark.capability("N3")
ZONE = "Asia/Ho_Chi_Minh"
MORNING = tuple(Hours(day, time(8), time(10), 30) for day in range(5))
DUTY = tuple(Hours(day, time(8), time(20), None) for day in range(7))


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def _doctor(number: int, hours: tuple[Hours, ...], area: str = "") -> Doctor:
    return Doctor(UUID(int=number), "", frozenset({"vi"}), ZONE, area, hours)


def _caller(number: int) -> Caller:
    return Caller(number, "vi", "38.380")


def _book(doctors: RehearsedDoctors, number: int, now: datetime = MONDAY) -> str:
    offered = doctors.perform("telehealth.offer_slots", {}, _caller(number), now)
    assert offered is not None
    if offered[0] == "none":
        return "none"
    booked = doctors.perform("telehealth.book", {"slot": offered[1]["slots"][0]["id"]}, _caller(number), now)
    assert booked is not None
    doctors.hung_up(_caller(number))
    return f"{booked[0]} {booked[1]['at']}"


def test_slots_go_one_after_another_and_the_report_says_when_they_are_gone_and_who_found_none() -> None:
    doctors = RehearsedDoctors([_doctor(1, MORNING)], {}, ZONE)
    times = [_book(doctors, number) for number in range(25)]
    # Monday's first hour is gone or too soon; five mornings of four slots within seven days.
    assert times[0] == "booked 2026-11-23T08:30:00+07:00"
    assert len(set(times) - {"none"}) == 19
    summary = doctors.summary(MONDAY + timedelta(days=7))
    assert summary is not None
    assert (summary["asked"], summary["booked"], summary["found_none"]) == (25, 19, 6)
    assert summary["gone_at"] == "2026-11-23T08:00+07:00"
    assert summary["doctors_short"] == 1


def test_what_is_really_taken_is_not_offered() -> None:
    taken = Slot(datetime(2026, 11, 23, 1, 30, tzinfo=UTC), datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
    doctors = RehearsedDoctors([_doctor(1, MORNING)], {UUID(int=1): [taken]}, ZONE)
    assert _book(doctors, 1) == "booked 2026-11-23T09:00:00+07:00"


def test_two_callers_at_once_are_never_offered_the_same_slot() -> None:
    doctors = RehearsedDoctors([_doctor(1, MORNING)], {}, ZONE)
    offers = [doctors.perform("telehealth.offer_slots", {}, _caller(number), MONDAY) for number in (1, 2, 3)]
    whens = [slot["when"] for offer in offers if offer for slot in offer[1]["slots"]]
    assert len(whens) == len(set(whens)) >= 3


def test_a_doctor_on_duty_takes_one_caller_after_another_and_those_who_hung_up_are_called_back() -> None:
    doctors = RehearsedDoctors([_doctor(1, DUTY)], {}, ZONE)
    for number in range(3):
        came = doctors.perform("telehealth.queue", {}, _caller(number), MONDAY)
        assert came is not None
        assert came[0] == "queued"
    assert doctors.meet("queue:0", MONDAY, 120, 600).outcome == "answered"
    assert doctors.meet("queue:1", MONDAY, 120, 600).outcome == "no_answer"
    summary = doctors.summary(MONDAY + timedelta(days=1))
    assert summary is not None
    assert (summary["queued"], summary["met"], summary["doctors_at_once"]) == (3, 3, 3)
    assert summary["longest_wait_seconds"] >= 600


def test_a_rehearsal_of_many_ill_people_says_that_appointments_run_out(library: Library) -> None:
    ill = assumptions(true_of={"fever": 0.8, "red_flag": 0.1})
    roster = [_doctor(1, MORNING), _doctor(2, DUTY)]
    plan = a_plan(library, 120, last_moment=MONDAY + timedelta(days=2))
    report = rehearse(plan, ill, lambda: RehearsedDoctors(roster, {}, ZONE))
    assert report["flagged"] > 40
    assert report["doctors"]["booked"] <= 24
    assert report["doctors"]["found_none"] > 10
    assert report["doctors"]["gone_at"].startswith("2026-11-23T")
    assert report == rehearse(plan, ill, lambda: RehearsedDoctors(roster, {}, ZONE))
