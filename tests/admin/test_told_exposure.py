"""What a contact told of their last exposure is proposed on their page, and entered with one click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.database import Database
from core.ids import new_id
from ivr.calls.model import Call
from tests.admin.conftest import Visitor
from tests.admin.province import Province
from tracing.cases.model import Contact, Exposure
from tracing.cases.service import NewCase, NewExposure, add_contact, open_case
from tracing.followup.model import FollowUp
from tracing.followup.planning import replan
from tracing.records.model import Record, RecordAnswer

Visit = Callable[[str], Visitor]
TODAY = date(2026, 11, 23)
LISTED = TODAY - timedelta(days=5)
PROPOSAL = "In the interview they said"


@pytest.fixture
def contact(province: Province, database: Database) -> UUID:
    """Somebody of whom a list says that they met a case five days ago."""
    with database.unit() as uow:
        case = open_case(uow, NewCase("covid-19", number="BN2026", onset_on=TODAY - timedelta(days=7), area="38"), None)
        made, _ = add_contact(
            uow, province.binh.person, "covid-19", [NewExposure(LISTED)], case_id=case.id, source="list", by=None
        )
        other = uow.session.get_one(Contact, province.binh.contact)
        other.status, other.follow_up = "dropped", "no_follow_up"
        uow.session.flush()
        replan(uow, province.binh.person, "covid-19")
        return made.id


def tells(database: Database, province: Province, day: str, place: str = "work") -> UUID:
    """They answer the interview; returns the call."""
    with database.unit() as uow:
        call = Call(
            direction="outbound", carrier="test", remote_number="+84987654321", script="contact-interview",
            revision="r", language="vi", context={}, script_state={}, person_id=province.binh.person, area="38.380",
            created_at=uow.now(), ended_at=uow.now(), end_reason="completed",
        )  # fmt: skip
        uow.session.add(call)
        uow.session.flush()
        record = Record(
            id=new_id(), form="contact_interview", person_id=province.binh.person, call_id=call.id, language="vi",
            state="complete", area="38.380", created_at=uow.now(),
        )  # fmt: skip
        uow.session.add(record)
        uow.session.flush()
        for turn, (field, value) in enumerate({"exposure_date": day, "exposure_place": place}.items(), 7):
            uow.session.add(
                RecordAnswer(
                    id=new_id(), record_id=record.id, field=field, value=value, source="keys", call_id=call.id,
                    turn=turn, at=uow.now(),
                )
            )  # fmt: skip
        return call.id


def on_file(database: Database, contact: UUID) -> list[Exposure]:
    with database.unit() as uow:
        return list(uow.session.scalars(select(Exposure).where(Exposure.contact_id == contact).order_by(Exposure.day)))


def period(database: Database, province: Province) -> FollowUp:
    with database.unit() as uow:
        standing = FollowUp.person_id == province.binh.person, FollowUp.superseded_at.is_(None)
        return uow.session.scalars(select(FollowUp).where(*standing)).one()


@pytest.mark.capability("T4", "T10")
def test_a_later_day_that_was_told_is_entered_with_one_click_and_begins_the_period_again(
    province: Province, visitor: Visit, contact: UUID, database: Database
) -> None:
    before = period(database, province).last_day
    call = tells(database, province, "2026-11-21")
    tuan, address = visitor("tuan"), f"/contacts/{contact}"
    page = tuan.page(address)
    assert f"{PROPOSAL}: last near the case on 21 Nov 2026" in page
    assert "Work" in page
    assert period(database, province).last_day == before  # nothing happens until somebody decides
    tuan.post(address, {"action": "told", "day": "2026-11-21"})
    entered = on_file(database, contact)[-1]
    assert (entered.day, entered.kind, entered.place) == (date(2026, 11, 21), "person", "Work")
    assert (entered.call_id, entered.turn, entered.source, entered.by) == (call, 7, "call", province.users["tuan"])
    assert period(database, province).last_day == before + timedelta(days=3)
    page = tuan.page(address)
    assert PROPOSAL not in page
    assert f"/calls/{call}#turn-7" in page


def test_clicking_twice_enters_it_once_and_says_so(
    province: Province, visitor: Visit, contact: UUID, database: Database
) -> None:
    tells(database, province, "2026-11-21", place="home")
    tuan, told = visitor("tuan"), {"action": "told", "day": "2026-11-21"}
    tuan.post(f"/contacts/{contact}", told)
    again = tuan.post(f"/contacts/{contact}", told)
    assert again.status_code == 400
    assert "This day is on file already, or was corrected." in again.text
    assert [(each.day, each.kind) for each in on_file(database, contact)] == [
        (LISTED, "person"),
        (date(2026, 11, 21), "household"),
    ]


@pytest.mark.parametrize("day", ["2026-11-18", "2026-11-10", "2026-12-01", "gibberish"])
def test_a_day_that_says_nothing_newer_is_not_proposed(
    province: Province, visitor: Visit, contact: UUID, database: Database, day: str
) -> None:
    tells(database, province, day)
    tuan = visitor("tuan")
    assert PROPOSAL not in tuan.page(f"/contacts/{contact}")
    assert tuan.post(f"/contacts/{contact}", {"action": "told", "day": "2026-11-21"}).status_code == 400
    assert len(on_file(database, contact)) == 1


def test_a_corrected_answer_is_proposed_as_it_was_corrected(
    province: Province, visitor: Visit, contact: UUID, database: Database
) -> None:
    tells(database, province, "2026-11-21")
    with database.unit() as uow:
        told = RecordAnswer.field == "exposure_date"
        record = uow.session.scalar(select(RecordAnswer.record_id).where(told))
        uow.session.execute(update(RecordAnswer).where(told).values(superseded_at=uow.now()))
        uow.session.add(
            RecordAnswer(
                id=new_id(), record_id=record, field="exposure_date", value="2026-11-20", source="staff",
                corrected_by=province.users["tuan"], correction_reason="nghe nhầm", at=uow.now(),
            )
        )  # fmt: skip
    tuan = visitor("tuan")
    assert f"{PROPOSAL}: last near the case on 20 Nov 2026" in tuan.page(f"/contacts/{contact}")
    refused = tuan.post(f"/contacts/{contact}", {"action": "told", "day": "2026-11-21"})
    assert refused.status_code == 400  # what the page said is not what is told any more


def test_nothing_is_proposed_of_a_contact_who_is_none_any_more_nor_to_whoever_may_only_look(
    province: Province, visitor: Visit, contact: UUID, database: Database
) -> None:
    tells(database, province, "2026-11-21")
    assert PROPOSAL not in visitor("dung").page(f"/contacts/{contact}")
    with database.unit() as uow:
        uow.session.get_one(Contact, contact).status = "dropped"
    assert PROPOSAL not in visitor("tuan").page(f"/contacts/{contact}")
