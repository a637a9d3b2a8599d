"""A real Chromium in front of the console, served by a real HTTP server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from werkzeug.serving import make_server

from admin.app import create_app
from admin.context import ConsoleContext
from core.database import Database
from core.installation import free_bind
from core.settings import Settings
from flows.catalogue import load_library
from ivr.calls.effects import Effects
from ivr.calls.service import Calls
from ivr.carriers.browser.telephone import BrowserTelephone
from tests.admin.province import Province, settle

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (apt install chromium)")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def province(database: Database) -> Province:
    return settle(database)


@pytest.fixture
def places(settings: Settings, database_url: str) -> Settings:
    """Where this test's console and media process are, or may be."""
    web, media = free_bind(), free_bind()
    addresses = {
        "public_url": f"http://{web}",
        "web_bind": web,
        "public_media_url": f"ws://{media}",
        "media_bind": media,
    }
    return settings.model_copy(update={**addresses, "database_url": database_url})


@pytest.fixture
def console(places: Settings, database: Database, redis_client: redis.Redis, province: Province) -> Flask:
    library = load_library()
    return create_app(
        ConsoleContext(
            places,
            database,
            redis_client,
            library,
            carriers={"twilio": "Twilio"},
            telephone=BrowserTelephone(Calls(library, Effects()), lambda _: {"speech": ["ko"]}, places),
        )
    )


@pytest.fixture
def address(console: Flask, places: Settings) -> Iterator[str]:
    """Where the console answers."""
    server = make_server("127.0.0.1", int(places.web_bind.rpartition(":")[2]), console, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield places.public_url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def window(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens windows; afterwards none of them may have complained: no error of a script, no violation of the policy,
    no failed request."""
    complaints: list[str] = []
    contexts: list[Any] = []

    def open_window(width: int = 1280, height: int = 900, dark: bool = False, script: bool = True) -> Page:
        context = chromium.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            locale="vi-VN",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda r: complaints.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []
