"""A doctor and somebody of the queue: the story, the line, the call back, the note."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from core.heartbeats import beat
from core.ids import new_id
from ivr.calls.model import Call
from ivr.campaigns.model import Target
from ivr.lines.tickets import RoomTicket, read_ticket
from ivr.media.bridging.model import WaitingLine
from telehealth.calling_back import room_of
from telehealth.model import Consultation, QueueEntry
from tests.admin.conftest import Visitor
from tests.admin.province import Province

Visit = Callable[[str], Visitor]


@pytest.fixture
def an(province: Province) -> str:
    return f"/queue/{province.an.queue}"


def comes_onto_the_line(database: Database, entry_id: UUID, talks: bool = False) -> None:
    """The person calls, and waits in the room of the place."""
    with database.unit() as uow:
        beat(uow, "media", "media@here:1", {})
        call = Call(
            id=new_id(), direction="inbound", carrier="sip", remote_number="", state="in_progress",
            script="symptom-report", revision="r", language="vi", context={}, script_state={}, created_at=uow.now(),
        )  # fmt: skip
        uow.session.add(call)
        uow.session.flush()
        uow.session.add(
            WaitingLine(
                room=room_of(entry_id), call_id=call.id, stay=new_id(), address="wss://m2.example.vn",
                process="media@here:1", since=uow.now(), talks_since=uow.now() if talks else None,
            )
        )  # fmt: skip


@pytest.mark.capability("H7")
def test_the_doctor_who_takes_somebody_sees_why_and_what_they_answered(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    assert dung.post(f"{an}/take").location == an
    page = dung.page(an)
    for words in (province.an.name, "khó thở", "Fever", "Call back", "Save and finish", province.an.reference):
        assert words in page
    with database.unit() as uow:
        actions = uow.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-2:] == ["queue.take", "queue.read"]


def test_the_list_says_who_is_on_the_line_now(province: Province, visitor: Visit, database: Database) -> None:
    dung = visitor("dung")
    assert not any(row["on_line"] for row in dung.json("/queue")["queue"])
    comes_onto_the_line(database, province.an.queue)
    assert {row["name"]: row["on_line"] for row in dung.json("/queue")["queue"]}[province.an.name]
    assert "on the line" in dung.page("/queue")


@pytest.mark.capability("H8")
def test_a_ticket_for_the_room_is_given_to_the_doctor_who_took_the_place_and_to_nobody_else(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung, mai = visitor("dung"), visitor("mai")
    assert dung.post(f"{an}/line").status_code == 400  # nobody has taken it
    dung.post(f"{an}/take")
    comes_onto_the_line(database, province.an.queue)
    given = dung.post(f"{an}/line").json
    assert given is not None
    assert given["url"] == "wss://m2.example.vn/line"  # where the caller is, if there are several media processes
    assert read_ticket(given["ticket"]) == RoomTicket(room_of(province.an.queue), province.users["dung"])
    assert mai.post(f"{an}/line").status_code == 400
    assert "connect-src 'self' wss://m2.example.vn" in dung.get(an).headers["Content-Security-Policy"]


@pytest.mark.capability("N9")
def test_a_doctor_calls_somebody_back_who_hung_up(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    assert dung.post(f"{an}/call-back").status_code == 400
    dung.post(f"{an}/take")
    assert dung.post(f"{an}/call-back").location == an
    again = dung.post(f"{an}/call-back", headers={"Accept": "application/json"}).json
    assert again is not None
    assert (again["calling"], again["told"], again["on_line"]) == ("waiting", "is about to be called", False)
    with database.unit() as uow:
        [target] = uow.session.scalars(select(Target).where(Target.script == "doctor-callback"))
    assert (target.phone, target.person_id) == (province.an.phone, province.an.person)
    assert target.context["person"]["name"] == province.an.name


def test_somebody_with_a_hidden_number_is_shown_as_such(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    with database.unit() as uow:
        entry = uow.session.get_one(QueueEntry, province.an.queue)
        entry.person_id = None
        uow.session.get_one(Call, province.an.call).remote_number = ""
    assert "only be met on the line" in dung.page(an)
    assert "hidden" in dung.page("/queue")
    assert dung.post(f"{an}/call-back").status_code == 400


def test_without_a_telephone_line_of_its_own_no_telephone_of_the_doctor_is_rung(
    province: Province, visitor: Visit, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    assert "Ring my telephone" not in dung.page(an)
    assert dung.post(f"{an}/telephone", {"number": "0912345678"}).status_code == 400


@pytest.mark.capability("H7")
def test_the_note_is_kept_with_its_outcome_and_seen_the_next_time(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    assert dung.post(f"{an}/note", {"note": "Nghỉ ngơi"}).status_code == 400  # no outcome
    assert dung.post(f"{an}/note", {"note": "Nghỉ ngơi", "outcome": "home_care"}).status_code == 302
    with database.unit() as uow:
        [written] = uow.session.scalars(select(Consultation))
        assert (written.practitioner_id, written.outcome) == (province.practitioner, "home_care")
        assert uow.session.get_one(QueueEntry, province.an.queue).state == "done"
    assert province.an.name not in dung.page("/queue")
    assert "Nghỉ ngơi" in dung.page(an)
    assert visitor("mai").post(f"{an}/note", {"outcome": "advised"}).status_code == 400


@pytest.mark.capability("H6")
def test_who_has_waited_too_long_is_seen_by_the_doctors_of_other_areas(
    province: Province, visitor: Visit, database: Database
) -> None:
    theirs = f"/queue/{province.binh.queue}"
    assert visitor("mai").get(theirs).status_code == 404
    with database.unit() as uow:
        uow.session.get_one(QueueEntry, province.binh.queue).escalated_at = uow.now()
    assert province.binh.name in visitor("mai").page(theirs)
    assert visitor("tuan").get(theirs).status_code == 403  # not a doctor
