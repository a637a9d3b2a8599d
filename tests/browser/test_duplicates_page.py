"""A tracer goes through the duplicates with the keyboard, and takes one decision back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.database import Database
from core.ids import new_id
from core.login import create_user
from tests.admin.province import PROVINCE, Province
from tests.browser.test_console import sign_in
from tracing.people.duplicates import search
from tracing.people.model import Person

pytestmark = [pytest.mark.browser, pytest.mark.capability("T12")]
Window = Callable[..., Page]


@pytest.fixture
def newcomer(database: Database, province: Province) -> tuple[str, str]:
    with database.unit() as uow:
        user, password = create_user(uow, login="lan", name="Trịnh Lan", roles=["tracer"], area=PROVINCE)
        for resident, name, year in ((province.an, "nguyen van an", None), (province.binh, "Trần Thị Binh", 1986)):
            uow.session.add(
                Person(
                    id=new_id(), name=name, birth_year=year, phone=resident.phone, area=resident.area,
                    address="12 Lê Lợi", created_at=uow.now(),
                )
            )  # fmt: skip
    search(database)
    return user.login, password


def test_pairs_are_decided_with_one_key_and_a_decision_is_undone(
    window: Window, newcomer: tuple[str, str], province: Province
) -> None:
    page = window()
    sign_in(page, newcomer)
    page.get_by_role("link", name="Người", exact=True).click()
    page.get_by_role("link", name="Trùng người").click()
    expect(page.get_by_role("heading", name="Trùng người")).to_contain_text("Đang chờ: 2")
    question = page.get_by_role("heading", name="Đây có phải là một người?")
    expect(question).to_contain_text("gần như chắc chắn là một")
    photograph(page, "duplicates")
    page.keyboard.press("3")
    expect(page.locator(".versus")).to_contain_text("Trần Thị Binh")
    expect(page.locator(".versus")).to_contain_text("1986")
    page.keyboard.press("2")
    expect(page.get_by_text("Vẫn là hai người")).to_be_visible()
    page.get_by_role("link", name="Xem lại từ đầu").click()
    expect(page.locator(".versus")).to_contain_text("nguyen van an")
    page.keyboard.press("1")
    expect(page.get_by_text("Hai mục nay là một người.")).to_be_visible()
    page.get_by_role("listitem").filter(has_text="nguyen van an").get_by_role("link", name="Xem, tách lại").click()
    expect(page.get_by_role("heading", name="Nguyễn Văn An", exact=True)).to_be_visible()
    photograph(page, "person")
    page.get_by_role("button", name="Tách lại: đây là hai người").first.click()
    expect(page.get_by_text("Lại là hai người như trước.")).to_be_visible()
    expect(page.get_by_text("Tách lại lúc")).to_be_visible()


def photograph(page: Page, name: str) -> None:
    """For whoever works on the page: TRACELINE_PICTURES is the folder that pictures of it go to."""
    folder = os.environ.get("TRACELINE_PICTURES")
    if not folder:
        return
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
