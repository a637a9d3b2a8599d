"""A doctor at a real browser takes somebody who waits on the line: they talk, they part, the doctor notes it down."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, Page, Playwright, expect

from audio import codec
from core.clock import SystemClock
from core.database import Database
from core.installation import wait_until_up
from core.settings import Settings, environment
from flows.catalogue import load_library
from ivr.calls.effects import Effects
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.lines.tickets import CallTicket, write_ticket
from ivr.media.bridging.presence import on_line
from telehealth.calling_back import room_of
from tests.admin.province import Province, token_of
from tests.audio.speaking import silence, words
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.ivr.media.bridging import loudness, tone
from tests.ivr.media.line_caller import LineCaller
from tests.ivr.media.line_caller import on_line as connected

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

CALLER_HZ = 600.0
# What reaches the browser over its websocket, for the test to listen to.
EAVESDROP = """
const Real = WebSocket;
window.heard = [];
window.WebSocket = class extends Real {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") window.heard.push(...new Uint8Array(data.slice(0)));
    });
  }
};
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """On the real clock: the media process shows its signs of life by it."""
    database = Database(database_url, SystemClock())
    yield database
    database.close()


@pytest.fixture(scope="module")
def speaking(driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone speaks, with pauses."""
    path = tmp_path_factory.mktemp("voice") / "doctor.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(words("안녕하세요, 어디가 불편하십니까") + silence(0.5))
    arguments = [
        *ARGUMENTS,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
        f"--use-file-for-fake-audio-capture={path}",
    ]
    browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def media(places: Settings, address: str) -> Iterator[None]:
    """A media process, by keys only."""
    settings = places.model_copy(update={"recogniser_workers": 0})
    command = [sys.executable, "-m", "traceline", "process", "media"]
    process = subprocess.Popen(command, env={**os.environ, **environment(settings)}, stderr=subprocess.DEVNULL)
    wait_until_up(f"http://{settings.media_bind}/health")
    yield
    process.send_signal(signal.SIGTERM)
    process.wait(20)


@pytest.fixture
def doctor(console: Flask, address: str, speaking: Browser) -> Iterator[Page]:
    """The doctor Dung in front of the console, in English. No window may complain."""
    session = SecureCookieSessionInterface().get_signing_serializer(console)
    assert session is not None
    context = speaking.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    cookie: Any = {"name": "traceline", "value": session.dumps({"token": token_of("dung")}), "url": address}
    context.add_cookies([cookie])
    context.add_init_script(EAVESDROP)
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


class Citizen(threading.Thread):
    """Somebody on a line who says that they are the one, and then speaks with one long tone until it is over."""

    def __init__(self, media: str, call_id: UUID) -> None:
        super().__init__(daemon=True)
        self._address = f"{media}/line"
        self._token = write_ticket(CallTicket(call_id))
        self.caller: LineCaller | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        asyncio.run(self._talk())

    async def _talk(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with connected(self._address, self._token) as caller:
            self.caller = caller
            await caller.hears_out()
            await caller.press("1")
            speaking = asyncio.create_task(self._speak(caller))
            await caller.over.wait()
            speaking.cancel()

    async def _speak(self, caller: LineCaller) -> None:
        while True:
            await caller.say(tone(CALLER_HZ, 0.5))

    def hang_up(self) -> None:
        assert self.caller is not None
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self.caller.stop(), self._loop).result(10)

    def loudness(self) -> int:
        """How loud the last second was that came."""
        assert self.caller is not None
        return codec.rms(codec.ulaw_to_pcm(b"".join(sound for _, sound in self.caller.ears[-100:])))


@contextmanager
def on_the_telephone(places: Settings, database: Database, entry: UUID) -> Iterator[tuple[UUID, Citizen]]:
    """Somebody is called back, and waits for the doctor in the room of their place."""
    calls = Calls(load_library(), Effects())
    context = {"entry": str(entry), "person": {"name": ""}, "department": "CDC", "speech": []}
    with database.unit() as uow:
        call_id = calls.open(
            uow,
            direction="outbound",
            carrier="browser",
            remote_number="",
            script="doctor-callback",
            language="vi",
            context=context,
        ).id
    citizen = Citizen(places.public_media_url, call_id)
    citizen.start()
    yield call_id, citizen
    citizen.join(30)
    assert not citizen.is_alive()


def wait_in_the_room(page: Page, database: Database, entry: UUID) -> None:
    for _ in range(600):
        with database.unit() as uow:
            if on_line(uow, [room_of(entry)]):
                return
        page.wait_for_timeout(100)
    pytest.fail("nobody came onto the line")


def heard_in_the_browser(page: Page) -> bytes:
    """The last two seconds that the media process sent to the browser."""
    text = page.evaluate("btoa(String.fromCharCode(...window.heard.slice(-16000)))")
    return base64.b64decode(text)


@pytest.mark.capability("H7")
@pytest.mark.capability("H8")
def test_a_doctor_takes_a_caller_who_waits_talks_and_notes_it_down(
    doctor: Page, media: None, places: Settings, database: Database, province: Province
) -> None:
    entry = province.an.queue
    with on_the_telephone(places, database, entry) as (call_id, citizen):
        wait_in_the_room(doctor, database, entry)
        doctor.goto("/queue")
        expect(doctor.get_by_text("on the line", exact=True)).to_be_visible()
        doctor.get_by_role("link", name=province.an.name).click()
        doctor.get_by_role("button", name="Take").click()
        doctor.get_by_role("button", name="Talk now").click()
        status = doctor.get_by_role("status")
        expect(status).to_contain_text("in conversation", timeout=30_000)
        doctor.wait_for_timeout(3000)
        assert loudness(heard_in_the_browser(doctor), CALLER_HZ) > 0.5
        assert citizen.loudness() > 300
        doctor.get_by_role("button", name="Mute").click()
        doctor.wait_for_timeout(2500)
        assert citizen.loudness() < 30
        doctor.get_by_role("button", name="Hang up").click()
        expect(status).to_contain_text("call ended")
    with database.unit() as uow:
        assert uow.session.get_one(Call, call_id).end_reason == "completed"
    doctor.get_by_label("What was said").fill("Nghỉ ngơi, uống đủ nước.")
    doctor.get_by_label("Outcome").select_option("home_care")
    doctor.get_by_role("button", name="Save and finish").click()
    expect(doctor.get_by_text(province.an.name)).to_have_count(0)


@pytest.mark.capability("H8")
def test_a_caller_who_hangs_up_ends_the_doctors_call_at_once(
    doctor: Page, media: None, places: Settings, database: Database, province: Province
) -> None:
    entry = province.an.queue
    with on_the_telephone(places, database, entry) as (call_id, citizen):
        wait_in_the_room(doctor, database, entry)
        doctor.goto(f"/queue/{entry}")
        doctor.get_by_role("button", name="Take").click()
        doctor.get_by_role("button", name="Talk now").click()
        status = doctor.get_by_role("status").first
        expect(status).to_contain_text("in conversation", timeout=30_000)
        citizen.hang_up()
        expect(status).to_contain_text("call ended", timeout=5_000)
    with database.unit() as uow:
        call = uow.session.get_one(Call, call_id)
        assert (call.end_reason, call.talked_at is not None) == ("completed", True)


@pytest.mark.capability("H8")
def test_a_caller_whose_line_is_lost_for_good_ends_the_doctors_call_too(
    doctor: Page, media: None, places: Settings, database: Database, province: Province
) -> None:
    entry = province.an.queue
    with on_the_telephone(places, database, entry) as (call_id, citizen):
        wait_in_the_room(doctor, database, entry)
        doctor.goto(f"/queue/{entry}")
        doctor.get_by_role("button", name="Take").click()
        doctor.get_by_role("button", name="Talk now").click()
        expect(doctor.get_by_role("status")).to_contain_text("in conversation", timeout=30_000)
        assert citizen.caller is not None
        citizen.caller.socket.transport.get_extra_info("socket").shutdown(2)
        citizen.join(20)
        # The line is lost, not hung up: the doctor waits some seconds for it to come back.
        expect(doctor.get_by_role("status")).to_contain_text("call ended", timeout=40_000)
    with database.unit() as uow:
        assert uow.session.get_one(Call, call_id).script_state["step"] == "doctor"
