"""A tracer corrects an answer on the page of a record, sees what follows, and hears what was said."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from core.audit import AuditEntry
from core.database import Database
from ivr.messages.deletion import delete_due
from ivr.messages.model import VoiceMessageRow
from telehealth.model import Appointment, QueueEntry
from tests.admin.conftest import Visitor
from tests.admin.province import Province
from tracing.records.model import Record, RecordAnswer

Visit = Callable[[str], Visitor]
HTMX = {"HX-Request": "true"}


def seen(database: Database, record: UUID, field: str) -> str:
    """The id of the answer that stands, as the page's form carries it."""
    with database.unit() as uow:
        found = uow.session.scalar(
            select(RecordAnswer.id).where(
                RecordAnswer.record_id == record, RecordAnswer.field == field, RecordAnswer.superseded_at.is_(None)
            )
        )
    return "" if found is None else str(found)


def corrected(database: Database, record: UUID, field: str, value: str, reason: str = "nghe lại") -> dict[str, str]:
    return {"value": value, "reason": reason, "seen": seen(database, record, field)}


def alone(database: Database) -> None:
    """Nobody is coming: no appointment, no place in the queue."""
    with database.unit() as uow:
        uow.session.execute(delete(QueueEntry))
        uow.session.execute(update(Appointment).values(state="cancelled"))


