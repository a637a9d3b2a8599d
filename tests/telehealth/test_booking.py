"""A caller is offered slots that are held, and books one of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from psycopg.errors import ExclusionViolation
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.ids import new_id
from telehealth import appointments
from telehealth.appointments import Outcome
from telehealth.holds import HOLD_FOR, Offer, expire_holds, offer, release_for_call
from telehealth.model import Appointment, AppointmentState

if TYPE_CHECKING:
    from conftest import Clinic

MANY_HOURS = tuple((weekday, "08:00", "17:00") for weekday in range(5))


def times(offers: list[Offer]) -> list[str]:
    return [f"{each.slot.starts + timedelta(hours=7):%a %H:%M}" for each in offers]


@pytest.mark.capability("H2")
def test_a_caller_is_offered_the_three_earliest_times_and_they_are_held(clinic: Clinic) -> None:
    clinic.doctor()
    offers = clinic.ask(clinic.call())
    assert times(offers) == ["Tue 08:00", "Tue 08:15", "Tue 08:30"]
    assert times(clinic.ask(clinic.call())) == ["Tue 08:45"]  # five left for two calls: scarce
    assert clinic.states() == {"proposed": 4}


def test_booking_gives_the_other_holds_back(clinic: Clinic) -> None:
    clinic.doctor()
    call = clinic.call()
    offers = clinic.ask(call)
    assert clinic.book(offers[1], call) is Outcome.BOOKED
    assert clinic.states() == {"booked": 1, "cancelled": 2}
    assert clinic.book(offers[1], call) is Outcome.BOOKED  # said twice
    assert clinic.states() == {"booked": 1, "cancelled": 2}


def test_a_caller_cannot_book_what_another_holds(clinic: Clinic) -> None:
    clinic.doctor()
    offers = clinic.ask(clinic.call())
    assert clinic.book(offers[0], clinic.call()) is Outcome.REFUSED
    assert clinic.states() == {"proposed": 3}


def test_who_asks_again_hears_other_times(clinic: Clinic) -> None:
    clinic.doctor(hours=((1, "08:00", "09:15"),))
    call = clinic.call()
    assert times(clinic.ask(call)) == ["Tue 08:00", "Tue 08:15", "Tue 08:30"]
    assert times(clinic.ask(call)) == ["Tue 08:45", "Tue 09:00"]
    assert clinic.states() == {"cancelled": 3, "proposed": 2}
    assert times(clinic.ask(call)) == ["Tue 08:00", "Tue 08:15", "Tue 08:30"]  # there are no others


def test_when_nothing_is_free_nothing_is_offered(clinic: Clinic) -> None:
    assert clinic.ask(clinic.call()) == []
    clinic.doctor(hours=((1, "08:00", "08:15"),))
    assert len(clinic.ask(clinic.call())) == 1
    assert clinic.ask(clinic.call()) == []


def test_one_time_is_never_offered_twice_in_a_breath(clinic: Clinic) -> None:
    for _ in range(3):
        clinic.doctor(hours=((1, "08:00", "08:30"),))
    assert times(clinic.ask(clinic.call())) == ["Tue 08:00", "Tue 08:15"]


@pytest.mark.capability("H10")
def test_the_doctor_with_the_least_appointments_is_next(clinic: Clinic) -> None:
    doctors = {clinic.doctor(hours=MANY_HOURS) for _ in range(3)}
    chosen = []
    for _ in range(3):
        call = clinic.call(ended=True)
        first = clinic.ask(call, count=1)[0]
        clinic.book(first, call)
        chosen.append(first.doctor.id)
    assert set(chosen) == doctors


def test_a_doctor_who_speaks_the_language_comes_first_and_any_doctor_after_that(clinic: Clinic) -> None:
    clinic.doctor(languages=("vi", "en"))
    korean = clinic.doctor(languages=("ko",), hours=((2, "08:00", "08:15"),))
    assert clinic.ask(clinic.call(), "ko")[0].doctor.id == korean
    assert clinic.ask(clinic.call(), "ko")[0].doctor.id != korean


def test_a_doctor_of_the_area_comes_before_one_of_another(clinic: Clinic) -> None:
    clinic.doctor(area="38.381")
    near = clinic.doctor(area="38.380", hours=((2, "08:00", "08:15"),))
    assert clinic.ask(clinic.call(), area="38.380.14761")[0].doctor.id == near


def test_when_slots_are_scarce_each_caller_holds_one(clinic: Clinic) -> None:
    clinic.doctor(hours=((1, "08:00", "09:30"),))
    calls = [clinic.call() for _ in range(6)]
    assert [len(clinic.ask(call)) for call in calls] == [1] * 6


@pytest.mark.capability("H2")
def test_a_hold_expires_and_the_next_caller_gets_the_slot(clinic: Clinic, clock: SimulatedClock) -> None:
    clinic.doctor(hours=((1, "08:00", "08:15"),))
    slow, quick = clinic.call(), clinic.call()
    held = clinic.ask(slow)[0]
    clock.advance(HOLD_FOR - timedelta(seconds=1))
    assert clinic.ask(quick) == []
    clock.advance(timedelta(seconds=1))
    again = clinic.ask(quick)
    assert again[0].slot == held.slot
    assert clinic.book(held, slow) is Outcome.TAKEN
    assert clinic.book(again[0], quick) is Outcome.BOOKED


def test_an_expired_hold_that_nobody_took_can_still_be_booked(
    clinic: Clinic, clock: SimulatedClock, database: Database
) -> None:
    clinic.doctor()
    slow, slower = clinic.call(), clinic.call()
    first, second = clinic.ask(slow, count=1)[0], clinic.ask(slower, count=1)[0]
    clock.advance(HOLD_FOR * 2)
    assert clinic.book(first, slow) is Outcome.BOOKED
    with database.unit() as uow:
        assert expire_holds(uow) == 1
    assert clinic.book(second, slower) is Outcome.BOOKED


def test_a_slot_that_has_begun_is_not_booked(clinic: Clinic, clock: SimulatedClock) -> None:
    clinic.doctor()
    call = clinic.call()
    held = clinic.ask(call)[0]
    clock.set(held.slot.starts)
    assert clinic.book(held, call) is Outcome.TAKEN


def test_a_call_that_ends_gives_back_what_it_holds(clinic: Clinic, database: Database) -> None:
    clinic.doctor()
    call = clinic.call()
    clinic.book(clinic.ask(call)[0], call)
    clinic.ask(call)
    with database.unit() as uow:
        release_for_call(uow, call)
    assert clinic.states() == {"booked": 1, "cancelled": 5}


@pytest.mark.capability("H3")
def test_a_person_is_offered_no_time_at_which_they_have_an_appointment(clinic: Clinic) -> None:
    for _ in range(2):
        clinic.doctor(hours=((1, "08:00", "09:30"),))
    person = new_id()
    first = clinic.call(person_id=person)
    clinic.book(clinic.ask(first, person_id=person)[0], first, person)
    assert times(clinic.ask(clinic.call(person_id=person), person_id=person))[0] == "Tue 08:15"


@pytest.mark.capability("H3")
def test_a_person_in_two_calls_at_once_gets_one_appointment_at_a_time(clinic: Clinic, database: Database) -> None:
    for _ in range(8):
        clinic.doctor(hours=((1, "08:00", "08:15"),))
    person = new_id()
    calls = [clinic.call(person_id=person) for _ in range(4)]
    held = [clinic.ask(call, person_id=person, count=1)[0] for call in calls]
    assert len({each.slot for each in held}) == 1
    start = Barrier(4)

    def decide(n: int) -> Outcome:
        start.wait()
        return clinic.book(held[n], calls[n], person)

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(decide, range(4)))
    assert outcomes == [Outcome.BOOKED, Outcome.REFUSED, Outcome.REFUSED, Outcome.REFUSED]


_RAW = """
INSERT INTO appointment (id, practitioner_id, during, state, person_id, reference, language, created_at)
SELECT gen_random_uuid(), :practitioner, tstzrange('2026-11-24 08:05+07', '2026-11-24 08:10+07'), :state, :person,
       gen_random_uuid(), 'vi', now()
