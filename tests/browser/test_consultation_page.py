"""The doctor's page in a real browser: a talk is not lost by a click, goes where the person is, and a note is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, Dialog, Page, WebSocketRoute, expect
from sqlalchemy import select, update

from core.database import Database
from core.heartbeats import beat
from core.settings import Settings
from ivr.carriers.sip.model import SipLeg
from ivr.media.bridging.model import WaitingLine
from telehealth.model import QueueEntry
from tests.admin.province import Province, token_of
from tests.admin.test_consultation import comes_onto_the_line, telephone_ends

pytestmark = pytest.mark.browser

FRAME = b"\xff" * 160
FIRST, SECOND = "wss://m2.example.vn/line", "wss://m3.example.vn/line"


@pytest.fixture
def places(places: Settings) -> Settings:
    """An installation with a telephone line of its own."""
    return places.model_copy(update={"sip_trunk": "sip.example.vn"})


@pytest.fixture
def doctor(console: Flask, address: str, chromium: Browser) -> Iterator[Page]:
    """The doctor Dung, in English. Whatever media process the page connects to sends sound."""
    session = SecureCookieSessionInterface().get_signing_serializer(console)
    assert session is not None
    context = chromium.new_context(base_url=address)
    cookie: Any = {"name": "traceline", "value": session.dumps({"token": token_of("dung")}), "url": address}
    context.add_cookies([cookie])
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


@pytest.fixture
def connected(doctor: Page) -> list[str]:
    """The addresses that the page has connected to."""
    addresses: list[str] = []

    def answer(socket: WebSocketRoute) -> None:
        addresses.append(socket.url)
        socket.on_message(lambda message: socket.send(FRAME) if isinstance(message, str) else None)

    doctor.route_web_socket(lambda url: url.endswith("/line"), answer)
    return addresses


@pytest.fixture
def talking(doctor: Page, connected: list[str], province: Province, database: Database) -> Page:
    """In a talk with An."""
    doctor.goto(f"/queue/{province.an.queue}")
    doctor.get_by_role("button", name="Take").click()
    comes_onto_the_line(database, province.an.queue, talks=True)
    doctor.reload()
    doctor.get_by_role("button", name="Talk now").click()
    expect(doctor.get_by_role("status").first).to_contain_text("in conversation")
    return doctor


def test_a_talk_is_not_left_by_a_click_without_being_asked(talking: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    talking.on("dialog", stay)
    talking.get_by_role("link", name="Doctor queue").first.click()
    expect(talking.get_by_role("status").first).to_contain_text("in conversation")
    assert asked == ["beforeunload"]


def test_a_doctor_has_a_telephone_rung_and_the_talk_goes_on_meanwhile(
    talking: Page, database: Database, connected: list[str]
) -> None:
    talking.get_by_text("Talk at a telephone instead").click()
    talking.get_by_label("Your number").fill("1900545461")
    talking.get_by_role("button", name="Ring my telephone").click()
    expect(talking.get_by_role("alert").first).to_contain_text("costs extra")
    talking.get_by_label("Your number").fill("0912345678")
    talking.get_by_role("button", name="Ring my telephone").click()
    expect(talking.get_by_text("Your telephone will ring.")).to_be_visible()
    expect(talking.get_by_role("status").first).to_contain_text("in conversation")
    assert connected == [FIRST]
    with database.unit() as uow:
        assert uow.session.scalars(select(SipLeg.number)).all() == ["+84912345678"]


@pytest.mark.capability("H8")
def test_a_doctor_whose_telephone_is_busy_reads_so_within_seconds_and_rings_it_again(
    talking: Page, database: Database
) -> None:
    rings = talking.get_by_text("Your telephone will ring.")
    failed = talking.get_by_text("Your telephone was not reached (busy).")
    talking.get_by_text("Talk at a telephone instead").click()
    talking.get_by_label("Your number").fill("0912345678")
    talking.get_by_role("button", name="Ring my telephone").click()
    expect(rings).to_be_visible()
    telephone_ends(database, "busy")
    expect(failed).to_be_visible(timeout=5_000)
    expect(rings).to_be_hidden()
    talking.get_by_role("button", name="Ring my telephone").click()
    expect(failed).to_be_hidden()
    expect(rings).to_be_visible()


@pytest.fixture
def second(database: Database) -> None:
    """Another media process."""
    with database.unit() as uow:
        beat(uow, "media", "media@here:2", {"address": "wss://m3.example.vn"})


@pytest.mark.capability("H8")
def test_the_line_follows_a_person_who_comes_back_on_another_media_process(
    second: None, talking: Page, database: Database, connected: list[str]
) -> None:
    with database.unit() as uow:
        uow.session.execute(update(WaitingLine).values(address="wss://m3.example.vn", process="media@here:2"))
    for _ in range(100):
        if len(connected) > 1:
            break
        talking.wait_for_timeout(100)
    assert connected == [FIRST, SECOND]
    expect(talking.get_by_role("status").first).to_contain_text("in conversation")


def test_a_note_half_written_is_still_there_when_the_place_has_gone_back(
    doctor: Page, province: Province, database: Database
) -> None:
    doctor.goto(f"/queue/{province.an.queue}")
    doctor.get_by_role("button", name="Take").click()
    note = doctor.get_by_label("What was said")
    note.fill("Nghỉ ngơi, uống đủ nước.")
    doctor.wait_for_timeout(2500)  # it has looked once how it stands
    with database.unit() as uow:
        entry = uow.session.get_one(QueueEntry, province.an.queue)
        entry.state, entry.taken_by = "waiting", None
    expect(doctor.get_by_role("alert").first).to_contain_text("Your note can still be saved")
    expect(note).to_have_value("Nghỉ ngơi, uống đủ nước.")


def test_a_page_whose_ticket_is_refused_says_why_and_can_be_used_again(
    doctor: Page, connected: list[str], province: Province, database: Database
) -> None:
    doctor.goto(f"/queue/{province.an.queue}")
    doctor.get_by_role("button", name="Take").click()
    comes_onto_the_line(database, province.an.queue)
    doctor.reload()
    doctor.route("**/line", lambda route: route.fulfill(status=400, json={"error": "Somebody else.", "hint": ""}))
    doctor.get_by_role("button", name="Talk now").click()
    expect(doctor.get_by_role("alert").first).to_have_text("Somebody else.")
    expect(doctor.get_by_role("button", name="Talk now")).to_be_enabled()
    assert connected == []
