"""A tracer brings in a list that nobody has seen before: columns, one doubt, progress; the next one is read at once."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from core.database import Database
from core.login import create_user
from core.outbox import OutboxRow
from tests.admin.province import CITY, Province
from tests.browser.test_console import sign_in
from tests.browser.test_duplicates_page import photograph
from tracing.lists import service
from tracing.lists.jobs import ListJobs

pytestmark = [pytest.mark.browser, pytest.mark.capability("T11")]


@pytest.fixture
def newcomer(database: Database, province: Province) -> tuple[str, str]:
    with database.unit() as uow:
        user, password = create_user(uow, login="lan", name="Trịnh Lan", roles=["tracer"], area=CITY)
    return user.login, password


@pytest.fixture
def worker(database: Database) -> Iterator[None]:
    """The slow worker, as a thread: takes the jobs of lists until the test ends."""
    over = threading.Event()
    jobs = ListJobs(database, "Asia/Ho_Chi_Minh", "vi")

    def work() -> None:
        while not over.wait(0.3):
            with database.unit() as uow:
                open_jobs = select(OutboxRow).where(OutboxRow.done_at.is_(None), OutboxRow.job.startswith("list."))
                due = [(row.job, row.payload) for row in uow.session.scalars(open_jobs.with_for_update())]
                for row in uow.session.scalars(open_jobs):
                    row.done_at = uow.now()
            for job, payload in due:
                {service.CHECK: jobs.check, service.BRING: jobs.bring}[job](payload)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def strange_list(folder: Path, rows: int) -> Path:
    """A health station's workbook: titles above the header, its own words, telephone numbers as numbers; one row is
    An of the province with a slip in his name."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("F1")
    sheet.write(0, 0, "TRẠM Y TẾ HẠC THÀNH")
    sheet.write_row(2, 0, ["Người", "Liên hệ", "NS", "Ở đâu", "Gặp ngày", "Lưu ý"])
    sheet.write_row(3, 0, ["Nguyễn Văn Am", 912345678, 1985, "14755", "20/11/2026", "khẩn"])
    for at in range(rows):
        sheet.write_row(at + 4, 0, [f"Người Thứ {at}", 913000000 + at, 1950 + at % 50, "14755", "21/11/2026"])
    book.close()
    path = folder / "Danh sách F1 Hạc Thành.xlsx"
    path.write_bytes(file.getvalue())
    return path


def test_a_list_of_a_new_kind_is_brought_in_and_the_next_one_is_known(
    province: Province,
    window: Callable[..., Page],
    newcomer: tuple[str, str],
    worker: None,
    tmp_path: Path,
    database: Database,
) -> None:
    page = window()
    sign_in(page, newcomer)
    page.get_by_role("link", name="Danh sách", exact=True).click()
    page.get_by_label("Danh sách người tiếp xúc").set_input_files(strange_list(tmp_path, 4_000))
    page.get_by_label("Nơi gửi").fill("Trạm Y tế Hạc Thành")
    photograph(page, "lists")
    page.get_by_role("button", name="Đọc danh sách").click()

    expect(page.get_by_role("heading", name="Mỗi cột là gì?")).to_be_visible()
    expect(page.get_by_text("912345678", exact=True)).to_be_visible()
    chosen = {"Người": "Họ tên", "Liên hệ": "Số điện thoại", "Ở đâu": "Mã xã", "Gặp ngày": "Ngày tiếp xúc"}
    for header, meaning in chosen.items():
        page.get_by_label(header, exact=True).select_option(label=meaning)
    photograph(page, "list-columns")
    page.get_by_role("button", name="Đọc danh sách theo các cột này").click()

    expect(page.get_by_role("heading", name="Có phải cùng một người?")).to_be_visible(timeout=60_000)
    bring = page.get_by_role("button", name="Nhập 4.001 dòng")
    expect(bring).to_have_count(0)
    photograph(page, "list-questions")
    page.get_by_role("button", name="Cùng một người").click()
    with database.unit() as uow:  # until this ends, imports wait for each other: so that the page is seen meanwhile
        uow.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('tracing.import_contacts'))"))
        bring.click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.get_by_text("trên 4.001 dòng")).to_be_visible(timeout=30_000)
        photograph(page, "list-progress")
    expect(page.get_by_text("Đã nhập xong toàn bộ.")).to_be_visible(timeout=60_000)
    expect(page.locator(".figure", has_text="người mới")).to_contain_text("4.000")
    photograph(page, "list-done")

    page.get_by_role("link", name="Danh sách", exact=True).first.click()
    page.get_by_label("Danh sách người tiếp xúc").set_input_files(strange_list(tmp_path, 20))
    page.get_by_role("button", name="Đọc danh sách").click()
    expect(page.get_by_text("Trạm Y tế Hạc Thành")).to_be_visible()  # by its columns
    expect(page.locator(".figure", has_text="đã có hồ sơ")).to_contain_text("20")


def test_wrong_rows_stand_beside_what_is_wrong_with_them(
    province: Province, window: Callable[..., Page], newcomer: tuple[str, str], tmp_path: Path
) -> None:
    page, file = window(), tmp_path / "f1.csv"
    file.write_text("Họ tên,SĐT,Ngày tiếp xúc\nAn,0912999888,20/11/2026\nBình,12345,31/02/2026\n", encoding="utf-8")
    sign_in(page, newcomer)
    page.goto("/lists")
    page.get_by_label("Danh sách người tiếp xúc").set_input_files(file)
    page.get_by_role("button", name="Đọc danh sách").click()
    expect(page.get_by_text("“31/02/2026” không phải là ngày.")).to_be_visible()
    photograph(page, "list-wrong")
    with page.expect_download() as download:
        page.get_by_role("link", name="Các dòng sai kèm lý do (Excel)").click()
    assert download.value.suggested_filename == "wrong-rows.xlsx"
    expect(page.get_by_role("button", name="Nhập 1 dòng, để lại các dòng sai")).to_be_visible()
