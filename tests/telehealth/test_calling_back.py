"""Who hung up keeps the place: a doctor calls back, and a call that reaches nobody changes nothing about the place."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.heartbeats import beat
from core.ids import new_id
from flows.engine.state import State
from ivr.calls.model import Call
from ivr.campaigns.callbacks import callback_status
from ivr.campaigns.following import close
from ivr.campaigns.model import CampaignKind, Target
from ivr.campaigns.settle import lock_target
from ivr.campaigns.standing import standing_campaign
from ivr.campaigns.words import Disposition
from ivr.media.bridging.model import WaitingLine
from ivr.media.bridging.switchboard import GUEST_WAITS_SECONDS
from telehealth import calling_back, consultations, queue
from telehealth.calling_back import ReturnsUnreached, order_call_back, room_of
from telehealth.model import Consultation, QueueEntry
from telehealth.queue import ESCALATED, OFFER, Urgency
from tests.ivr.world import wait_for_a_waiter

if TYPE_CHECKING:
    from conftest import Clinic

NUMBER = "+84912345678"
STATE = State(script="doctor-callback", revision="r", language="vi")


def taken(clinic: Clinic, urgency: Urgency = Urgency.URGENT, area: str = "") -> tuple[UUID, UUID]:
    """A place that a doctor has taken: the entry and the doctor."""
    doctor = clinic.doctor()
    with clinic.database.unit() as uow:
        entry = queue.enter(uow, urgency=urgency, reason="fever", language="vi", call_id=clinic.call(), area=area)
        queue.take(uow, entry.id, doctor)
        return entry.id, doctor


def order(database: Database, entry_id: UUID, name: str = "", number: str = NUMBER) -> UUID | None:
    with database.unit() as uow:
        entry = uow.session.get_one(QueueEntry, entry_id)
        order_call_back(uow, entry, number=number, name=name)
        return entry.callback_id


def entry_of(database: Database, entry_id: UUID) -> QueueEntry:
    with database.unit() as uow:
        return uow.session.get_one(QueueEntry, entry_id)


def ends(
    clinic: Clinic, target_id: UUID | None, disposition: Disposition | None, talked: bool = False, reason: str = ""
) -> None:
    """The call of a call back ends, the script with `reason`; None when there will be another."""
    assert target_id is not None
    call_id = clinic.call(ended=True)
    with clinic.database.unit() as uow:
        if disposition is not None:
            close(lock_target(uow, target_id), disposition, uow.now())
        call = uow.session.get_one(Call, call_id)
        call.target_id, call.talked_at = target_id, uow.now() if talked else None
        call.end_reason = reason or None
        uow.session.flush()
        ReturnsUnreached().ended(uow, call, STATE)


@pytest.mark.capability("N9")
def test_a_call_back_asks_for_the_person_and_leads_into_the_room_of_the_place(
    clinic: Clinic, database: Database, clock: SimulatedClock
) -> None:
    entry_id, _ = taken(clinic)
    target_id = order(database, entry_id, "Lê Thị Hoa")
    with database.unit() as uow:
        target = uow.session.get_one(Target, target_id)
        assert (target.script, target.phone, target.language) == ("doctor-callback", NUMBER, "vi")
        context = {"entry": str(entry_id), "person": {"name": "Lê Thị Hoa"}, "later_minutes": 30}
        assert target.context == context
        assert target.last_moment == clock.now() + calling_back.WITHIN  # nobody is called when the doctor is gone


def test_the_button_pressed_twice_calls_once(clinic: Clinic, database: Database) -> None:
    entry_id, _ = taken(clinic)
    assert order(database, entry_id) == order(database, entry_id)
    assert entry_of(database, entry_id).tries == 0  # it has not been in vain yet


@pytest.mark.capability("N9")
def test_the_button_pressed_twice_at_once_calls_once(clinic: Clinic, database: Database) -> None:
    entry_id, _ = taken(clinic)
    both = Barrier(2)

    def press(_: int) -> UUID | None:
        with database.unit() as uow:
            entry = uow.session.get_one(QueueEntry, entry_id)  # as each window sees it
            both.wait(10)
            order_call_back(uow, entry, number=NUMBER, name="")
            return entry.callback_id

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(press, range(2))
    assert first == second
    with database.unit() as uow:
        assert uow.session.scalars(select(Target.id)).all() == [first]


def test_nobody_is_called_for_a_doctor_who_has_lost_the_place_meanwhile(clinic: Clinic, database: Database) -> None:
    entry_id, doctor = taken(clinic)
    with database.unit() as uow:
        entry = uow.session.get_one(QueueEntry, entry_id)
        with database.unit() as meanwhile:
            queue.give_back(meanwhile, entry_id, doctor)
            queue.take(meanwhile, entry_id, clinic.doctor())
        with pytest.raises(UserError, match="Nobody has taken"):
            order_call_back(uow, entry, number=NUMBER, name="")


def test_somebody_who_is_on_the_line_is_not_called_back(clinic: Clinic, database: Database) -> None:
    entry_id, _ = taken(clinic)
    comes_onto_the_line(clinic, entry_id)
    with pytest.raises(UserError, match="on the line"):
        order(database, entry_id)


def test_a_hidden_number_and_a_place_that_nobody_took_are_not_called(clinic: Clinic, database: Database) -> None:
    entry_id, doctor = taken(clinic)
    with pytest.raises(UserError, match="withheld"):
        order(database, entry_id, number="")
    with database.unit() as uow:
        queue.give_back(uow, entry_id, doctor)
    with pytest.raises(UserError, match="Nobody has taken"):
        order(database, entry_id)


@pytest.mark.capability("N9")
def test_a_call_back_that_reaches_nobody_puts_the_place_back_where_it_was(clinic: Clinic, database: Database) -> None:
    entry_id, _ = taken(clinic)
    since = entry_of(database, entry_id).created_at
    for tries in range(1, calling_back.TRIES + 1):
        target_id = order(database, entry_id)
        assert target_id is not None
        ends(clinic, target_id, Disposition.UNRESPONSIVE)
        entry = entry_of(database, entry_id)
        assert (entry.state, entry.taken_by, entry.tries, entry.created_at) == ("waiting", None, tries, since)
        with database.unit() as uow:
            queue.take(uow, entry_id, clinic.doctor())


def test_a_call_back_that_is_still_tried_keeps_the_doctor(clinic: Clinic, database: Database) -> None:
    entry_id, doctor = taken(clinic)
    ends(clinic, order(database, entry_id), None)
    assert entry_of(database, entry_id).taken_by == doctor


@pytest.mark.capability("N9")
@pytest.mark.parametrize(("talked", "state", "tries"), [(False, "waiting", 1), (True, "taken", 0)])
def test_who_was_reached_by_a_call_back_but_met_no_doctor_keeps_the_place(
    clinic: Clinic, database: Database, talked: bool, state: str, tries: int
) -> None:
    entry_id, _ = taken(clinic, Urgency.RED_FLAG)
    ends(clinic, order(database, entry_id), Disposition.COMPLETED, talked)  # "you keep your place"
    entry = entry_of(database, entry_id)
    assert (entry.state, entry.tries) == (state, tries)


def says_later(clinic: Clinic, entry_id: UUID) -> None:
    ends(clinic, order(clinic.database, entry_id), Disposition.UNRESPONSIVE, reason="callback")


def next_one(database: Database, doctor: UUID) -> UUID | None:
    with database.unit() as uow:
        entry = queue.take_next(uow, doctor)
        return entry.id if entry is not None else None


@pytest.mark.capability("N9")
@pytest.mark.parametrize(("urgency", "minutes"), [(Urgency.RED_FLAG, 5), (Urgency.URGENT, 30), (Urgency.ROUTINE, 30)])
def test_who_asks_to_be_called_later_keeps_the_place_and_is_nobodys_next_until_then(
    clinic: Clinic, database: Database, clock: SimulatedClock, urgency: Urgency, minutes: int
) -> None:
    entry_id, doctor = taken(clinic, urgency)
    since = entry_of(database, entry_id).created_at
    says_later(clinic, entry_id)
    entry = entry_of(database, entry_id)
    assert (entry.state, entry.created_at) == ("waiting", since)
    assert entry.call_after == clock.now() + timedelta(minutes=minutes)
    with database.unit() as uow:
        behind = queue.enter(uow, urgency=urgency, reason="", language="vi", call_id=clinic.call())
        assert queue.position(uow, behind) == 1  # who does not want to be called yet is not ahead of anybody
    assert next_one(database, doctor) == behind.id
    assert next_one(database, doctor) is None
    clock.advance(timedelta(minutes=minutes))
    assert next_one(database, doctor) == entry_id


def test_the_script_is_told_for_how_long_nobody_calls(clinic: Clinic, database: Database) -> None:
    for urgency, minutes in (Urgency.RED_FLAG, 5), (Urgency.URGENT, 30):
        entry_id, _ = taken(clinic, urgency)
        target_id = order(database, entry_id)
        with database.unit() as uow:
            assert uow.session.get_one(Target, target_id).context["later_minutes"] == minutes


def test_a_doctor_takes_somebody_by_hand_before_the_time_they_asked_for_and_it_stands_until_they_meet(
    clinic: Clinic, database: Database, clock: SimulatedClock
) -> None:
    entry_id, doctor = taken(clinic)
    says_later(clinic, entry_id)
    for disposition, talked, stands in (
        (Disposition.UNRESPONSIVE, False, True),
        (Disposition.COMPLETED, True, False),
    ):
        with database.unit() as uow:
            queue.take(uow, entry_id, doctor)
        ends(clinic, order(database, entry_id), disposition, talked)
        assert (entry_of(database, entry_id).call_after is not None) is stands


def test_who_talks_with_the_doctor_on_the_line_has_been_met(clinic: Clinic, database: Database) -> None:
    entry_id, doctor = taken(clinic)
    says_later(clinic, entry_id)
    with database.unit() as uow:
        queue.take(uow, entry_id, doctor)
    comes_onto_the_line(clinic, entry_id, talks=True)
    with database.unit() as uow:
        queue.watch(uow)
    assert entry_of(database, entry_id).call_after is None


def test_who_enters_the_queue_again_does_not_want_to_wait_any_longer(clinic: Clinic, database: Database) -> None:
    entry_id, doctor = taken(clinic)
    says_later(clinic, entry_id)
    with database.unit() as uow:
        call_id = entry_of(database, entry_id).call_id
        queue.enter(uow, urgency=Urgency.URGENT, reason="", language="vi", call_id=call_id)
    assert next_one(database, doctor) == entry_id


def test_who_rings_the_hotline_sooner_is_next_there_and_not_at_the_telephone_they_are_on(
    clinic: Clinic, database: Database
) -> None:
    entry_id, doctor = taken(clinic)
    says_later(clinic, entry_id)
    with database.unit() as uow:
        again = queue.enter(uow, urgency=Urgency.URGENT, reason="", language="vi", call_id=clinic.call()).id
    assert next_one(database, doctor) == again
    assert next_one(database, doctor) is None  # the older place would have rung a telephone that is in use


@pytest.mark.capability("N9")
def test_a_call_back_that_was_given_up_without_a_call_puts_the_place_back(
    clinic: Clinic, database: Database, clock: SimulatedClock
) -> None:
    entry_id, doctor = taken(clinic, Urgency.RED_FLAG)
    target_id = order(database, entry_id)
    with database.unit() as uow:
        queue.watch(uow)
    assert entry_of(database, entry_id).state == "taken"  # it is still to be made
    with database.unit() as uow:  # all lines were busy
        close(lock_target(uow, target_id), Disposition.OVERDUE, uow.now())  # type: ignore[arg-type]
    with database.unit() as uow:
        queue.watch(uow)
    assert (entry_of(database, entry_id).state, entry_of(database, entry_id).tries) == ("waiting", 1)
    with database.unit() as uow:
        queue.take(uow, entry_id, doctor)
        queue.watch(uow)
    assert entry_of(database, entry_id).state == "taken"  # what was given up before does not count against it


def test_a_place_given_back_or_left_is_not_called_for_a_doctor_who_is_gone(clinic: Clinic, database: Database) -> None:
    for step in queue.give_back, queue.left:
        entry_id, doctor = taken(clinic)
        target_id = order(database, entry_id)
        with database.unit() as uow:
            step(uow, entry_id, doctor)
        with database.unit() as uow:
            assert target_id is not None
            assert callback_status(uow, target_id).state == "called_off"


def test_a_doctor_waits_as_long_as_a_call_back_can_still_reach_the_person(clinic: Clinic, database: Database) -> None:
    with database.unit() as uow:
        rings = standing_campaign(uow, CampaignKind.CALL_BACK).ring_seconds
    longest = calling_back.WITHIN + timedelta(seconds=rings) + calling_back.ASKS
    assert longest.total_seconds() <= GUEST_WAITS_SECONDS


def test_a_note_saved_in_the_moment_the_call_back_ends_is_kept(clinic: Clinic, database: Database) -> None:
    entry_id, doctor = taken(clinic)
    target_id = order(database, entry_id)

    def note() -> None:
        with database.unit() as uow:
            consultations.conclude(uow, entry_id, doctor, outcome="advised", note="")

    call_id = clinic.call(ended=True)
    with ThreadPoolExecutor(1) as pool:
        with database.unit() as uow:  # as the observers do it: the campaign's target first
            close(lock_target(uow, target_id), Disposition.UNRESPONSIVE, uow.now())  # type: ignore[arg-type]
            saving = pool.submit(note)
            wait_for_a_waiter(database)
            call = uow.session.get_one(Call, call_id)
            call.target_id = target_id
            ReturnsUnreached().ended(uow, call, STATE)
        saving.result(10)
    assert entry_of(database, entry_id).state == "done"


@pytest.mark.capability("H7")
def test_a_note_closes_the_place_and_is_not_readable_in_the_database(clinic: Clinic, database: Database) -> None:

    entry_id, doctor = taken(clinic)
    target_id = order(database, entry_id)
    with database.unit() as uow:
        consultations.conclude(uow, entry_id, doctor, outcome="home_care", note=" Sốt nhẹ, theo dõi. ")
    assert entry_of(database, entry_id).state == "done"
    with database.unit() as uow:
        assert target_id is not None
        assert callback_status(uow, target_id).state == "called_off"  # what was not dialed yet never is
        [(written, place)] = consultations.earlier(uow, uow.session.get_one(QueueEntry, entry_id))
        assert (written.note, written.outcome, place.id) == ("Sốt nhẹ, theo dõi.", "home_care", entry_id)
        stored = uow.session.scalar(text("SELECT note FROM consultation"))
        assert "Sốt" not in stored


def test_only_the_doctor_who_took_somebody_writes_the_note(clinic: Clinic, database: Database) -> None:
    entry_id, doctor = taken(clinic)
    for who, outcome, complaint in ((clinic.doctor(), "advised", "not with you"), (doctor, "well", "outcome")):
        with pytest.raises(UserError, match=complaint), database.unit() as uow:
            consultations.conclude(uow, entry_id, who, outcome=outcome, note="")
    with pytest.raises(UserError, match="characters"), database.unit() as uow:
        consultations.conclude(uow, entry_id, doctor, outcome="advised", note="x" * 4001)
    with database.unit() as uow:
        assert uow.session.scalars(select(Consultation)).all() == []


def test_earlier_notes_are_those_of_the_same_person_and_never_of_the_same_telephone(
    clinic: Clinic, database: Database
) -> None:
    person = new_id()
    with database.unit() as uow:
        doctor = clinic.doctor()
        entries = []
        for who in (person, person, None, None):
            entry = queue.enter(
                uow, urgency=Urgency.URGENT, reason="", language="vi", call_id=clinic.call(), person_id=who
            )
            queue.take(uow, entry.id, doctor)
            consultations.conclude(uow, entry.id, doctor, outcome="advised", note="")
            entries.append(entry)
        assert len(consultations.earlier(uow, entries[0])) == 2
        assert len(consultations.earlier(uow, entries[2])) == 1


# --- what time does


@pytest.mark.capability("H6")
def test_who_was_taken_and_forgotten_waits_again(clinic: Clinic, database: Database, clock: SimulatedClock) -> None:
    entry_id, _ = taken(clinic)
    clock.advance(OFFER - timedelta(seconds=1))
    with database.unit() as uow:
        queue.watch(uow)
    assert entry_of(database, entry_id).state == "taken"
    clock.advance(timedelta(seconds=2))
    with database.unit() as uow:
        queue.watch(uow)
    assert entry_of(database, entry_id).state == "waiting"


def comes_onto_the_line(clinic: Clinic, entry_id: UUID, talks: bool = False) -> None:
    with clinic.database.unit() as uow:
        beat(uow, "media", "media@here:1", {})
        uow.session.add(
            WaitingLine(
                room=room_of(entry_id), call_id=clinic.call(), stay=new_id(), address="ws://here",
                process="media@here:1", since=uow.now(), talks_since=uow.now() if talks else None,
            )
        )  # fmt: skip


def test_who_is_talking_is_not_taken_from_the_doctor_nor_right_after(
    clinic: Clinic, database: Database, clock: SimulatedClock
) -> None:
    entry_id, _ = taken(clinic)
    comes_onto_the_line(clinic, entry_id, talks=True)
    clock.advance(OFFER * 2)
    with database.unit() as uow:
        queue.watch(uow)
    assert entry_of(database, entry_id).state == "taken"
    with database.unit() as uow:  # the talk is over
        uow.session.execute(delete(WaitingLine))
    clock.advance(OFFER - timedelta(seconds=1))
    with database.unit() as uow:
        queue.watch(uow)
    assert entry_of(database, entry_id).state == "taken"  # the note is still to be written
    clock.advance(timedelta(seconds=2))
    with database.unit() as uow:
        queue.watch(uow)
    assert entry_of(database, entry_id).state == "waiting"


@pytest.mark.capability("H7")
def test_a_note_is_taken_of_a_place_that_went_back_by_itself_until_a_colleague_has_it(
    clinic: Clinic, database: Database, clock: SimulatedClock
) -> None:
    entry_id, doctor = taken(clinic)
    other_id, late = taken(clinic)
    clock.advance(OFFER + timedelta(seconds=1))
    with database.unit() as uow:
        queue.watch(uow)
        queue.take(uow, other_id, clinic.doctor())
    with database.unit() as uow:
        consultations.conclude(uow, entry_id, doctor, outcome="home_care", note="")
    assert (entry_of(database, entry_id).state, entry_of(database, entry_id).taken_by) == ("done", doctor)
    with pytest.raises(UserError, match="not with you"), database.unit() as uow:
        consultations.conclude(uow, other_id, late, outcome="home_care", note="")


@pytest.mark.capability("H6")
@pytest.mark.parametrize("urgency", list(Urgency))
def test_who_waits_too_long_is_shown_to_every_doctor(
    clinic: Clinic, database: Database, clock: SimulatedClock, urgency: Urgency
) -> None:
    with database.unit() as uow:
        entry_id = queue.enter(uow, urgency=urgency, reason="", language="vi", call_id=clinic.call()).id
    clock.advance(ESCALATED[urgency] - timedelta(seconds=1))
    with database.unit() as uow:
        queue.watch(uow)
    assert entry_of(database, entry_id).escalated_at is None
    clock.advance(timedelta(seconds=2))
    for _ in range(2):
        with database.unit() as uow:
            queue.watch(uow)
    assert entry_of(database, entry_id).escalated_at == clock.now()
