"""The chain of a case in a real browser: three pictures, large ones too."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from core.database import Database
from tests.admin.province import CITY, Province, token_of
from tracing.chains.sample import write_outbreak

pytestmark = pytest.mark.browser
Window = Callable[..., Page]
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
AREA = [f"{CITY}.14755"]


def signed_in(page: Page, console: Flask, address: str, login: str = "son") -> Page:
    """The page of somebody who is signed in."""
    serializer = console.session_interface.get_signing_serializer(console)  # type: ignore[attr-defined]
    cookie = serializer.dumps({"token": token_of(login)})
    page.context.add_cookies([{"name": console.config["SESSION_COOKIE_NAME"], "value": cookie, "url": address}])
    return page


def outbreak(database: Database, people: int, shape: str = "outbreak") -> UUID:
    with database.unit() as uow:
        return write_outbreak(uow, people, AREA, shape=shape, seed=people)


@pytest.mark.capability("T10")
def test_each_picture_opens_and_a_node_leads_to_its_page(
    window: Window, console: Flask, address: str, database: Database, province: Province
) -> None:
    case = outbreak(database, 12)
    page = signed_in(window(), console, address)
    page.goto(f"/cases/{case}")
    page.get_by_role("link", name="Chain of infection").click()
    for name in ("Timeline", "Network", "Tree"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(".chain-view a.node:not(.venue)")).to_have_count(12)
        assert page.get_by_role("link", name=name, exact=True).get_attribute("aria-current") == "page"
    node = page.locator(".chain-view a.followed, .chain-view a.completed").first
    name = node.locator(".name").text_content()
    assert name
    node.click()
    page.wait_for_url(re.compile(r"/contacts/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


@pytest.mark.capability("T10")
def test_a_branch_opens_in_place_and_the_picture_is_dragged_and_zoomed(
    window: Window, console: Flask, address: str, database: Database, province: Province
) -> None:
    case = outbreak(database, 400, "wide")
    page = signed_in(window(), console, address)
    page.goto(f"/cases/{case}/chain")
    people = page.locator(".chain-view a.node:not(.more)")
    more = page.locator(".chain-view a.more")
    few = people.count()
    assert few < 100
    assert more.text_content() is not None
    assert f"+ {400 - few}" in (more.text_content() or "")
    page.evaluate("window.kept = true")
    more.click()
    expect(people).to_have_count(400)
    assert page.evaluate("window.kept")  # the page was not loaded anew
    assert "open=" in page.url
    page.get_by_role("link", name="Fold branches").click()
    expect(people).to_have_count(few)
    wide = page.locator(".chain-view svg").bounding_box()
    page.get_by_role("button", name="Larger").click()
    larger = page.locator(".chain-view svg").bounding_box()
    assert wide
    assert larger
    assert larger["width"] > wide["width"] * 1.3
    before = page.evaluate("document.querySelector('.chain-view').scrollTop")
    at = page.locator(".chain-view").bounding_box()
    assert at
    page.mouse.move(at["x"] + 300, at["y"] + 300)
    page.mouse.down()
    page.mouse.move(at["x"] + 300, at["y"] + 200, steps=4)
    page.mouse.up()
    assert page.evaluate("document.querySelector('.chain-view').scrollTop") > before + 50
    assert "/chain" in page.url  # what was dragged is not clicked


@pytest.mark.capability("T10")
def test_five_thousand_people_are_there_and_the_page_answers_a_click(
    window: Window, console: Flask, address: str, database: Database, province: Province
) -> None:
    case = outbreak(database, 5_000)
    page = signed_in(window(), console, address)
    page.set_default_timeout(60_000)
    for view in ("network", "tree", "timeline"):
        page.goto(f"/cases/{case}/chain?view={view}&open=all")
        expect(page.locator(".chain-view a.node:not(.venue)")).to_have_count(5_000)
        page.evaluate(PAINTED)
        began = time.monotonic()
        page.evaluate("document.querySelector('[data-zoom=in]').click()")
        page.evaluate(PAINTED)
        assert time.monotonic() - began < 10  # a fifth of a second on a machine with nothing else to do
    page.goto(f"/cases/{case}/chain?view=network")
    page.get_by_role("button", name="To this case").click()
    page.locator(".chain-view a.focus").click(position={"x": 20, "y": 20})
    page.wait_for_url(re.compile(rf"/cases/{case}$"))


@pytest.mark.capability("T10")
def test_the_picture_is_saved_as_svg_and_as_png(
    window: Window, console: Flask, address: str, database: Database, province: Province, tmp_path: Path
) -> None:
    case = outbreak(database, 30)
    page = signed_in(window(), console, address)
    page.goto(f"/cases/{case}/chain?view=timeline")
    for button, kind, head in (("Save as SVG", "svg", b"<?xml"), ("Save as PNG", "png", b"\x89PNG")):
        with page.expect_download() as waiting:
            page.get_by_text(button).click()
        file = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(file)
        assert re.fullmatch(rf"BN\d+-timeline\.{kind}", file.name)
        assert file.read_bytes().startswith(head)
        assert file.stat().st_size > 5_000


@pytest.mark.capability("T10")
def test_without_script_the_picture_scrolls_and_branches_open_by_their_links(
    window: Window, console: Flask, address: str, database: Database, province: Province
) -> None:
    case = outbreak(database, 200, "wide")
    page = signed_in(window(width=390, height=800, script=False), console, address)
    page.goto(f"/cases/{case}/chain")
    people = page.locator(".chain-view a.node:not(.more)")
    few = people.count()
    page.goto(page.locator(".chain-view a.more").get_attribute("href") or "")
    expect(people).to_have_count(200)
    assert few < 200


@pytest.mark.capability("T10")
def test_the_pictures_of_the_documents_are_those_of_the_console(
    window: Window, console: Flask, address: str, database: Database, province: Province, tmp_path: Path
) -> None:
    """`TRACELINE_IMAGES=docs/images python -m pytest tests/browser/test_chain_page.py -k documents` makes them anew."""
    folder = Path(os.environ.get("TRACELINE_IMAGES") or tmp_path)
    page = signed_in(window(width=1180, height=900), console, address)
    for view, people in (("tree", 22), ("network", 2_000), ("timeline", 36)):
        page.goto(f"/cases/{outbreak(database, people)}/chain?view={view}")
        page.evaluate(PAINTED)
        image = folder / f"chain-{view}.png"
        page.locator("#chain").screenshot(path=image)
        assert image.stat().st_size > 10_000
