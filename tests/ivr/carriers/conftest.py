"""A web process with the carriers' webhooks, and Twilio's hand to sign requests to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from audio.prompts import PromptStore
from core.database import Database, UnitOfWork
from core.settings import Settings, read_settings
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.carriers.inbound import InboundPlan
from ivr.carriers.twilio_streams.blueprint import stream_webhooks
from ivr.carriers.twilio_webhooks.blueprint import webhooks
from ivr.carriers.twilio_webhooks.sounds import sounds

TOKEN = "0123456789abcdef"
ACCOUNT = "AC" + "0" * 32
CALL_SID = "CA" + "1" * 32
PUBLIC = "https://hotline.example.vn"


@pytest.fixture(scope="session")
def twilio_settings() -> Settings:
    return read_settings(
        public_url=PUBLIC,
        public_media_url="wss://media.example.vn",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        hotline="+842373850115",
    )


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> PromptStore:
    folder: Path = tmp_path_factory.mktemp("prompts")
    return PromptStore(folder / "made", folder / "recorded")


@dataclass
class Hotline:
    """The department's policy for those who dial in. It remembers the numbers it was asked about."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, uow: UnitOfWork, number: str, carrier: str, dialed: str = "") -> InboundPlan:
        self.asked.append((number, carrier))
        return InboundPlan("check-in", "en", {"department": "CDC", "speech": []}, area="38.380")


@pytest.fixture
def hotline() -> Hotline:
    return Hotline()


@pytest.fixture
def app(calls: Calls, database: Database, prompts: PromptStore, twilio_settings: Settings, hotline: Hotline) -> Flask:
    app = Flask(__name__)
    app.register_blueprint(webhooks(calls, database, prompts, twilio_settings, hotline))
    app.register_blueprint(stream_webhooks(calls, database, twilio_settings, hotline))
    app.register_blueprint(sounds(prompts))
    return app


def sign(path: str, fields: dict[str, str], token: str = TOKEN) -> str:
    """As Twilio's page describes it: the address, then every field with its value, in order."""
    text = PUBLIC + path + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


Post = Callable[..., TestResponse]


@pytest.fixture
def post(app: Flask) -> Post:
    """`post(path, Digits="1")`: a signed request."""

    def post(path: str, **fields: str) -> TestResponse:
        form = {"CallSid": CALL_SID, "AccountSid": ACCOUNT, **fields}
        return app.test_client().post(path, data=form, headers={"X-Twilio-Signature": sign(path, form)})

    return post


def stored(database: Database, call_id: UUID) -> Call:
    with database.unit() as uow:
        return uow.session.get_one(Call, call_id)
