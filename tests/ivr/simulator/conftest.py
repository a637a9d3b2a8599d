"""A library, a prompt store that all tests share, and an application that answers as ours would, in a page."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.request_validator import RequestValidator

from audio.prompts import PromptStore
from flows.catalogue import load_library
from flows.engine.actions import Effect, HangUp, Listen, Play
from flows.engine.advance import advance, start_state
from flows.engine.events import CallStarted, EffectDone, KeysPressed, NothingHeard
from ivr.simulator.options import Options

SID = "AC" + "0" * 32
TOKEN = "a-secret-token"
SLOTS = [
    {"id": "s1", "spoken": {"vi": "tám giờ sáng mai", "en": "eight tomorrow morning", "ko": "내일 오전 여덟 시"}},
    {"id": "s2", "spoken": {"vi": "chín giờ sáng mai", "en": "nine tomorrow morning", "ko": "내일 오전 아홉 시"}},
]
EFFECTS = {
    "telehealth.offer_slots": ("offered", {"slots": SLOTS}),
    "telehealth.book": ("booked", {"when": {"vi": "tám giờ", "en": "eight", "ko": "여덟 시"}, "reference": "AB12"}),
    "telehealth.queue": ("queued", {}),
    "telehealth.urgent": ("queued", {}),
    "call.opt_out": ("done", {}),
}


@pytest.fixture(scope="session")
def library():
    return load_library()


@pytest.fixture(scope="session")
def prompts(tmp_path_factory):
    home = tmp_path_factory.mktemp("simulator")
    return PromptStore(home / "prompts", home / "recordings")


def options(**changes: Any) -> Options:
    """The account of the tests, a thousand times faster than life."""
    return Options(**{"account_sid": SID, "auth_token": TOKEN, "speed": 1000.0, **changes})


@dataclass
class FakeApp:
    """Runs a script of the library behind signed webhooks. Refuses a wrong signature, as ours does."""

    script: Any = None
    prompts: Any = None
    language: str = "vi"
    person: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    saved: dict[str, Any] = field(default_factory=dict)
    replies: dict[tuple[str, int], str] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    twiml: dict[str, str] = field(default_factory=dict)
    fail: int = 0
    mishears: dict[str, str] = field(default_factory=dict)

    def callbacks(self) -> list[dict[str, str]]:
        return [form for path, form in self.requests if path == "/status"]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/voice", self._voice),
            web.post("/turn/{sid}/{turn}", self._turn),
            web.post("/status", self._status),
            web.post("/fixed/{name}", self._fixed),
            web.get("/prompts/{digest}.wav", self._prompt),
        ]

    async def _form(self, request: web.Request) -> dict[str, str]:
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers.get("X-Twilio-Signature", "")
        if not RequestValidator(TOKEN).validate(self.url + request.path_qs, form, signature):
            raise web.HTTPForbidden
        self.requests.append((request.path, form))
        return form

    async def _status(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        if form["CallStatus"] in ("completed", "busy", "failed", "no-answer", "canceled"):
            self.ended.set()
        return web.Response(status=204)

    async def _fixed(self, request: web.Request) -> web.Response:
        await self._form(request)
        if self.fail:
            self.fail -= 1
            raise web.HTTPInternalServerError
        return _xml(self.twiml[request.match_info["name"]].replace("{count}", str(len(self.requests))))

    async def _prompt(self, request: web.Request) -> web.Response:
        return web.Response(body=self.prompts.wav(request.match_info["digest"]), content_type="audio/wav")

    async def _voice(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        sid = form["CallSid"]
        if sid not in self.states:
            context = {"person": self.person, "department": "CDC Thanh Hóa", "hotline": "+842373850115"}
            context["today"] = datetime.now(UTC).date().isoformat()
            self.states[sid] = start_state(self.script, self.language, context)
            machine = form.get("AnsweredBy", "").startswith("machine")
            self.replies[sid, 0] = self._step(sid, 0, CallStarted(_now(), "machine" if machine else "human"))
        return _xml(self.replies[sid, 0])

    async def _turn(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        sid, turn = request.match_info["sid"], int(request.match_info["turn"])
        if (sid, turn) not in self.replies:
            digits = form.get("Digits", "")
            digits = self.mishears.pop(digits, digits)
            event = KeysPressed(_now(), digits) if digits else NothingHeard(_now())
            self.replies[sid, turn] = self._step(sid, turn, event)
        return _xml(self.replies[sid, turn])

    def _step(self, sid: str, turn: int, event: Any) -> str:
        step = advance(self.script, self.states[sid], event)
        actions = list(step.actions)
        for _ in itertools.count():
            self.saved |= {name: answer.value for name, answer in step.saved.items()}
            if not actions or not isinstance(actions[-1], Effect):
                break
            outcome, result = EFFECTS[actions[-1].name]
            step = advance(self.script, step.state, EffectDone(_now(), actions.pop().name, outcome, result))
            actions += step.actions
        self.states[sid] = step.state
        return self._render(sid, turn + 1, actions)

    def _render(self, sid: str, turn: int, actions: list[Any]) -> str:
        plays, rest = "", "<Hangup/>"
        for action in actions:
            if isinstance(action, Play):
                for segment in action.prompt.segments:
                    clip = self.prompts.clip(action.prompt.language, segment.text, segment.clip)
                    plays += f"<Play>{escape(f'/prompts/{clip.digest}.wav')}</Play>"
            elif isinstance(action, Listen):
                keys = action.keys
                rest = (
                    f'<Gather action={quoteattr(f"/turn/{sid}/{turn}")} numDigits="{keys.max_digits}" '
                    f'timeout="{action.wait_seconds:g}" finishOnKey="{keys.finish}" actionOnEmptyResult="true">'
                    f"{plays}</Gather>"
                )
                plays = ""
            elif isinstance(action, HangUp):
                rest = "<Hangup/>"
        return f"<Response>{plays}{rest}</Response>"


@pytest.fixture
async def app(prompts) -> AsyncIterator[FakeApp]:
    fake = FakeApp(prompts=prompts)
    application = web.Application()
    application.add_routes(fake.routes())
    server = TestServer(application)
    await server.start_server()
    fake.url = str(server.make_url("")).rstrip("/")
    yield fake
    await server.close()


def _xml(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/xml")


def _now() -> str:
    return datetime.now(UTC).isoformat()