def actions(database: Database) -> list[str]:
    with database.unit() as uow:
        return list(uow.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.capability("N14")
def test_a_corrected_answer_is_shown_with_who_why_and_what_was_said_before(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, page = visitor("thao"), f"/records/{province.an.record}"
    answer = thao.post(f"{page}/answers/fever", corrected(database, province.an.record, "fever", "false", "nhầm người"))
    assert answer.status_code == 302
    assert answer.location == f"{page}#answer-fever"
    text = thao.page(page)
    for told in ("corrected", "nhầm người", "Phạm Thị Thảo", "<s>Yes</s>", "“có”", "Risk: High → not known"):
        assert told in text
    assert "Risk:" not in thao.page(page)  # it is told once
    assert actions(database)[-4:].count("record.correct") == 1


@pytest.mark.capability("N14")
def test_htmx_gets_the_record_in_its_place_again(province: Province, visitor: Visit, database: Database) -> None:
    page = f"/records/{province.an.record}"
    given = corrected(database, province.an.record, "cough", "true")
    answer = visitor("thao").post(f"{page}/answers/cough", given, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert '<div id="answer-cough" class="fresh">' in answer.text


@pytest.mark.capability("N14")
def test_what_is_wrong_is_told_beside_the_answer_with_what_was_typed(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, page = visitor("thao"), f"/records/{province.an.record}"
    for value, reason, told in (
        ("perhaps", "nghe lại", "Choose yes, no, or not answered."),
        ("false", " ", "A correction needs a reason."),
        ("true", "nghe lại", "The answer is this already."),
    ):
        given = corrected(database, province.an.record, "fever", value, reason)
        plain = thao.post(f"{page}/answers/fever", given)
        assert plain.status_code == 400
        assert told in plain.text
        within = thao.post(f"{page}/answers/fever", given, headers=HTMX)
        assert within.status_code == 200
        assert told in within.text
    given = corrected(database, province.an.record, "household_size", "99", "gọi lại")
    text = thao.post(f"{page}/answers/household_size", given).text
    assert "Give a number from 1 to 50." in text
    assert 'value="99"' in text
    assert 'value="gọi lại"' in text
    assert seen(database, province.an.record, "household_size") == ""


def test_a_program_corrects_with_the_id_of_the_answer_that_it_read(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, json = visitor("thao"), {"Accept": "application/json"}
    (record,) = [r for r in thao.json("/records")["records"] if r["id"] == str(province.an.record)]
    given = {"value": "false", "reason": "từ hồ sơ bệnh viện", "seen": record["answers"]["fever"]["id"]}
    address = f"/records/{province.an.record}/answers/fever"
    answer = thao.post(address, given, headers=json)
    assert (answer.status_code, answer.json["risk"], answer.json["flagged"]) == (200, None, False)
    late = thao.post(address, given, headers=json)
    assert late.status_code == 400
    assert late.json["error"] == "Somebody changed this answer while you looked at it."


def test_a_colleague_s_correction_is_not_overwritten(province: Province, visitor: Visit, database: Database) -> None:
    page = f"/records/{province.an.record}/answers/fever"
    given = corrected(database, province.an.record, "fever", "false")
    assert visitor("thao").post(page, given).status_code == 302
    late = visitor("dung").post(page, {**given, "value": "not-answered"})
    assert late.status_code == 400
    assert "Somebody changed this answer while you looked at it." in late.text


@pytest.mark.capability("N14")
def test_a_caller_whom_a_correction_flags_goes_to_the_doctors_at_a_click_and_not_by_itself(
    province: Province, visitor: Visit, database: Database
) -> None:
    alone(database)
    thao, page = visitor("thao"), f"/records/{province.an.record}"
    thao.post(f"{page}/answers/fever", corrected(database, province.an.record, "fever", "false"))
    assert "Put into the doctors" not in thao.page(page)
    thao.post(f"{page}/answers/red_flag", corrected(database, province.an.record, "red_flag", "true"))
    assert "Put into the doctors" in thao.page(page)
    with database.unit() as uow:
        assert uow.session.scalar(select(QueueEntry.id)) is None
    for _ in range(2):
        assert thao.post(f"{page}/doctor").status_code == 302
    with database.unit() as uow:
        entry = uow.session.scalars(select(QueueEntry)).one()
        assert (entry.urgency, entry.reason, entry.call_id) == (0, "red_flag", province.an.call)
    assert "Put into the doctors" not in thao.page(page)
    assert actions(database).count("record.doctor") == 1


@pytest.mark.capability("N14")
def test_when_no_doctor_is_needed_any_more_what_stands_is_told_and_left_to_people(
    province: Province, visitor: Visit, database: Database
) -> None:
    dung, page = visitor("dung"), f"/records/{province.an.record}"
    dung.post(f"{page}/answers/fever", corrected(database, province.an.record, "fever", "false"))
    text = dung.page(page)
    assert "People decide what becomes of it" in text
    with database.unit() as uow:
        assert uow.session.get_one(Record, province.an.record).flagged is False
        assert uow.session.get_one(Appointment, province.an.appointment).state == "booked"
        assert uow.session.get_one(QueueEntry, province.an.queue).state == "waiting"


def test_only_those_whose_work_it_is_and_whose_area_it_is_correct(
    province: Province, visitor: Visit, database: Database
) -> None:
    given = corrected(database, province.binh.record, "fever", "false")
    there = f"/records/{province.binh.record}/answers/fever"
    assert visitor("thao").post(there, given).status_code == 404
    own = f"/records/{province.an.record}"
    assert visitor("hanh").post(f"{own}/answers/fever", given).status_code in (403, 404)
    refused = visitor("thao").post(f"{own}/answers/risk", corrected(database, province.an.record, "risk", "low"))
    assert "You may not correct this answer." in refused.text
    assert visitor("thao").post(f"{own}/answers/colour", {"value": "red"}).status_code == 400


@pytest.mark.capability("N16")
def test_what_was_said_is_played_while_it_is_kept_and_afterwards_the_page_says_when_it_went(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, page = visitor("thao"), f"/records/{province.an.record}"
    found = re.search(rf'src="({page}/answers/[^"]+/sound.wav)"', thao.page(page))
    assert found is not None
    assert thao.get(found[1]).data[:4] == b"RIFF"
    assert actions(database)[-1] == "answer.listen"
    assert visitor("tuan").get(found[1]).status_code == 404
    assert "/messages/" not in re.sub(r"/messages/deleted", "", thao.page("/messages")).replace(
        f"/messages/{province.an.message}", ""
    )
    assert delete_due(database, 90, 0) == 2  # both residents'
    assert "the proof is kept" in thao.page(page)
    assert thao.get(found[1]).status_code == 404
    with database.unit() as uow:
        kept = uow.session.scalars(select(VoiceMessageRow.sound).where(VoiceMessageRow.kind == "answer")).all()
    assert kept == [None, None]
