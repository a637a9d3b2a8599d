"""A list on its way in: checked, decided about, imported in the background; all of it or nothing, whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.ids import new_id
from core.outbox import OutboxRow
from core.settings import Settings
from core.tables import Base
from ivr.campaigns.model import Campaign, Target
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import create_campaign
from tracing.areas.places import seed_areas
from tracing.cases.model import Contact
from tracing.lists import service
from tracing.lists.jobs import KEPT, ListJobs
from tracing.lists.model import ListImport, ListSource, ListState
from tracing.lists.sample import sample_contacts, sample_csv
from tracing.people.model import NotDuplicate, Person

TODAY = date(2026, 11, 23)
ZONE = "Asia/Ho_Chi_Minh"
HEADER = "Họ tên,SĐT,Năm sinh,Mã xã\n"
KNOWN = "Lê Thị Cúc,0913111222,1990,14755\n"
pytestmark = pytest.mark.capability("T11")


@pytest.fixture
def jobs(database: Database) -> ListJobs:
    with database.unit() as uow:
        seed_areas(uow)
    return ListJobs(database, ZONE, "vi")


def upload(database: Database, content: str | bytes, area: str = "38", **options: str) -> UUID:
    data = content.encode() if isinstance(content, str) else content
    with database.unit() as uow:
        given = service.NewList(data, "danh sách.csv", "covid-19", area, new_id(), **options)  # type: ignore[arg-type]
        return service.begin(uow, given).id


def bring(database: Database, jobs: ListJobs, content: str | bytes, **options: bool) -> UUID:
    """All the way of a list about which there is nothing to decide."""
    list_id = upload(database, content)
    jobs.check({"list": str(list_id)})
    with database.unit() as uow:
        service.order(uow, list_id, **options)  # type: ignore[arg-type]
    jobs.bring({"list": str(list_id)})
    return list_id


def row_of(database: Database, list_id: UUID) -> ListImport:
    with database.unit() as uow:
        return uow.session.get_one(ListImport, list_id)


def found(database: Database, list_id: UUID) -> service.Findings:
    with database.unit() as uow:
        return service.findings_of(uow.session.get_one(ListImport, list_id))


def count(database: Database, table: type[Base]) -> int:
    with database.unit() as uow:
        return uow.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_list_is_checked_ordered_and_imported(database: Database, jobs: ListJobs) -> None:
    list_id = upload(database, HEADER + KNOWN)
    assert row_of(database, list_id).state == ListState.CHECKING
    jobs.check({"list": str(list_id)})
    assert (found(database, list_id).new, row_of(database, list_id).state) == (1, ListState.CHECKED)
    assert count(database, Person) == 0
    with database.unit() as uow:
        service.order(uow, list_id)
    jobs.bring({"list": str(list_id)})
    row = row_of(database, list_id)
    assert (row.state, row.result["people_new"], row.rows_done) == (ListState.DONE, 1, 1)
    assert (row.key, row.decisions) == (None, {})
    with database.unit() as uow:
        kept = uow.session.execute(select(ListImport.content, ListImport.findings)).one()
        contact = uow.session.scalars(select(Contact)).one()
    assert tuple(kept) == (None, None)  # the file is kept no longer than it is needed
    assert contact.plan_at is not None  # follow-up is worked out next


def test_the_file_is_at_rest_sealed_only(database: Database, jobs: ListJobs) -> None:
    list_id = upload(database, HEADER + KNOWN)
    jobs.check({"list": str(list_id)})
    with database.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT key, content, findings FROM list_import").one()
    for piece in ("Cúc".encode(), b"0913111222", b"913111222"):
        assert all(piece not in (part.encode() if isinstance(part, str) else part) for part in stored)


def test_doing_it_twice_is_doing_it_once(database: Database, jobs: ListJobs) -> None:
    list_id = bring(database, jobs, HEADER + KNOWN)
    jobs.bring({"list": str(list_id)})
    jobs.check({"list": str(list_id)})
    assert (count(database, Person), row_of(database, list_id).state) == (1, ListState.DONE)


def test_somebody_who_resembles_a_person_on_file_waits_for_a_decision(database: Database, jobs: ListJobs) -> None:
    bring(database, jobs, HEADER + KNOWN)
    list_id = upload(database, HEADER + "Lê Thị Cúk,0913111222,1990,14755\nPhạm Hai,0913111223,1980,\n")
    jobs.check({"list": str(list_id)})
    (question,) = found(database, list_id).questions
    assert (question.row, [one.name for one in question.candidates]) == (2, ["Lê Thị Cúc"])
    assert "same_phone" in question.candidates[0].spoken_for
    with pytest.raises(UserError, match="may be people on file"), database.unit() as uow:
        service.order(uow, list_id)
    with pytest.raises(UserError, match="does not ask that"), database.unit() as uow:
        service.decide(uow, list_id, {3: "new"} | {2: str(new_id())})


@pytest.mark.capability("T12")
def test_the_same_person_gets_no_second_entry(database: Database, jobs: ListJobs) -> None:
    bring(database, jobs, HEADER + KNOWN)
    list_id = upload(database, HEADER + "Lê Thị Cúk,0913111222,1990,14755\n")
    jobs.check({"list": str(list_id)})
    with database.unit() as uow:
        service.decide_all(uow, list_id, same=True)
        service.order(uow, list_id)
    jobs.bring({"list": str(list_id)})
    assert (count(database, Person), count(database, NotDuplicate)) == (1, 0)


@pytest.mark.capability("T12")
def test_somebody_new_is_remembered_as_no_duplicate_and_not_asked_about_again(
    database: Database, jobs: ListJobs
) -> None:
    bring(database, jobs, HEADER + KNOWN)
    again = HEADER + "Lê Thị Cúk,0913111222,1990,14755\n"
    list_id = upload(database, again)
    jobs.check({"list": str(list_id)})
    with database.unit() as uow:
        service.decide(uow, list_id, {2: "new"})
        service.order(uow, list_id)
    jobs.bring({"list": str(list_id)})
    with database.unit() as uow:
        low, high = sorted(uow.session.scalars(select(Person.id)))
        apart = uow.session.scalars(select(NotDuplicate)).one()
    assert (apart.low_id, apart.high_id) == (low, high)
    repeated = upload(database, again)
    jobs.check({"list": str(repeated)})
    assert (found(database, repeated).questions, found(database, repeated).known) == ([], 1)


@pytest.mark.capability("C2")
def test_people_of_other_areas_are_not_shown_as_candidates(database: Database, jobs: ListJobs) -> None:
    bring(database, jobs, HEADER + KNOWN)  # of the city
    list_id = upload(database, HEADER + "Lê Thị Cúk,0913111222,1990,14830\n", area="38.382")
    jobs.check({"list": str(list_id)})
    assert (found(database, list_id).questions, found(database, list_id).new) == ([], 1)


def test_wrong_rows_stop_the_list_unless_somebody_leaves_them_out(database: Database, jobs: ListJobs) -> None:
    list_id = upload(database, HEADER + KNOWN + "Ai Đó,12345,,\n")
    jobs.check({"list": str(list_id)})
    with pytest.raises(UserError, match="Some rows are wrong"), database.unit() as uow:
        service.order(uow, list_id)
    with database.unit() as uow:
        service.order(uow, list_id, leave_out=True)
    jobs.bring({"list": str(list_id)})
    row = row_of(database, list_id)
    assert (row.result["rows"], row.result["left_out"], count(database, Person)) == (1, 1, 1)
    assert found(database, list_id).wrong == {"3": ["Ai Đó", "12345", "", ""]}


def test_columns_that_somebody_assigned_are_known_the_next_time(database: Database, jobs: ListJobs) -> None:
    strange = "Người,Liên hệ,Lưu ý\nLê Thị Cúc,0913111222,x\n"
    list_id = upload(database, strange)
    assert row_of(database, list_id).state == ListState.COLUMNS
    mapping = {"Người": "name", "Liên hệ": "phone", "Lưu ý": ""}
    for wrong in ({"Người": "name"}, {**mapping, "Lưu ý": "phone"}, {**mapping, "Lưu ý": "shoe size"}):
        with pytest.raises(UserError), database.unit() as uow:
            service.assign(uow, list_id, wrong, "Trạm Y tế Hạc Thành")
    with database.unit() as uow:
        service.assign(uow, list_id, mapping, "Trạm Y tế  Hạc Thành")
    assert count(database, ListSource) == 1
    by_name = upload(database, strange, source="Trạm Y tế Hạc Thành")
    by_header = upload(database, strange)
    for again in (by_name, by_header):
        jobs.check({"list": str(again)})
        assert (row_of(database, again).mapping, found(database, again).new) == (mapping, 1)


def test_a_list_whose_campaign_is_over_fails_in_words_and_imports_nothing(database: Database, jobs: ListJobs) -> None:
    with database.unit() as uow:
        campaign = create_campaign(uow, CampaignPlan("F1", "contact-interview", "network"))
    list_id = upload(database, HEADER + KNOWN)
    jobs.check({"list": str(list_id)})
    with database.unit() as uow:
        service.order(uow, list_id, campaign=campaign.id)
        uow.session.get_one(Campaign, campaign.id).state = "aborted"
    jobs.bring({"list": str(list_id)})
    row = row_of(database, list_id)
    assert (row.state, row.result["problem"][0]) == (ListState.FAILED, "The campaign is over.")
    assert (count(database, Person), count(database, Target)) == (0, 0)


def test_a_list_that_was_dropped_is_not_imported(database: Database, jobs: ListJobs) -> None:
    list_id = upload(database, HEADER + KNOWN)
    jobs.check({"list": str(list_id)})
    with database.unit() as uow:
        service.drop(uow, list_id)
    jobs.bring({"list": str(list_id)})
    assert (count(database, Person), row_of(database, list_id).key) == (0, None)
    with pytest.raises(UserError, match="not possible"), database.unit() as uow:
        service.order(uow, list_id)


def test_what_nobody_decides_about_is_forgotten_after_a_week(
    database: Database, jobs: ListJobs, clock: SimulatedClock
) -> None:
    list_id = upload(database, HEADER + KNOWN)
    jobs.check({"list": str(list_id)})
    assert jobs.sweep() == 0
    clock.advance(KEPT + timedelta(seconds=1))
    assert jobs.sweep() == 1
    assert (row_of(database, list_id).state, row_of(database, list_id).key) == (ListState.DROPPED, None)


_WORKER = """
import sys, importlib
from pathlib import Path
for name in sys.argv[4].split(","):
    importlib.import_module(name)
