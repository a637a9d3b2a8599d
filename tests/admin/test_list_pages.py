"""Lists in the console, in a browser without script: columns, who is whom, what came of it; lists that go out."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from core.audit import AuditEntry
from core.database import Database
from core.outbox import OutboxRow
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, Province
from tracing.lists import service
from tracing.lists.jobs import ListJobs
from tracing.lists.model import ListImport
from tracing.people.model import Person

Visit = Callable[[str], Visitor]
HEADER = "Họ tên,Số điện thoại,Năm sinh,Mã xã\n"
CUC = "Lê Thị Cúc,0913 111 222,1990,14755\n"
# An of the province, with a slip in his name, on the number that is on file.
LIKE_AN = "Nguyễn Văn Am,0912345678,1985,14755\n"
pytestmark = pytest.mark.capability("T11")


def upload(visitor: Visitor, text: str, source: str = "", **options: Any) -> Any:
    data = {"list": (io.BytesIO(text.encode("utf-8-sig")), "tram.csv"), "source": source}
    return visitor.post("/lists", data, content_type="multipart/form-data", **options)


def work_off(database: Database) -> None:
    """What the slow worker does."""
    jobs = ListJobs(database, "Asia/Ho_Chi_Minh", "vi")
    with database.unit() as uow:
        waiting = uow.session.scalars(
            select(OutboxRow)
            .where(OutboxRow.done_at.is_(None), OutboxRow.job.startswith("list."))
            .order_by(OutboxRow.id)
        ).all()
        for row in waiting:
            row.done_at = uow.now()
    for row in waiting:
        {service.CHECK: jobs.check, service.BRING: jobs.bring}[row.job](row.payload)


def people(database: Database) -> int:
    with database.unit() as uow:
        return uow.session.scalar(select(func.count()).select_from(Person)) or 0


def test_a_list_is_looked_at_and_then_imported(province: Province, visitor: Visit, database: Database) -> None:
    thao, before = visitor("thao"), people(database)
    page = upload(thao, HEADER + CUC).location
    shown = thao.page(page)
    for piece in ("Lê Thị Cúc", "+84913111222", "Import 1 rows", "<strong>1</strong><span>people new"):
        assert piece in shown, piece
    assert people(database) == before
    assert thao.post(f"{page}/import").location == page
    assert "It waits for its turn." in thao.page(page)
    assert thao.post(f"{page}/import").location == page  # a second click
    work_off(database)
    assert people(database) == before + 1
    assert "All of it is in. The file has been deleted." in thao.page(page)
    assert thao.json("/lists")["lists"][0]["state"] == "done"


def test_rows_that_are_wrong_are_named_and_come_as_a_file(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao = visitor("thao")
    page = upload(thao, HEADER + CUC + "Ai Đó,12345,19x0,\nXa Nhà,0913999888,1990,14830\n").location
    shown = thao.page(page)
    for piece in ("“12345” is not a phone number.", "Birth year", "This person lives outside your area."):
        assert piece in shown, piece
    text = thao.page(f"{page}/wrong.csv")
    assert "Ai Đó,12345,19x0,,3,Phone; Birth year," in text.replace('"', "")
    book = openpyxl.load_workbook(io.BytesIO(thao.get(f"{page}/wrong.xlsx").data))
    assert [cell.value for cell in book.active["A"]] == ["Họ tên", "Ai Đó", "Xa Nhà"]
    assert "leave out those that are wrong" in shown
    assert thao.post(f"{page}/import").status_code == 400
    thao.post(f"{page}/import", {"leave_out": "1"})
    work_off(database)
    done = thao.page(page)
    assert "rows left out" in done
    assert "Xa Nhà" in thao.page(f"{page}/wrong.csv")


@pytest.mark.capability("T12")
def test_who_resembles_somebody_on_file_is_decided_about(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, before = visitor("thao"), people(database)
    page = upload(thao, HEADER + CUC + LIKE_AN).location
    shown = thao.page(page)
    for piece in ("Nguyễn Văn An", "Nguyễn Văn Am", "the names differ by one letter", "Decide first who is whom"):
        assert piece in shown, piece
    assert thao.post(f"{page}/import").status_code == 400
    assert thao.post(f"{page}/decide", {"row": "3", "is": str(province.binh.person)}).status_code == 400
    assert thao.post(f"{page}/decide", {"row": "3", "is": str(province.an.person)}).status_code == 302
    assert 'aria-pressed="true"' in thao.page(page)
    thao.post(f"{page}/import")
    work_off(database)
    assert people(database) == before + 1


def test_all_that_is_open_is_decided_at_once(province: Province, visitor: Visit, database: Database) -> None:
    thao, before = visitor("thao"), people(database)
    page = upload(thao, HEADER + LIKE_AN).location
    thao.post(f"{page}/decide", {"all": "new"})
    thao.post(f"{page}/import")
    work_off(database)
    assert people(database) == before + 1


def test_columns_that_nobody_knows_are_assigned_once(province: Province, visitor: Visit, database: Database) -> None:
    thao, strange = visitor("thao"), "Người,Liên hệ\nLê Thị Cúc,0913111222\n"
    page = upload(thao, strange, "Trạm Hạc Thành").location
    assert page.endswith("/columns")
    shown = thao.page(page)
    assert '<span class="sample">0913111222</span>' in shown
    assert 'value="Trạm Hạc Thành"' in shown
    wrong = thao.post(page, {"header": ["Người", "Liên hệ"], "column": ["name", "name"]})
    assert (wrong.status_code, "Two columns are taken for the same." in wrong.text) == (400, True)
    right = {"header": ["Người", "Liên hệ"], "column": ["name", "phone"], "source": "Trạm Hạc Thành"}
    there = thao.post(page, right).location
    assert "Import 1 rows" in thao.page(there)
    assert "Import 1 rows" in thao.page(upload(thao, strange).location)  # known by its columns


def test_a_long_list_is_checked_in_the_background(province: Province, visitor: Visit, database: Database) -> None:
    thao = visitor("thao")
    rows = "".join(f"Người {n},09131{n:05d},1990,14755\n" for n in range(6000))
    page = upload(thao, HEADER + rows).location
    waits = thao.get(page, headers={"HX-Request": "true"})
    assert (waits.status_code, "It waits for its turn." in waits.text) == (200, True)
    work_off(database)
    assert thao.get(page, headers={"HX-Request": "true"}).status_code == 286  # there is nothing more to wait for
    assert "Import 6,000 rows" in thao.page(page)


def test_a_long_list_for_a_campaign_comes_back_to_its_plan(
    province: Province, visitor: Visit, database: Database
) -> None:
    son = visitor("son")
    rows = "".join(f"Người {n},09131{n:05d},1990,14755\n" for n in range(6000))
    data = {"list": (io.BytesIO((HEADER + rows).encode()), "f1.csv")}
    page = son.post("/campaigns/new", data, content_type="multipart/form-data").location
    work_off(database)
    plan = son.page(page).split('class="button primary" href="')[1].split('"')[0]
    assert "6,000 people can be called" in son.page(plan)
    form = {"name": "Chợ", "script": "contact-interview", "carrier": "twilio", "token": page.split("/")[-1]}
    assert son.post("/campaigns/create", {**form, "start": "1"}).location == page
    work_off(database)
    campaign = son.json("/campaigns")["campaigns"][0]
    assert (campaign["name"], campaign["state"], campaign["targets"]) == ("Chợ", "running", 6000)
    assert son.post("/campaigns/create", {**form, "start": "1"}).location == f"/campaigns/{campaign['id']}"


def test_a_list_is_dropped_and_its_file_with_it(province: Province, visitor: Visit, database: Database) -> None:
    thao = visitor("thao")
    page = upload(thao, HEADER + CUC).location
    assert thao.post(f"{page}/drop").location == "/lists"
    with database.unit() as uow:
        kept = uow.session.execute(
            select(ListImport.key, ListImport.content).where(ListImport.state == "dropped")
        ).one()
    assert tuple(kept) == (None, None)
    assert "Lê Thị Cúc" not in thao.page(page)


@pytest.mark.capability("C3")
def test_who_looked_at_a_list_and_who_took_one_is_in_the_audit_log(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao = visitor("thao")
    page = upload(thao, HEADER + CUC).location
    thao.page(page)
    thao.page("/lists/out?kind=F1")
    with database.unit() as uow:
        lines = uow.session.scalars(
            select(AuditEntry).where(AuditEntry.action.startswith("list.")).order_by(AuditEntry.id)
        ).all()
    assert [line.action for line in lines] == ["list.upload", "list.read", "list.export"]
    assert lines[-1].detail == {"kind": "F1", "disease": "covid-19", "area": CITY, "as": "csv", "rows": 1}


@pytest.mark.capability("T13", "C2")
def test_lists_go_out_with_people_of_the_area_only(province: Province, visitor: Visit, database: Database) -> None:
    text = visitor("thao").page("/lists/out?kind=F1&as=csv")
    assert "Nguyễn Văn An" in text
    assert "Trần Thị Bình" not in text
    book = openpyxl.load_workbook(io.BytesIO(visitor("son").get("/lists/out?kind=F1&as=xlsx").data))
    assert [cell.value for cell in book.active["B"]] == ["Full name", "Nguyễn Văn An", "Trần Thị Bình"]
    assert visitor("thao").get("/lists/out?kind=F1&area=38.382").status_code == 400
    assert visitor("son").page("/lists/out?kind=F1&as=csv&to=2020-01-01").count("\n") == 1


def test_a_program_brings_a_list_the_same_way(province: Province, visitor: Visit, database: Database) -> None:
    thao, json = visitor("thao"), {"Accept": "application/json"}
    read = upload(thao, HEADER + CUC, headers=json)
    assert (read.status_code, read.json["state"], read.json["new"]) == (202, "checked", 1)
    assert thao.post(f"/lists/{read.json['id']}/import", headers=json).json["state"] == "importing"
    work_off(database)
    assert thao.json(f"/lists/{read.json['id']}")["result"]["people_new"] == 1
