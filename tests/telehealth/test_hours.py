"""Editing a practitioner's weekly hours, and the practitioners of the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from core.clock import SimulatedClock
from core.database import Database, UnitOfWork
from core.errors import UserError
from core.ids import new_id
from telehealth.holds import offer
from telehealth.hours import check_hours, hours_of, replace_hours
from telehealth.model import WeeklyHours
from telehealth.practitioners import doctors
from telehealth.registration import find_doctor
from telehealth.sample import add_sample_practitioners
from telehealth.slots import Hours

if TYPE_CHECKING:
    from conftest import Clinic

MORNING = Hours(1, time(8), time(10), 15)


@pytest.mark.parametrize(
    ("hours", "problem"),
    [
        ([Hours(7, time(8), time(9), 15)], "weekday"),
        ([Hours(1, time(9), time(8), 15)], "end before they begin"),
        ([Hours(1, time(8), time(8), 15)], "end before they begin"),
        ([Hours(1, time(8), time(9), 0)], "0 minutes"),
        ([Hours(1, time(8), time(9), 90)], "longer than the hours"),
        ([MORNING, Hours(1, time(9, 45), time(11), 15)], "overlap"),
        ([MORNING, Hours(1, time(9), time(0), None)], "overlap"),
    ],
)
@pytest.mark.capability("H1")
def test_hours_that_cannot_be_are_refused(hours: list[Hours], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        check_hours(hours)


def test_hours_may_touch_and_may_end_at_midnight() -> None:
    check_hours([MORNING, Hours(1, time(10), time(0), 30), Hours(2, time(8), time(10), 15)])


@pytest.mark.capability("H1")
def test_new_hours_hold_from_their_day_and_old_ones_until_then(clinic: Clinic, database: Database) -> None:
    doctor = clinic.doctor(hours=((1, "08:00", "08:30"),))
    with database.unit() as uow:
        replace_hours(uow, doctor, [Hours(1, time(14), time(14, 15), 15)], date(2026, 11, 25))
    offers = clinic.ask(None, count=9)
    assert [f"{each.slot.starts + timedelta(hours=7):%d %H:%M}" for each in offers] == ["24 08:00", "24 08:15"]
    with database.unit() as uow:
        assert [(each.valid_from, each.valid_until) for each in hours_of(uow, doctor)] == [
            (date(2026, 1, 1), date(2026, 11, 24)),
            (date(2026, 11, 25), None),
        ]
        replace_hours(uow, doctor, [], date(2026, 11, 24))  # nobody comes any more from tomorrow on
        assert [each.valid_until for each in hours_of(uow, doctor)] == [date(2026, 11, 23)]


def test_hours_of_today_cannot_be_changed_nor_those_of_nobody(clinic: Clinic, database: Database) -> None:
    doctor = clinic.doctor()
    with pytest.raises(UserError, match="today"), database.unit() as uow:
        replace_hours(uow, doctor, [MORNING], date(2026, 11, 23))
    with pytest.raises(UserError, match="no such practitioner"), database.unit() as uow:
        replace_hours(uow, new_id(), [MORNING], date(2026, 12, 1))


def _shown(uow: UnitOfWork, doctor: UUID) -> None:
    hours_of(uow, doctor)


def _looked_up(uow: UnitOfWork, doctor: UUID) -> None:
    find_doctor(uow, str(doctor))


def _changed(uow: UnitOfWork, doctor: UUID) -> None:
    replace_hours(uow, doctor, [MORNING], date(2026, 12, 1))


@pytest.mark.parametrize("meanwhile", [_shown, _looked_up, _changed])
def test_a_caller_books_while_somebody_is_at_the_doctors_hours(
    clinic: Clinic, database: Database, meanwhile: Callable[[UnitOfWork, UUID], None]
) -> None:
    doctor, call = clinic.doctor(), clinic.call()
    with database.unit() as uow:
        meanwhile(uow, doctor)
        with database.unit() as other:
            other.session.execute(text("SET LOCAL lock_timeout = '300ms'"))
            held = offer(other, language="vi", call_id=call)[0]
        assert clinic.book(held, call) == "booked"


def test_two_who_change_a_doctors_hours_do_so_one_after_the_other(clinic: Clinic, database: Database) -> None:
    doctor = clinic.doctor()
    with database.unit() as uow:
        _changed(uow, doctor)
        with database.unit() as other:
            other.session.execute(text("SET LOCAL lock_timeout = '300ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                _changed(other, doctor)
            other.session.rollback()


def test_the_sample_works_from_the_first_local_day_on(database: Database, clock: SimulatedClock) -> None:
    """Before seven in the morning in Vietnam it is still yesterday in Greenwich."""
    clock.set(datetime.fromisoformat("2026-11-27T18:00:00+00:00"))
    with database.unit() as uow:
        add_sample_practitioners(uow, "Asia/Ho_Chi_Minh")
        assert set(uow.session.scalars(select(WeeklyHours.valid_from))) == {date(2026, 11, 28)}


@pytest.mark.parametrize("hour", [0, 3, 9, 15, 21])
def test_the_sample_has_slots_in_every_language_and_somebody_on_duty_at_any_hour(
    database: Database, clock: SimulatedClock, hour: int
) -> None:
    clock.set(datetime.fromisoformat(f"2026-11-28T{hour:02}:00:00+00:00"))  # a Saturday
    with database.unit() as uow:
        assert add_sample_practitioners(uow, "Asia/Ho_Chi_Minh") == 7
        assert add_sample_practitioners(uow, "Asia/Ho_Chi_Minh") == 0
    with database.unit() as uow:
        for language in "vi", "en", "ko":
            offers = offer(uow, language=language)
            assert len(offers) == 3
            assert all(language in each.doctor.languages for each in offers)
            assert offers[-1].slot.ends < uow.now() + timedelta(days=2)
        assert any(doctor.on_duty(uow.now()) for doctor in doctors(uow))