from core.clock import SystemClock
from core.database import Database
from core.encryption import load_keys, use_keys
from tracing.lists.jobs import ListJobs
use_keys(load_keys("", Path(sys.argv[2]), make=False))
ListJobs(Database(sys.argv[1], SystemClock(), pool_size=2), "Asia/Ho_Chi_Minh", "vi").bring({"list": sys.argv[3]})
"""


@pytest.mark.patient
def test_a_worker_that_is_killed_leaves_nothing_and_the_list_is_taken_up_again(
    database: Database, database_url: str, settings: Settings, jobs: ListJobs, clock: SimulatedClock
) -> None:
    list_id = upload(database, sample_csv(sample_contacts(6_000, TODAY)))
    jobs.check({"list": str(list_id)})
    with database.unit() as uow:
        service.order(uow, list_id)
    tables = sorted(mapper.class_.__module__ for mapper in Base.registry.mappers)
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, database_url, str(settings.home), str(list_id), ",".join(dict.fromkeys(tables))]
    )
    deadline = time.monotonic() + 60
    while row_of(database, list_id).rows_done == 0:
        assert time.monotonic() < deadline
        assert worker.poll() is None
        time.sleep(0.02)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert (count(database, Person), row_of(database, list_id).state) == (0, ListState.IMPORTING)
    with database.unit() as uow:
        uow.session.get_one(ListImport, list_id).alive_at = uow.now() - timedelta(minutes=1)
    while jobs.sweep() == 0:  # until PostgreSQL has noticed that nobody is there any more
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert jobs.sweep() == 0  # it was ordered once
    with database.unit() as uow:
        ordered = uow.session.scalars(select(OutboxRow.payload).where(OutboxRow.job == service.BRING)).one()
    jobs.bring(ordered)
    assert (count(database, Person), row_of(database, list_id).state) == (6_000, ListState.DONE)
