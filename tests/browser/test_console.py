"""A supervisor's first day in the console, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.database import Database
from core.login import create_user
from ivr.campaigns.model import Target
from tests.admin.province import PROVINCE, Province

pytestmark = pytest.mark.browser

SENTENCE = "bốn con trâu qua sông"
LIST = "Họ tên;Số điện thoại;Năm sinh;Mã xã\nLê Thị Cúc;0913 111 222;1990;14755\nKim Min Su;0915 555 666;1982;14830\n"
Window = Callable[..., Page]


@pytest.fixture
def newcomer(database: Database, province: Province) -> tuple[str, str]:
    with database.unit() as uow:
        user, password = create_user(
            uow, login="lan", name="Trịnh Lan", roles=["supervisor", "administrator"], area=PROVINCE
        )
        return user.login, password


def sign_in(page: Page, newcomer: tuple[str, str]) -> None:
    page.goto("/")
    page.get_by_label("Tên đăng nhập").fill(newcomer[0])
    page.get_by_label("Mật khẩu").fill(newcomer[1])
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", name="Đổi mật khẩu")).to_be_visible()
    page.get_by_label("Mật khẩu hiện tại").fill(newcomer[1])
    page.get_by_label("Mật khẩu mới", exact=True).fill(SENTENCE)
    page.get_by_label("Nhập lại mật khẩu mới").fill(SENTENCE)
    page.get_by_role("button", name="Đổi mật khẩu").click()
    expect(page.get_by_text("Đã đổi mật khẩu.")).to_be_visible()


@pytest.mark.capability("C6")
def test_from_the_first_log_in_to_a_campaign_that_runs_before_ones_eyes(
    window: Window, newcomer: tuple[str, str], tmp_path: Path, database: Database
) -> None:
    page = window()
    sign_in(page, newcomer)
    page.get_by_role("link", name="Chiến dịch", exact=True).click()
    page.get_by_role("link", name="Chiến dịch mới").click()
    path = tmp_path / "danh sách.csv"
    path.write_text(LIST, encoding="utf-8-sig")
    page.get_by_label("Danh sách người cần gọi (Excel hoặc CSV)").set_input_files(path)
    page.get_by_role("button", name="Đọc danh sách").click()
    expect(page.get_by_text("Có thể gọi 2 người")).to_be_visible()
    page.get_by_label("Tên", exact=True).fill("Khu công nghiệp Lễ Môn")
    page.get_by_role("button", name="Tạo và bắt đầu gọi").click()
    expect(page.get_by_role("heading", name="Khu công nghiệp Lễ Môn")).to_contain_text("đang chạy")
    figure = page.locator(".figure", has_text="hoàn thành").locator("strong")
    expect(figure).to_have_text("0")
    campaign = page.url.rsplit("/", 1)[1]
    with database.unit() as uow:
        for target in uow.session.query(Target).filter_by(campaign_id=campaign):
            target.state, target.disposition, target.done_at = "done", "completed", uow.now()
    expect(figure).to_have_text("2")  # without anybody touching the page
    page.get_by_role("button", name="Tạm dừng").click()
    expect(page.get_by_role("heading", name="Khu công nghiệp Lễ Môn")).to_contain_text("tạm dừng")


def test_a_transcript_is_one_click_from_the_answer(
    window: Window, newcomer: tuple[str, str], province: Province
) -> None:
    page = window()
    sign_in(page, newcomer)
    page.get_by_role("link", name="Hồ sơ", exact=True).click()
    page.get_by_label("Tên hoặc số điện thoại đầy đủ").fill("nguyen van an")
    page.get_by_role("button", name="Xem").click()
    page.get_by_role("link", name="Nguyễn Văn An").click()
    page.locator("#answer-fever details.how > summary").click()
    page.get_by_role("link", name="lượt 1", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/calls/{province.an.call}#turn-1$"))
    expect(page.locator("#turn-1")).to_contain_text("“có”")


def test_the_keyboard_stays_where_it_is_when_the_page_refreshes(
    window: Window, newcomer: tuple[str, str], province: Province
) -> None:
    page = window()
    sign_in(page, newcomer)
    page.goto(f"/campaigns/{province.campaign}")
    pause = page.get_by_role("button", name="Tạm dừng")
    pause.focus()
    before = pause.element_handle()
    page.wait_for_function("button => !button.isConnected", arg=before)  # refreshed: it is another button now
    expect(pause).to_be_focused()


def test_a_campaign_that_is_over_is_left_alone(window: Window, newcomer: tuple[str, str], province: Province) -> None:
    page = window()
    sign_in(page, newcomer)
    page.goto(f"/campaigns/{province.campaign}")
    own_request = page.context.request
    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    ended = {"action": "abort", "csrf_token": token or ""}
    with page.expect_response(lambda response: response.status == 286):
        own_request.post(f"/campaigns/{province.campaign}", form=ended)
    expect(page.locator("h1")).to_contain_text("đã dừng hẳn")  # the last part is put in place


@pytest.mark.capability("C8")
def test_the_language_is_switched_with_one_button(window: Window, newcomer: tuple[str, str]) -> None:
    page = window()
    sign_in(page, newcomer)
    page.get_by_role("link", name="Hồ sơ", exact=True).click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Records")).to_be_visible()
    page.get_by_role("button", name="Tiếng Việt").click()
    expect(page.get_by_role("heading", name="Hồ sơ")).to_be_visible()


@pytest.mark.capability("C8")
def test_every_page_fits_a_phone_and_works_without_script(
    window: Window, newcomer: tuple[str, str], province: Province
) -> None:
    page = window(width=390, height=844, script=False)
    sign_in(page, newcomer)
    for address in pages_of(province):
        page.goto(address)
        expect(page.locator("h1")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{address} is {wide} pixels wide"


def pages_of(province: Province) -> list[str]:
    return [
        *(
            "/",
            "/campaigns",
            "/campaigns/new",
            f"/campaigns/{province.campaign}",
            "/calls",
            "/records",
            "/appointments",
        ),
        *(f"/campaigns/{province.campaign}/targets", f"/calls/{province.an.call}", f"/records/{province.an.record}"),
        *("/appointments", "/queue", "/health", "/users", f"/users/{province.users['thao']}", "/audit"),
    ]
