"""Whoever is flagged comes to a doctor, also when their last call broke off before one was offered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core.clock import SimulatedClock
from ivr.calls.model import Call, CallState
from telehealth import queue
from telehealth.care import queue_flagged
from telehealth.model import QueueEntry
from telehealth.registration import register_doctor
from tests.tracing.daily.office import WELL, Office
from tracing.cases.events import Dropped
from tracing.records.model import Record

FEVER = WELL | {"covid-symptoms/fever": "1"}
ASKED_UNTIL = "covid-symptoms/any_cold"


@pytest.fixture
def ha(office: Office) -> UUID:
    """Somebody on the list of a campaign, whose telephone rings."""
    person = office.person()
    office.listed(person)
    office.dial()
    return person


def answers_and_hangs_up(office: Office, person: UUID, keys: dict[str, str], before: str = ASKED_UNTIL) -> None:
    phone = office.phone(person)
    office.desk.answer(phone)
    while (question := office.desk.asked(phone)) != before:
        office.desk.press(phone, (keys | {"ready": "1"}).get(question, "2"))
    office.hangs_up(person)


def in_queue(office: Office) -> Sequence[QueueEntry]:
    with office.database.unit() as uow:
        return uow.session.scalars(select(QueueEntry).order_by(QueueEntry.created_at)).all()


def tried_in_vain(office: Office, person: UUID) -> None:
    """Every other try of the plan, until the campaign gives up."""
    while office.targets(person)[0].state != "done":
        office.clock.advance(timedelta(hours=1))
        office.dial()
        office.does_not_answer(person)


@pytest.mark.capability("H6", "T8")
def test_who_said_fever_and_is_never_reached_again_waits_for_a_doctor(office: Office, ha: UUID) -> None:
    answers_and_hangs_up(office, ha, FEVER)
    assert in_queue(office) == []  # the next try goes on where they were, and offers a slot itself
    tried_in_vain(office, ha)
    (place,) = in_queue(office)
    assert (place.person_id, place.state, place.reason) == (ha, "waiting", "contact_with_symptoms")
    assert (place.urgency, place.language) == (queue.Urgency.URGENT, "vi")
    with office.database.unit() as uow:
        record = uow.session.scalars(select(Record).where(Record.person_id == ha)).one()
        assert (record.state, record.flagged, place.call_id) == ("draft", True, record.call_id)


def test_who_is_reached_again_gets_the_doctor_from_the_call_and_waits_once(office: Office, ha: UUID) -> None:
    answers_and_hangs_up(office, ha, FEVER)
    office.clock.advance(timedelta(hours=1))
    office.dial()
    assert office.rung(ha) == 2
    asked = {"exposure_date": "2211", "exposure_place": "1", "isolating": "1", "household_size": "4", "ready": "1"}
    office.picks_up(ha, FEVER | asked)
    assert len(in_queue(office)) == 1


def test_who_is_well_or_told_nothing_waits_for_nobody(office: Office, ha: UUID) -> None:
    answers_and_hangs_up(office, ha, WELL)
    tried_in_vain(office, ha)
    friend = office.person()
    office.listed(friend)
    tried_in_vain(office, friend)
    assert in_queue(office) == []


def test_who_is_not_asked_any_more_was_flagged_all_the_same(office: Office) -> None:
    """Somebody dropped the contact between two tries. What they said of themselves still counts."""
    ha = office.person()
    contact = office.contact(ha, office.day(-1), case_id=office.case().id)
    office.listed(ha)
    office.dial()
    answers_and_hangs_up(office, ha, FEVER)
    office.happens(contact, Dropped("never met"))
    office.clock.advance(timedelta(hours=1))
    office.dial()
    assert (office.targets(ha)[0].disposition, in_queue(office)) == ("called_off", [])
    assert [queue_flagged(office.database) for _ in range(2)] == [1, 0]
    assert [place.person_id for place in in_queue(office)] == [ha]


def test_who_then_says_that_they_want_no_calls_gets_none(office: Office, ha: UUID) -> None:
    answers_and_hangs_up(office, ha, FEVER)
    office.clock.advance(timedelta(hours=1))
    office.dial()
    call = office.picks_up_and_presses(ha, "9")
    assert (call.end_reason, in_queue(office)) == ("opted_out", [])


def test_a_stranger_who_picks_up_leaves_the_place_to_whom_it_is_about(office: Office, ha: UUID) -> None:
    answers_and_hangs_up(office, ha, FEVER)
    office.clock.advance(timedelta(hours=1))
    office.dial()
    assert office.picks_up(ha, {"reach-person/who": "2", "reach-person/is_near": "3"}).end_reason == "ineligible"
    assert [place.person_id for place in in_queue(office)] == [ha]


@pytest.mark.capability("H6")
def test_a_citizen_who_hangs_up_after_the_fever_waits_at_once(office: Office, clock: SimulatedClock) -> None:
    phone = "+84977123456"
    with office.database.unit() as uow:
        call_id = office.desk.calls.open(
            uow, direction="inbound", carrier="network", remote_number=phone, script="symptom-report", language="vi",
            context={"department": "CDC", "hotline": "+842373850115", "today": office.today.isoformat()},
            provider_ref="IN-citizen",
        ).id  # fmt: skip
    office.desk.answer(phone)
    keys = FEVER | {"language": "1", "consent": "1"}
    while (question := office.desk.asked(phone)) != ASKED_UNTIL:
        office.desk.press(phone, keys.get(question, "2"))
    office.desk.report(phone, CallState.COMPLETED)
    (place,) = in_queue(office)
    assert (place.call_id, place.reason, place.state) == (call_id, "reported_symptoms", "waiting")
    with office.database.unit() as uow:
        assert uow.session.get_one(Call, call_id).ended_at == clock.now()


@pytest.mark.capability("H6")
def test_the_tick_queues_nobody_whom_a_doctor_sees_or_has_seen(office: Office, ha: UUID) -> None:
    answers_and_hangs_up(office, ha, FEVER)
    tried_in_vain(office, ha)
    (place,) = in_queue(office)
    with office.database.unit() as uow:
        doctor = register_doctor(uow, name="BS. Lê Minh", languages=["vi"], zone="Asia/Ho_Chi_Minh").id
    for step in (queue.take, queue.done):
        with office.database.unit() as uow:
            step(uow, place.id, doctor)
        assert queue_flagged(office.database) == 0
    assert [each.state for each in in_queue(office)] == ["done"]