"""


@pytest.mark.capability("H2")
@pytest.mark.capability("H3")
def test_the_database_itself_forbids_that_appointments_overlap(clinic: Clinic, database: Database) -> None:
    doctor, other = clinic.doctor(), clinic.doctor()
    person, call = new_id(), clinic.call()
    held = clinic.ask(call, count=1)[0]

    def insert(practitioner: UUID, state: str, person_id: UUID | None) -> str | None:
        values = {"practitioner": practitioner, "state": state, "person": person_id}
        try:
            with database.engine.begin() as connection:
                connection.execute(text(_RAW), values)
        except IntegrityError as error:
            return error.orig.diag.constraint_name if isinstance(error.orig, ExclusionViolation) else "another error"
        return None

    free = other if held.doctor.id == doctor else doctor
    assert insert(held.doctor.id, "proposed", None) == "ex_appointment_practitioner"
    assert insert(held.doctor.id, "booked", None) == "ex_appointment_practitioner"
    clinic.book(held, call, person)
    assert insert(held.doctor.id, "booked", None) == "ex_appointment_practitioner"
    assert insert(free, "booked", person) == "ex_appointment_person"
    assert insert(held.doctor.id, "cancelled", person) is None
    assert insert(free, "booked", new_id()) is None


@pytest.mark.capability("H2")
def test_a_hundred_callers_at_once_book_every_one_of_ten_slots_once(clinic: Clinic, database: Database) -> None:
    for _ in range(2):
        clinic.doctor(hours=((1, "08:00", "09:15"),))
    calls = [clinic.call() for _ in range(100)]
    start = Barrier(8)

    def caller(share: int) -> list[Outcome | None]:
        start.wait()
        outcomes: list[Outcome | None] = []
        for call in calls[share::8]:
            offers = clinic.ask(call)
            outcomes.append(clinic.book(offers[-1], call) if offers else None)
        return outcomes

    with ThreadPoolExecutor(8) as pool:
        outcomes = [outcome for share in pool.map(caller, range(8)) for outcome in share]
    assert outcomes.count(Outcome.BOOKED) == 10
    assert outcomes.count(None) == 90
    with database.engine.connect() as connection:
        booked = connection.execute(
            text("SELECT count(*), count(DISTINCT (practitioner_id, during)) FROM appointment WHERE state = 'booked'")
        ).one()
    assert tuple(booked) == (10, 10)


@pytest.mark.capability("H2")
def test_nobody_waits_for_a_caller_whose_turn_is_not_over(clinic: Clinic, database: Database) -> None:
    clinic.doctor(hours=((1, "08:00", "08:45"),))
    slow, quick = clinic.call(ended=True), clinic.call(ended=True)
    with database.unit() as first:
        held = offer(first, language="vi", call_id=slow, count=1)
        with database.unit() as second:
            second.session.execute(text("SET LOCAL lock_timeout = '500ms'"))
            others = offer(second, language="vi", call_id=quick)
    assert times(held) == ["Tue 08:00"]
    assert times(others) == ["Tue 08:15", "Tue 08:30"]


def test_many_callers_share_expired_holds_without_an_error(clinic: Clinic, clock: SimulatedClock) -> None:
    for _ in range(2):
        clinic.doctor(hours=((1, "08:00", "09:15"),))
    for _ in range(10):
        assert clinic.ask(clinic.call(), count=1)
    clock.advance(HOLD_FOR)
    calls = [clinic.call() for _ in range(40)]
    start = Barrier(8)

    def caller(share: int) -> int:
        start.wait()
        return sum(len(clinic.ask(call)) for call in calls[share::8])

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(caller, range(8))) == 10


@pytest.mark.capability("N10")
def test_an_appointment_is_moved_and_keeps_its_reference(clinic: Clinic, database: Database) -> None:
    clinic.doctor()
    person, call = new_id(), clinic.call()
    held = clinic.ask(call, person_id=person)[0]
    clinic.book(held, call, person)
    later = clinic.call()
    new = clinic.ask(later, person_id=person)[-1]
    with database.unit() as uow:
        booking = appointments.move(uow, held.appointment_id, new.appointment_id, call_id=later)
        assert booking.outcome is Outcome.BOOKED
        assert booking.appointment
        assert booking.appointment.reference == held.reference
    with database.unit() as uow:
        found = appointments.upcoming(uow, person)
        assert found
        assert (found.id, found.during.lower) == (held.appointment_id, new.slot.starts)
    assert clinic.states()[AppointmentState.PROPOSED] == 0
    assert times(clinic.ask(clinic.call(ended=True)))[0] == "Tue 08:00"  # the old slot is free again


def test_an_appointment_that_cannot_be_moved_stays(clinic: Clinic, clock: SimulatedClock, database: Database) -> None:
    clinic.doctor(hours=((1, "08:00", "08:30"),))
    call, slow, quick = clinic.call(), clinic.call(), clinic.call()
    held = clinic.ask(call)[0]
    clinic.book(held, call)
    lost = clinic.ask(slow)[0]
    clock.advance(HOLD_FOR)
    assert clinic.ask(quick)[0].slot == lost.slot
    with database.unit() as uow:
        assert appointments.move(uow, held.appointment_id, lost.appointment_id, call_id=slow).outcome is Outcome.TAKEN
    with database.unit() as uow:
        assert uow.session.get_one(Appointment, held.appointment_id).during.lower == held.slot.starts
    assert clinic.states() == {"booked": 1, "cancelled": 1, "proposed": 1}


@pytest.mark.capability("N10")
def test_a_cancelled_slot_is_free_at_once_and_stays_cancelled(clinic: Clinic, database: Database) -> None:
    clinic.doctor(hours=((1, "08:00", "08:15"),))
    call = clinic.call()
    held = clinic.ask(call)[0]
    clinic.book(held, call)
    with database.unit() as uow:
        appointments.cancel(uow, held.appointment_id)
    assert clinic.book(held, call) is Outcome.REFUSED
    assert clinic.ask(clinic.call())[0].slot == held.slot


@pytest.mark.capability("H4")
def test_states_move_forward_only(clinic: Clinic, database: Database) -> None:
    clinic.doctor()
    call = clinic.call()
    held = clinic.ask(call)[0]
    clinic.book(held, call)
    for state in AppointmentState.ARRIVED, AppointmentState.FULFILLED:
        with database.unit() as uow:
            assert appointments.change_state(uow, held.appointment_id, state).state == state
    for state in AppointmentState:
        with pytest.raises(UserError, match="fulfilled"), database.unit() as uow:
            appointments.change_state(uow, held.appointment_id, state)
    with pytest.raises(UserError, match="no such"), database.unit() as uow:
        appointments.cancel(uow, new_id())
