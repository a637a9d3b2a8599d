"""A supervisor records a prompt and listens to it, and a tracer to a voice message, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Locator, Page, expect

from tests.admin.province import Province, token_of
from tests.admin.test_prompt_pages import GREETING, PROMPT, wav

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
HEARD = "player => new Promise(heard => { player.onplaying = () => heard(player.duration); player.play(); })"


def sit_down(page: Page, console: Flask, address: str, login: str) -> None:
    """Signed in already: signing in is another test's."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(console)
    assert serializer is not None
    cookie = serializer.dumps({"token": token_of(login)})
    page.context.add_cookies([{"name": console.config["SESSION_COOKIE_NAME"], "value": str(cookie), "url": address}])


def seconds_heard(player: Locator) -> float:
    return float(player.evaluate(HEARD))


@pytest.mark.capability("A1")
def test_a_recording_is_uploaded_seen_and_heard_beside_the_machine(
    window: Window, console: Flask, address: str, tmp_path: Path
) -> None:
    page, take = window(), tmp_path / "take.wav"
    sit_down(page, console, address, "son")
    take.write_bytes(wav(GREETING.text))
    page.goto(PROMPT)
    page.get_by_label("Sound file").set_input_files(take)
    page.get_by_label("Whose voice").fill("Chị Hoa")
    page.get_by_role("button", name="Check and publish").click()
    expect(page.get_by_text("The recording is played from now on.")).to_be_visible()
    expect(page.get_by_role("img", name="How loud the recording is over time")).to_be_visible()
    machine, recording = page.locator(".takes audio").all()
    assert seconds_heard(machine) == pytest.approx(seconds_heard(recording), rel=0.5)


@pytest.mark.capability("A4")
def test_a_voice_message_is_heard(window: Window, console: Flask, address: str, province: Province) -> None:
    page = window()
    sit_down(page, console, address, "thao")
    page.goto(f"/messages/{province.an.message}")
    assert seconds_heard(page.locator("audio")) == pytest.approx(0.68, abs=0.05)
