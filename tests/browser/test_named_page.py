"""A tracer decides about whom a case met, in a real browser, at a desk and on a telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from core.database import Database
from core.login import create_user
from tests.admin.province import CITY, Province
from tests.browser.test_console import sign_in
from tests.tracing.naming import case_of, somebody, venue, was_there
from tracing import days
from tracing.venues.model import NamedContact

pytestmark = pytest.mark.browser
Window = Callable[..., Page]
HOME = f"{CITY}.14755"


@pytest.fixture
def lan(database: Database, province: Province) -> tuple[str, str]:
    with database.unit() as uow:
        user, password = create_user(uow, login="lan", name="Trịnh Lan", roles=["tracer"], area=CITY)
        return user.login, password


@pytest.fixture
def chi(database: Database, province: Province) -> UUID:
    """Chi, who named three people and was at the market with two others; the case."""
    with database.unit() as uow:
        onset = days.today(uow) - timedelta(days=2)
    chi = somebody(database, "Trần Thị Chi", "+84911222333", area=HOME)
    case = case_of(database, chi, onset=onset, area=HOME, number="BN20261")
    for name, phone in (
        ("Lê Thị Hoa", "+84987111222"),
        ("Phạm Gia Một", "+84905000001"),
        ("Phạm Gia Hai", "+84905000001"),
    ):
        somebody(database, name, phone, area=HOME)
    with database.unit() as uow:
        for minute, phone in enumerate(("+84987111222", "+84903444555", "+84905000001")):
            said = uow.now() + timedelta(minutes=minute)
            day = days.today(uow) - timedelta(days=1) if minute == 0 else None
            uow.session.add(NamedContact(case_id=case, phone=phone, met_on=day, said_at=said))
    market = venue(database, area=HOME)
    was_there(database, market, chi, 20, 90)
    was_there(database, market, somebody(database, "Đỗ Văn Khải", "+84912000111", area=HOME), 19.5, 90, off=15)
    was_there(database, market, somebody(database, "Vũ Thị Mơ", "+84912000222", area=HOME), 18.6, 5)
    return case


@pytest.mark.capability("N4")
def test_a_tracer_takes_puts_aside_and_has_them_called_with_one_button(
    window: Window, lan: tuple[str, str], chi: UUID
) -> None:
    page = window()
    sign_in(page, lan)
    page.goto(f"/cases/{chi}/named")
    row = page.locator("li.proposal", has_text="Đỗ Văn Khải")
    expect(row.get_by_text("60 phút")).to_be_visible()
    row.get_by_text("Gác lại").click()
    family = page.locator("li.proposal", has_text="2 người dùng chung số này")
    family.get_by_label("Đó là ai?").select_option(label="Phạm Gia Hai (1985)")
    page.get_by_role("button", name="Đưa vào danh sách tiếp xúc và gọi").click()
    expect(page.get_by_text("Người tiếp xúc mới:")).to_be_visible()
    page.goto(f"/cases/{chi}/named")
    already = page.locator("section", has=page.get_by_role("heading", name="Đã là người tiếp xúc"))
    expect(already.get_by_text("Phạm Gia Hai")).to_be_visible()
    expect(already.get_by_text("Chưa có tên")).to_be_visible()
    page.get_by_text("Gác lại (1)").click()
    expect(page.locator("details", has_text="Gác lại (1)").get_by_text("Đỗ Văn Khải")).to_be_visible()


def test_the_page_fits_a_telephone_and_works_without_script(window: Window, lan: tuple[str, str], chi: UUID) -> None:
    page = window(width=390, height=800, script=False)
    sign_in(page, lan)
    for address in (f"/cases/{chi}/named", f"/cases/{chi}/visits/new?new=1&q=Đình", "/venues"):
        page.goto(address)
        assert page.locator("html").evaluate("e => e.scrollWidth") <= 390, address
