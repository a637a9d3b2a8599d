"""The page of a record in a real browser: correct an answer in its place, see the risk follow, hear what was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select, update

from audio.codec import RATE
from core.audit import AuditEntry
from core.database import Database
from telehealth.model import Appointment, QueueEntry
from tests.admin.province import TONE, Province, token_of

pytestmark = pytest.mark.browser


@pytest.fixture
def tracer(window: Callable[..., Page], console: Flask, address: str) -> Callable[..., Page]:
    """Opens windows in which the tracer Thảo has signed in."""

    def open_window(**options: Any) -> Page:
        page = window(**options)
        session = SecureCookieSessionInterface().get_signing_serializer(console)
        assert session is not None
        cookie: Any = {"name": "traceline", "value": session.dumps({"token": token_of("thao")}), "url": address}
        page.context.add_cookies([cookie])
        return page

    return open_window


@pytest.fixture
def nobody_comes(database: Database, province: Province) -> None:
    with database.unit() as uow:
        uow.session.execute(delete(QueueEntry))
        uow.session.execute(update(Appointment).values(state="cancelled"))


@pytest.mark.capability("N14")
def test_an_answer_is_corrected_by_keyboard_where_it_stands_and_the_risk_follows(
    tracer: Callable[..., Page], province: Province, database: Database, nobody_comes: None
) -> None:
    page = tracer()
    page.goto(f"/records/{province.an.record}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("high risk")
    fever = page.locator("#answer-fever")
    fever.get_by_text("Correct", exact=False).first.focus()
    page.keyboard.press("Enter")
    fever.get_by_label("The answer is").select_option("No")
    fever.get_by_label("Why is it corrected?").fill("Nghe lại: nói về hôm qua")
    before = page.evaluate("window.scrollY")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Risk: High → not known.")
    assert abs(page.evaluate("window.scrollY") - before) < 100  # the page does not jump
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("high risk")
    expect(fever).to_contain_text("corrected")
    fever.locator("details.how > summary").click()
    expect(fever).to_contain_text("Nghe lại: nói về hôm qua")
    expect(fever.locator("s")).to_have_text("Yes")

    page.get_by_text("Not asked or not answered").click()
    danger = page.locator("#answer-red_flag")
    danger.get_by_text("Correct", exact=False).first.click()
    danger.get_by_label("The answer is").select_option("Yes")
    danger.get_by_label("Why is it corrected?").fill("Gọi lại: đau ngực")
    danger.get_by_role("button", name="Save the correction").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("emergency sign")
    page.get_by_role("button", name="Put into the doctors' queue").click()
    expect(page.get_by_text("They wait for a doctor now.")).to_be_visible()
    with database.unit() as uow:
        assert uow.session.scalars(select(QueueEntry.urgency)).one() == 0


@pytest.mark.capability("N14", "N16")
def test_what_was_said_is_heard_behind_its_answer_and_each_listening_is_written_down(
    tracer: Callable[..., Page], province: Province, database: Database
) -> None:
    page = tracer(width=390)
    page.goto(f"/records/{province.an.record}")
    fever = page.locator("#answer-fever")
    fever.locator("details.how > summary").click()
    expect(fever).to_contain_text("certainty 87%")
    fever.locator("audio").evaluate("sound => sound.play().then(() => sound.pause())")
    assert fever.locator("audio").evaluate("sound => sound.duration") == pytest.approx(len(TONE) / 2 / RATE, abs=0.1)
    with database.unit() as uow:
        assert "answer.listen" in uow.session.scalars(select(AuditEntry.action)).all()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_script_a_correction_comes_back_at_its_answer(
    tracer: Callable[..., Page], province: Province, address: str
) -> None:
    page = tracer(script=False)
    page.goto(f"/records/{province.an.record}")
    cough = page.locator("#answer-cough")
    cough.get_by_text("Correct", exact=False).first.click()
    cough.get_by_label("The answer is").select_option("Yes")
    cough.get_by_label("Why is it corrected?").fill("Gọi lại")
    cough.get_by_role("button", name="Save the correction").click()
    expect(page).to_have_url(f"{address}/records/{province.an.record}#answer-cough")
    expect(page.locator("#answer-cough")).to_contain_text("corrected")


def test_a_record_prints_across_the_page_without_what_can_be_clicked(
    tracer: Callable[..., Page], province: Province
) -> None:
    page = tracer()
    page.goto(f"/records/{province.an.record}")
    page.emulate_media(media="print")
    expect(page.locator("details.correct").first).to_be_hidden()
    box = page.locator("#answer-fever").bounding_box()
    assert box is not None
    assert box["width"] > 900
