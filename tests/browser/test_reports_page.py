"""A supervisor reads the report, and opens a figure, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.database import Database
from tests.admin.province import Province, token_of
from tests.tracing.test_reports import Book, scatter

pytestmark = [pytest.mark.browser, pytest.mark.forged_calls("rows of calls without a conversation")]
Window = Callable[..., Page]


@pytest.fixture
def signed_in(console: object, window: Window, province: Province, database: Database) -> Callable[..., Page]:
    with database.unit() as uow:
        scatter(Book(uow), seed=3, rows=60)

    def open_window(**options: int) -> Page:
        page = window(**options)
        session = console.test_client()  # type: ignore[attr-defined]
        with session.session_transaction() as kept:
            kept["token"] = token_of("son")
        cookie = session.get_cookie("traceline")
        page.goto("/login")
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": page.url}])
        return page

    return open_window


@pytest.mark.capability("N18")
@pytest.mark.parametrize("key", ["contacts", "reached", "not_reached", "due", "f0"])
def test_a_figure_that_is_clicked_shows_that_many_rows(signed_in: Callable[..., Page], key: str) -> None:
    page = signed_in()
    page.goto("/reports?from=2026-11-20&to=2026-11-25")
    figure = page.locator(f"#figure-{key}")
    number = int(figure.locator("strong").inner_text())
    assert 0 < number < 50
    figure.click()
    expect(page.locator("#number b")).to_have_text(str(number))
    expect(page.locator("#behind tbody tr")).to_have_count(number)


@pytest.mark.capability("T13")
def test_the_report_fits_a_phone_and_its_charts_have_a_table_for_who_cannot_see_them(
    signed_in: Callable[..., Page], tmp_path: Path
) -> None:
    page = signed_in(width=390, height=844)
    for address in ("/reports", "/reports?area=2025.38&units=old", "/reports/behind", "/reports/day"):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"{address} is {wide} pixels wide"
    page.goto("/reports")
    charts = page.locator("svg.chart")
    assert charts.count() >= 4
    assert all(chart.get_attribute("aria-hidden") == "true" for chart in charts.all())
    expect(page.locator("#days tbody tr")).to_have_count(7)


@pytest.mark.capability("T13")
def test_from_the_province_down_to_a_commune_and_back(signed_in: Callable[..., Page]) -> None:
    page = signed_in()
    page.goto("/reports?from=2026-11-20&to=2026-11-25")
    place = page.locator("#areas tbody th a").first
    name, contacts = place.inner_text(), page.locator("#areas tbody tr").first.locator("td").nth(1).inner_text()
    place.click()
    expect(page.locator("p.way b")).to_have_text(name)
    expect(page.locator("#figure-contacts strong")).to_have_text(contacts)
    page.locator("p.way a").first.click()
    expect(page.locator("#areas")).to_be_visible()
