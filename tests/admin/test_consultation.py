"""A doctor and somebody of the queue: the story, the line, the call back, the note."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from admin.context import ConsoleContext
from core.audit import AuditEntry
from core.database import Database
from core.heartbeats import beat
from core.ids import new_id
from ivr.calls.model import Call
from ivr.campaigns.model import Target
from ivr.carriers.sip.model import SipLeg
from ivr.lines.tickets import RoomTicket, read_ticket
from ivr.media.bridging.model import WaitingLine
from telehealth.calling_back import room_of
from telehealth.model import Consultation, Practitioner, QueueEntry
from tests.admin.conftest import Visitor
from tests.admin.province import Province

Visit = Callable[[str], Visitor]


@pytest.fixture
def an(province: Province) -> str:
    return f"/queue/{province.an.queue}"


def comes_onto_the_line(database: Database, entry_id: UUID, talks: bool = False) -> None:
    """The person calls, and waits in the room of the place."""
    with database.unit() as uow:
        beat(uow, "media", "media@here:1", {"address": "wss://m2.example.vn"})
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
    assert dung.json(f"{an}/state")["url"] == given["url"]


@pytest.mark.capability("H8")
def test_the_page_may_reach_every_media_process_that_is_alive_wherever_the_person_comes_onto_the_line(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    with database.unit() as uow:
        beat(uow, "media", "media@here:2", {"address": "wss://m3.example.vn"})
    first = dung.post(f"{an}/line").json
    assert first is not None
    assert first["url"] == "wss://m3.example.vn/line"  # nobody is on the line yet, and the usual process is away
    comes_onto_the_line(database, province.an.queue)
    second = dung.post(f"{an}/line").json
    assert second is not None
    assert second["url"] == "wss://m2.example.vn/line"
    policy = dung.get(an).headers["Content-Security-Policy"]
    assert "connect-src 'self' ws://127.0.0.1:8001 wss://m2.example.vn wss://m3.example.vn" in policy


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


def test_nobody_who_is_on_the_line_is_called_back_from_a_page_that_has_not_noticed(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    comes_onto_the_line(database, province.an.queue)
    answer = dung.post(f"{an}/call-back", headers={"Accept": "application/json"}).json
    assert answer is not None
    assert (answer["on_line"], answer["calling"]) == (True, None)
    with database.unit() as uow:
        assert uow.session.scalars(select(Target).where(Target.script == "doctor-callback")).all() == []


@pytest.fixture
def trunk(console: Flask) -> Iterator[None]:
    """This installation has a telephone line of its own."""
    context: ConsoleContext = console.extensions["traceline"]
    settings = context.settings.model_copy(update={"sip_trunk": "sip.example.vn"})
    console.extensions["traceline"] = replace(context, settings=settings)
    yield
    console.extensions["traceline"] = context


def telephone_ends(database: Database, reason: str | None) -> None:
    """As a gateway, or the sweep, notes it."""
    with database.unit() as uow:
        uow.session.execute(update(SipLeg).values(state="ended", ended_at=uow.now(), failure_reason=reason))


@pytest.mark.parametrize("number", ["1900545461", "+37120123456", "+4915112345678", "+882161234567"])
def test_a_doctors_telephone_abroad_or_one_that_costs_extra_is_not_rung(
    province: Province, visitor: Visit, database: Database, trunk: None, an: str, number: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    assert dung.post(f"{an}/telephone", {"number": number}).status_code == 400
    with database.unit() as uow:
        assert uow.session.scalars(select(SipLeg)).all() == []


def test_a_telephone_rung_for_a_doctor_stands_in_the_audit_log_with_its_number_masked(
    province: Province, visitor: Visit, database: Database, trunk: None, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    comes_onto_the_line(database, province.an.queue)
    rung = dung.post(f"{an}/telephone", {"number": "0912345678"}, headers={"Accept": "application/json"})
    assert rung.json is not None
    assert rung.json["on_line"]  # the page goes on, and so does a talk
    with database.unit() as uow:
        [leg] = uow.session.scalars(select(SipLeg))
        [line] = uow.session.scalars(select(AuditEntry).where(AuditEntry.action == "queue.telephone"))
    assert (leg.room, leg.number) == (room_of(province.an.queue), "+84912345678")
    assert line.detail == {"number": "+8491•••678"}


def test_with_several_media_processes_no_telephone_of_a_doctor_is_rung_which_might_not_meet_the_person(
    province: Province, visitor: Visit, database: Database, trunk: None, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    comes_onto_the_line(database, province.an.queue)
    assert "Ring my telephone" in dung.page(an)
    with database.unit() as uow:
        beat(uow, "media", "media@here:2", {"address": "wss://m3.example.vn"})
    assert "Ring my telephone" not in dung.page(an)
    assert dung.post(f"{an}/telephone", {"number": "0912345678"}).status_code == 400


@pytest.mark.capability("H8")
@pytest.mark.parametrize(
    ("reason", "english", "vietnamese"),
    [
        ("no_answer", "no answer", "không nghe máy"),
        ("busy", "busy", "máy bận"),
        ("not_dialed", "not dialed", "chưa quay số"),
    ],
)
def test_a_doctor_whose_own_telephone_does_not_answer_reads_why_and_tries_again(
    province: Province, visitor: Visit, database: Database, trunk: None, an: str,
    reason: str, english: str, vietnamese: str,
) -> None:  # fmt: skip
    dung = visitor("dung")
    dung.post(f"{an}/take")
    assert dung.json(f"{an}/state")["telephone"] is None
    dung.post(f"{an}/telephone", {"number": "0912345678"})
    assert dung.json(f"{an}/state")["telephone"] == "rings"
    telephone_ends(database, reason)
    state = dung.json(f"{an}/state")
    told = f"Your telephone was not reached ({english}). Try again, or talk at this browser."
    assert (state["telephone"], state["telephone_told"]) == (reason, told)
    assert told in dung.page(an)
    dung.post("/language", {"language": "vi"})
    assert f"Không gọi được điện thoại của bạn ({vietnamese})." in dung.page(an)
    dung.post(f"{an}/telephone", {"number": "0912345678"})
    assert dung.json(f"{an}/state")["telephone"] == "rings"


def test_the_page_knows_when_the_doctors_telephone_talks(
    province: Province, visitor: Visit, database: Database, trunk: None, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    dung.post(f"{an}/telephone", {"number": "0912345678"})
    with database.unit() as uow:
        uow.session.execute(update(SipLeg).values(state="answered"))
    assert dung.json(f"{an}/state")["telephone"] == "talks"


@pytest.mark.parametrize("reason", ["canceled", None])
def test_nothing_is_said_of_a_telephone_that_talked_or_that_was_not_wanted_any_more(
    province: Province, visitor: Visit, database: Database, trunk: None, an: str, reason: str | None
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    dung.post(f"{an}/telephone", {"number": "0912345678"})
    telephone_ends(database, reason)
    state = dung.json(f"{an}/state")
    assert (state["telephone"], state["telephone_told"]) == (None, None)


def test_what_came_of_a_doctors_telephone_is_no_news_to_a_colleague(
    province: Province, visitor: Visit, database: Database, trunk: None, an: str
) -> None:
    dung, mai = visitor("dung"), visitor("mai")
    dung.post(f"{an}/take")
    dung.post(f"{an}/telephone", {"number": "0912345678"})
    telephone_ends(database, "busy")
    assert mai.json(f"{an}/state")["telephone_told"] is None
    dung.post(f"{an}/give-back")
    mai.post(f"{an}/take")
    state = mai.json(f"{an}/state")
    assert (state["mine"], state["telephone"], state["telephone_told"]) == (True, None, None)


def test_a_telephone_that_was_to_be_rung_is_not_when_another_is_given_or_the_place_is_left(
    province: Province, visitor: Visit, database: Database, trunk: None, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    comes_onto_the_line(database, province.an.queue)
    for number in ("0912345678", "0987654321"):
        dung.post(f"{an}/telephone", {"number": number})
    with database.unit() as uow:
        ringing = uow.session.scalars(select(SipLeg.number).where(SipLeg.ended_at.is_(None))).all()
    assert ringing == ["+84987654321"]
    dung.post(f"{an}/give-back")
    with database.unit() as uow:
        assert uow.session.scalars(select(SipLeg).where(SipLeg.ended_at.is_(None))).all() == []


def test_a_doctor_who_was_taken_off_takes_nobody_and_finishes_with_whom_they_have(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    with database.unit() as uow:
        uow.session.get_one(Practitioner, province.practitioner).active = False
    assert dung.post(f"{an}/note", {"outcome": "advised"}).status_code == 302
    with database.unit() as uow:
        uow.session.get_one(QueueEntry, province.an.queue).state = "waiting"
    assert dung.post(f"{an}/take").status_code == 400
    assert ">Take<" not in dung.page("/queue")
    assert ">Take<" not in dung.page(an)


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
