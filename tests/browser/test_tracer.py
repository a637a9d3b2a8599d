"""A tracer's morning in a real browser: a case, whom they met, and the days of follow-up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.database import Database
from core.login import create_user
from tests.admin.province import CITY, Province
from tests.browser.test_console import sign_in
from tracing.followup.model import FollowUpVisit

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
TOMORROW = date(2026, 11, 24)


@pytest.fixture
def tracer(database: Database, province: Province) -> tuple[str, str]:
    with database.unit() as uow:
        user, password = create_user(uow, login="lan", name="Trịnh Lan", roles=["tracer"], area=CITY)
        return user.login, password


@pytest.mark.capability("T1")
@pytest.mark.capability("T2")
@pytest.mark.capability("T9")
def test_from_a_new_case_to_the_calendar_of_a_contact_and_a_classification_by_hand(
    window: Window, tracer: tuple[str, str], province: Province, database: Database
) -> None:
    page = window()
    sign_in(page, tracer)
    page.get_by_role("link", name="Ca bệnh", exact=True).click()
    page.get_by_role("link", name="Mở ca bệnh").click()
    page.get_by_label("Tên", exact=True).fill("Lê Thị Cúc")
    page.get_by_label("Điện thoại", exact=True).fill("0913 111 222")
    page.get_by_label("Năm sinh").fill("1990")
    page.get_by_label("Mã số, nếu có").fill("BN2026")
    page.get_by_label("Ngày khởi phát").fill("2026-11-20")
    page.get_by_role("button", name="Mở ca bệnh này").click()
    expect(page.get_by_role("heading", name="BN2026 Lê Thị Cúc")).to_contain_text("ca xác định")

    page.get_by_role("link", name="Thêm người tiếp xúc").click()
    page.get_by_label("Đã có hồ sơ?").fill("nguyen van an")
    page.get_by_role("button", name="Tìm").click()
    page.get_by_role("link", name="Nguyễn Văn An").click()
    page.get_by_label("Ngày tiếp xúc").fill("2026-11-22")
    page.get_by_label("Tiếp xúc thế nào").select_option("household")
    page.get_by_label("Trong bao nhiêu phút").fill("120")
    page.get_by_label("Cách nhau bao nhiêu mét").fill("0,5")
    page.get_by_role("button", name="Thêm người này").click()
    expect(page.get_by_role("heading", name="Nguyễn Văn An F1")).to_be_visible()
    expect(page.get_by_text("theo 1909/BYT-DP")).to_be_visible()  # the decision behind the days
    days = page.locator(".strip.large g")
    expect(days.first).to_be_visible()
    with database.unit() as uow:
        planned = uow.session.scalars(
            select(FollowUpVisit.day).where(FollowUpVisit.person_id == province.an.person).order_by(FollowUpVisit.day)
        ).all()
    assert planned[0] == TOMORROW  # the newest exposure was today, at the market
    expect(page.locator("#calendar tbody tr")).to_have_count(len(planned))

    page.locator("summary", has_text="Phân loại bằng tay").click()
    form = page.locator("form", has=page.locator("input[value=classify]"))
    form.get_by_label("Phân loại").select_option("not_a_contact")
    form.get_by_label("Lý do").fill("ở khác tầng, không gặp nhau")
    form.get_by_role("button", name="Lưu").click()
    expect(page.get_by_role("heading", name="Nguyễn Văn An F1")).to_contain_text("đã loại")
    expect(page.get_by_text("ở khác tầng, không gặp nhau").first).to_be_visible()
    expect(page.get_by_text("theo quy định: tiếp xúc đã xác định")).to_be_visible()  # both stay to be seen
    expect(page.get_by_text("do cán bộ: không phải tiếp xúc")).to_be_visible()
