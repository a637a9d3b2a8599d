"""The queue for a doctor's voice: the most urgent first, then who has waited longest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from telehealth import calling_back, queue
from telehealth.model import QueueEntry
from telehealth.queue import Urgency

if TYPE_CHECKING:
    from conftest import Clinic


def enter(clinic: Clinic, urgency: Urgency, language: str = "vi", reason: str = "", call: UUID | None = None) -> UUID:
    with clinic.database.unit() as uow:
        call = call or clinic.call()
        return queue.enter(uow, urgency=urgency, reason=reason, language=language, call_id=call).id


@pytest.mark.capability("H6")
def test_the_most_urgent_is_next_and_among_equals_who_waits_longest(
    clinic: Clinic, clock: SimulatedClock, database: Database
) -> None:
    doctor = clinic.doctor()
    entries = {}
    for urgency in Urgency.ROUTINE, Urgency.URGENT, Urgency.RED_FLAG, Urgency.RED_FLAG, Urgency.URGENT:
        clock.advance(timedelta(minutes=1))
        entries[enter(clinic, urgency)] = len(entries)
    with database.unit() as uow:
        places = [queue.position(uow, uow.session.get_one(QueueEntry, each)) for each in entries]
        assert places == [5, 3, 1, 2, 4]
        taken = [queue.take_next(uow, doctor) for _ in range(6)]
    assert [entries[entry.id] for entry in taken if entry] == [2, 3, 1, 4, 0]
    assert taken[-1] is None


@pytest.mark.capability("H6")
def test_a_doctor_gets_callers_of_their_language_first_unless_another_is_more_urgent(
    clinic: Clinic, database: Database
) -> None:
    doctor = clinic.doctor()
    vietnamese, korean = enter(clinic, Urgency.URGENT), enter(clinic, Urgency.URGENT, "ko")
    red = enter(clinic, Urgency.RED_FLAG, "en")
    with database.unit() as uow:
        taken = [queue.take_next(uow, doctor, ["ko"]) for _ in range(3)]
    assert [entry.id for entry in taken if entry] == [red, korean, vietnamese]


def test_doctors_who_ask_at_once_get_different_people(clinic: Clinic, database: Database) -> None:
    doctors = [clinic.doctor() for _ in range(8)]
    waiting = {enter(clinic, Urgency.URGENT) for _ in range(8)}

    def take(doctor: UUID) -> UUID | None:
        with database.unit() as uow:
            entry = queue.take_next(uow, doctor)
            return entry.id if entry else None

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(take, doctors)) == waiting


def test_a_doctor_does_not_wait_for_a_colleague_who_is_choosing(clinic: Clinic, database: Database) -> None:
    one, other = clinic.doctor(), clinic.doctor()
    first, second = enter(clinic, Urgency.RED_FLAG), enter(clinic, Urgency.URGENT)
    with database.unit() as choosing:
        taken = queue.take_next(choosing, one)
        with database.unit() as uow:
            uow.session.execute(text("SET LOCAL lock_timeout = '500ms'"))
            next_one = queue.take_next(uow, other)
    assert taken
    assert next_one
    assert (taken.id, next_one.id) == (first, second)


def test_a_call_has_one_place_with_the_greater_urgency_and_the_first_time(
    clinic: Clinic, clock: SimulatedClock, database: Database
) -> None:
    call, first = clinic.call(), clock.now()
    enter(clinic, Urgency.URGENT, reason="fever", call=call)
    clock.advance(timedelta(minutes=5))
    enter(clinic, Urgency.RED_FLAG, reason="cannot breathe", call=call)
    enter(clinic, Urgency.ROUTINE, reason="a question", call=call)
    with database.unit() as uow:
        entry = uow.session.scalars(select(QueueEntry)).one()
    assert (entry.urgency, entry.reason, entry.created_at) == (Urgency.RED_FLAG, "cannot breathe", first)


def test_who_left_and_comes_back_waits_anew(clinic: Clinic, clock: SimulatedClock, database: Database) -> None:
    call = clinic.call()
    entry_id, doctor = enter(clinic, Urgency.URGENT, call=call), clinic.doctor()
    with database.unit() as uow:
        entry = queue.take(uow, entry_id, doctor)
        calling_back.order_call_back(uow, entry, number="+84912345678", name="")
        entry.tries = 3
        queue.left(uow, entry_id, doctor)
    clock.advance(timedelta(minutes=5))
    assert enter(clinic, Urgency.URGENT, call=call) == entry_id
    with database.unit() as uow:
        entry = uow.session.get_one(QueueEntry, entry_id)
    assert (entry.state, entry.created_at, entry.done_at) == ("waiting", clock.now(), None)
    assert (entry.tries, entry.callback_id) == (0, None)  # what was before is no mark on it


def test_a_place_taken_by_a_colleague_cannot_be_taken_again(clinic: Clinic, database: Database) -> None:
    one, other = clinic.doctor(), clinic.doctor()
    entry_id = enter(clinic, Urgency.URGENT)
    with database.unit() as uow:
        queue.take(uow, entry_id, one)
    with database.unit() as uow:
        assert queue.take(uow, entry_id, one).taken_by == one  # the button pressed twice
    with pytest.raises(UserError, match="colleague"), database.unit() as uow:
        queue.take(uow, entry_id, other)
    with database.unit() as uow:
        queue.give_back(uow, entry_id, one)
    with database.unit() as uow:
        assert queue.take(uow, entry_id, other).taken_by == other
        assert queue.done(uow, entry_id, other).state == "done"
    for step in queue.done, queue.left, queue.give_back:
        with pytest.raises(UserError, match="not with you"), database.unit() as uow:
            step(uow, entry_id, other)


def test_nobody_closes_or_gives_back_a_colleagues_patient(clinic: Clinic, database: Database) -> None:
    one, other = clinic.doctor(), clinic.doctor()
    entry_id = enter(clinic, Urgency.URGENT)
    for step in queue.done, queue.left, queue.give_back:
        with pytest.raises(UserError, match="not with you"), database.unit() as uow:
            step(uow, entry_id, one)  # nobody has taken it
    with database.unit() as uow:
        queue.take(uow, entry_id, one)
    for step in queue.done, queue.left, queue.give_back:
        with pytest.raises(UserError, match="not with you"), database.unit() as uow:
            step(uow, entry_id, other)
    with database.unit() as uow:
        assert uow.session.get_one(QueueEntry, entry_id).taken_by == one
