"""What scripts ask of telehealth, and what they are answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.clock import SimulatedClock
from core.database import Database
from core.ids import new_id
from flows.engine.state import State
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.model import Call
from telehealth import effects
from telehealth.model import Appointment, QueueEntry
from telehealth.wording import spoken_time
from tracing.people.model import Person

if TYPE_CHECKING:
    from conftest import Clinic

REGISTRY = Effects()
effects.register(REGISTRY)


def perform(clinic: Clinic, call_id: UUID, name: str, language: str = "vi", **arguments: Any) -> EffectResult:
    with clinic.database.unit() as uow:
        call = uow.session.get_one(Call, call_id)
        state = State(script="symptom-report", revision="r", language=language)
        return REGISTRY.perform(f"telehealth.{name}", EffectRequest(uow, call, state, arguments))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", "mười bốn giờ ba mươi, thứ Ba, ngày mười lăm tháng tám"),
        ("en", "Tuesday, the fifteenth of August, at two thirty in the afternoon"),
        ("ko", "팔월 십오일 화요일 오후 두 시 삼십 분"),
        ("fr", "Tuesday, the fifteenth of August, at two thirty in the afternoon"),
    ],
)
@pytest.mark.capability("F4")
def test_a_time_is_said_as_people_say_it(language: str, words: str) -> None:
    moment = datetime.fromisoformat("2028-08-15T07:30:00+00:00")
    assert spoken_time(moment, "Asia/Ho_Chi_Minh", language) == words


@pytest.mark.capability("N10")
def test_a_caller_is_offered_slots_books_one_hears_it_again_and_cancels(clinic: Clinic) -> None:
    clinic.doctor()
    call = clinic.call(person_id=new_id())
    offered = perform(clinic, call, "offer_slots")
    assert offered.outcome == "offered"
    second = offered.result["slots"][1]
    assert second["when"] == "2026-11-24T08:15:00+07:00"
    assert second["spoken"]["vi"] == "tám giờ mười lăm, thứ Ba, ngày hai mươi tư tháng mười một"
    assert set(second["spoken"]) == {"vi", "en", "ko"}
    booked = perform(clinic, call, "book", "ko", slot=second["id"], reason="ho, sốt")
    assert booked.outcome == "booked"
    assert booked.result["when"] == booked.result["spoken"]["ko"] == "십일월 이십사일 화요일 오전 여덟 시 십오 분"
    found = perform(clinic, call, "upcoming")
    assert (found.outcome, found.result["reference"]) == ("found", booked.result["reference"])
    assert perform(clinic, call, "cancel", appointment=found.result["appointment"]).outcome == "cancelled"
    assert perform(clinic, call, "upcoming").outcome == "none"
    assert perform(clinic, call, "cancel", appointment=found.result["appointment"]).outcome == "refused"


@pytest.mark.capability("N10")
def test_a_caller_moves_an_appointment(clinic: Clinic) -> None:
    clinic.doctor()
    person = new_id()
    first, later = clinic.call(person_id=person), clinic.call(person_id=person)
    booked = perform(clinic, first, "book", slot=perform(clinic, first, "offer_slots").result["slots"][0]["id"])
    appointment = perform(clinic, later, "upcoming").result["appointment"]
    slot = perform(clinic, later, "offer_slots").result["slots"][-1]
    moved = perform(clinic, later, "move", appointment=appointment, slot=slot["id"])
    assert (moved.outcome, moved.result["at"]) == ("moved", slot["when"])
    assert moved.result["reference"] == booked.result["reference"]


@pytest.mark.parametrize("name", ["cancel", "move"])
def test_nobody_changes_another_persons_appointment(clinic: Clinic, name: str) -> None:
    clinic.doctor()
    mine, stranger = clinic.call(person_id=new_id()), clinic.call(person_id=new_id())
    booked = perform(clinic, mine, "book", slot=perform(clinic, mine, "offer_slots").result["slots"][0]["id"])
    slot = perform(clinic, stranger, "offer_slots").result["slots"][0]["id"]
    answer = perform(clinic, stranger, name, appointment=booked.result["appointment"], slot=slot)
    assert answer.outcome == "refused"
    assert perform(clinic, mine, "upcoming").outcome == "found"


@pytest.mark.parametrize("slot", [None, "", "1", 7, {"id": "x"}, "01a20213-1858-752a-bf49-6ecdafa3ba16"])
def test_a_slot_that_was_not_offered_is_refused(clinic: Clinic, slot: object) -> None:
    assert perform(clinic, clinic.call(), "book", slot=slot).outcome == "refused"


def test_when_nobody_works_there_is_nothing_to_offer(clinic: Clinic) -> None:
    assert perform(clinic, clinic.call(), "offer_slots").outcome == "none"


def test_a_slot_lost_to_another_caller_is_said_to_be_taken(clinic: Clinic, clock: SimulatedClock) -> None:
    clinic.doctor(hours=((1, "08:00", "08:15"),))
    slow, quick = clinic.call(), clinic.call()
    slot = perform(clinic, slow, "offer_slots").result["slots"][0]["id"]
    clock.advance(timedelta(minutes=3))
    perform(clinic, quick, "offer_slots")
    assert perform(clinic, slow, "book", slot=slot).outcome == "taken"


@pytest.mark.capability("N8")
@pytest.mark.parametrize(("duty", "outcome"), [(0, "queued"), (1, "no_doctor")])
def test_a_red_flag_is_queued_whether_or_not_a_doctor_is_on_duty(
    clinic: Clinic, database: Database, duty: int, outcome: str
) -> None:
    clinic.doctor(hours=((duty, "08:00", "12:00"),), minutes=None)
    perform(clinic, clinic.call(), "queue", reason="fever")
    answer = perform(clinic, clinic.call(area="38.380"), "urgent", "ko", reason="cannot breathe")
    with database.unit() as uow:
        entries = uow.session.scalars(select(QueueEntry).order_by(QueueEntry.urgency)).all()
        red = entries[0]
        told = {"position": 1, "entry": str(red.id), "call_back": True}
        assert (answer.outcome, answer.result) == (outcome, told)
        assert [entry.urgency for entry in entries] == [0, 1]
        assert (red.reason, red.language, red.area, red.state) == ("cannot breathe", "ko", "38.380", "waiting")


def test_who_calls_from_a_hidden_number_cannot_be_called_back_and_the_script_is_told(
    clinic: Clinic, database: Database
) -> None:
    call_id = clinic.call()
    with database.unit() as uow:
        uow.session.get_one(Call, call_id).remote_number = ""
    assert perform(clinic, call_id, "queue", reason="fever").result["call_back"] is False


@pytest.mark.parametrize(("caller", "outcome"), [("38.382", "no_doctor"), ("38.380.14755", "queued"), ("", "queued")])
def test_only_a_doctor_who_sees_the_caller_in_the_queue_counts_as_on_duty(
    clinic: Clinic, caller: str, outcome: str
) -> None:
    clinic.doctor(hours=((0, "08:00", "12:00"),), minutes=None, area="38.380")
    assert perform(clinic, clinic.call(area=caller), "queue").outcome == outcome


@pytest.mark.capability("N8")
def test_an_emergency_reaches_doctors_on_duty_elsewhere_at_once_when_the_area_has_none(
    clinic: Clinic, database: Database
) -> None:
    clinic.doctor(hours=((0, "08:00", "12:00"),), minutes=None, area="38.380")
    for caller, escalated in (("38.382", True), ("38.380.14755", False)):
        answer = perform(clinic, clinic.call(area=caller), "urgent")
        assert answer.outcome == "queued"
        with database.unit() as uow:
            entry = uow.session.get_one(QueueEntry, UUID(answer.result["entry"]))
            assert (entry.escalated_at is not None) is escalated


def test_who_can_be_called_on_no_number_is_offered_no_slot_that_a_doctor_would_have_to_ring(
    clinic: Clinic, database: Database
) -> None:
    clinic.doctor()
    known = new_id()
    with database.unit() as uow:
        uow.session.add(Person(id=known, name="Lê Thị Hoa", phone="+84912345678", created_at=uow.now()))
    for person, outcome in ((None, "none"), (new_id(), "none"), (known, "offered")):
        call_id = clinic.call(person_id=person)
        with database.unit() as uow:
            uow.session.get_one(Call, call_id).remote_number = ""
        assert perform(clinic, call_id, "offer_slots").outcome == outcome


def test_hours_on_duty_without_slots_offer_no_appointment(clinic: Clinic) -> None:
    clinic.doctor(hours=((1, "00:00", "00:00"),), minutes=None)
    assert perform(clinic, clinic.call(), "offer_slots").outcome == "none"


def test_what_a_call_holds_is_free_when_it_ends(clinic: Clinic, database: Database) -> None:
    clinic.doctor()
    call_id = clinic.call()
    perform(clinic, call_id, "offer_slots")
    with database.unit() as uow:
        state = State(script="symptom-report", revision="r", language="vi")
        effects.ReleaseHolds().ended(uow, uow.session.get_one(Call, call_id), state)
    with database.unit() as uow:
        assert set(uow.session.scalars(select(Appointment.state))) == {"cancelled"}
