"""The console on a real database, and visitors who sit in front of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin.app import create_app
from admin.context import ConsoleContext
from core.clock import SystemClock
from core.database import Database
from core.settings import Settings
from flows.catalogue import Library, load_library
from ivr.calls.effects import Effects
from ivr.calls.service import Calls
from ivr.carriers.browser.telephone import BrowserTelephone
from tests.admin.province import Province, settle, token_of

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Visitor:
    """Somebody in front of a browser without script: gets pages, posts forms with the page's token."""

    def __init__(self, app: Flask, login: str = "") -> None:
        self.client: FlaskClient = app.test_client()
        if login:
            with self.client.session_transaction() as session:
                session["token"] = token_of(login)

    def get(self, address: str, **options: Any) -> TestResponse:
        return self.client.get(address, **options)

    def page(self, address: str) -> str:
        """A page that opens."""
        response = self.get(address)
        assert response.status_code == 200, f"{address}: {response.status}"
        return response.text

    def json(self, address: str) -> Any:
        """The same page for a program."""
        response = self.get(address, headers={"Accept": "application/json"})
        assert response.status_code == 200, f"{address}: {response.status}"
        return response.json

    def post(self, address: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """A form, with the token of a page of the console."""
        return self.client.post(address, data={**(data or {}), "csrf_token": self.csrf_token()}, **options)

    def csrf_token(self) -> str:
        page = self.get("/login", follow_redirects=True).text
        found = _TOKEN.search(page)
        assert found, "every page carries the token"
        return found[1]


@pytest.fixture(scope="session")
def script_library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def app(settings: Settings, script_library: Library) -> Flask:
    """The console as the web process makes it; its templates are compiled once for all tests."""
    return create_app(
        ConsoleContext(
            settings=settings,
            database=Database(settings.database_url, SystemClock()),
            redis=redis.Redis.from_url(settings.redis_url),
            library=script_library,
            carriers={"twilio": "Twilio", "twilio-stream": "Twilio (voice)"},
            telephone=BrowserTelephone(Calls(script_library, Effects()), lambda carrier: {}, settings),
        )
    )


@pytest.fixture
def console(app: Flask, database: Database, redis_client: redis.Redis) -> Flask:
    """The console on this test's own database."""
    context: ConsoleContext = app.extensions["traceline"]
    app.extensions["traceline"] = replace(context, database=database, redis=redis_client)
    return app


@pytest.fixture
def province(database: Database) -> Province:
    return settle(database)


@pytest.fixture
def visitor(console: Flask, province: Province) -> Callable[[str], Visitor]:
    """`visitor("thao")` is Thảo, signed in; `visitor("")` a stranger."""
    return lambda login: Visitor(console, login)
