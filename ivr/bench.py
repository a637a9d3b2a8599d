"""What a webhook turn costs: signature, claim, script, save, TwiML, commit on PostgreSQL, through the web application.

Beside it, in the same run, the floor: a handler that only checks the signature, runs one transaction with as many
round trips, and answers with TwiML. Both run in one thread and are called as a WSGI server calls them, without one.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, request
from sqlalchemy import text
from twilio.twiml.voice_response import VoiceResponse
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from audio.prompts import PromptStore
from core.bench import Bench
from core.clock import SystemClock
from core.database import Database
from core.ids import new_id
from core.settings import Settings, read_settings
from flows.catalogue import load_library
from flows.stubs import CONTEXT, STUBS, stub_answer
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.service import Calls
from ivr.carriers.twilio_rest import WEBHOOKS
from ivr.carriers.twilio_signature import Signatures
from ivr.carriers.twilio_webhooks.blueprint import webhooks
from ivr.simulator.signature import sign

Send = Callable[[], bytes]
"""Sends one request; returns the reply."""
SCRIPT = "daily-follow-up"
ANSWERS = ("1", "1", "1990", *("2",) * 40)
"""Keys of a person who is well; the call ends before they are used up."""
_TOKEN = "bench"  # noqa: S105  (signs only what the bench sends to itself)
_WARM_UP = 0.2
_FEWEST = 30


def measure_turns(database_url: str, seconds: float = 10.0) -> dict[str, Any]:
    """Milliseconds of CPU and wall time per turn, and turns per second of one core, for turns and for the floor.

    Needs a migrated database of its own: the calls stay there.
    """
    settings = read_settings(database_url=database_url, twilio_auth_token=_TOKEN)
    database = Database(database_url, SystemClock())
    calls = stubbed_calls()
    with tempfile.TemporaryDirectory(prefix="traceline-bench-") as folder:
        prompts = PromptStore(Path(folder) / "made", Path(folder) / "recorded")
        app = Flask(__name__)
        app.register_blueprint(webhooks(calls, database, prompts, settings, _nobody))
        _add_floor(app, database, settings)
        try:
            turns = _turns(app, database, calls, settings)
            _measure(turns, seconds * _WARM_UP)
            taken = _measure(turns, seconds * (1 - _WARM_UP) / 2)
            floor = _measure(_floor(app, settings), seconds * (1 - _WARM_UP) / 2)
        finally:
            database.close()
    return {"turn": taken, "floor": floor, "ratio": round(taken["cpu_ms"] / floor["cpu_ms"], 2)}


def _measure(requests: Iterator[Send], seconds: float) -> dict[str, float]:
    """Run requests for a while. The work between them (opening a call, signing) is not counted."""
    cpu: list[float] = []
    wall: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(cpu) < _FEWEST:
        send = next(requests)
        before, started = time.process_time(), time.perf_counter()
        send()
        cpu.append(time.process_time() - before)
        wall.append(time.perf_counter() - started)
    return {
        "requests": len(cpu),
        "cpu_ms": round(statistics.fmean(cpu) * 1000, 3),
        "cpu_ms_median": round(statistics.median(cpu) * 1000, 3),
        "wall_ms_median": round(statistics.median(wall) * 1000, 3),
        "wall_ms_p95": round(statistics.quantiles(wall, n=20)[-1] * 1000, 3),
        "per_second": round(1 / statistics.fmean(wall), 1),
    }


def _turns(app: Flask, database: Database, calls: Calls, settings: Settings) -> Iterator[Send]:
    """One turn after another, call after call."""
    while True:
        with database.unit() as uow:
            call_id = calls.open(
                uow,
                direction="outbound",
                carrier=WEBHOOKS,
                remote_number="+84900000000",
                script=SCRIPT,
                language="vi",
                context={**CONTEXT, "speech": []},
            ).id
        addresses = [f"/twilio/voice/{call_id}", *(f"/twilio/turn/{call_id}/{n}?wait=keys" for n in range(1, 50))]
        over: list[bytes] = []
        for path, keys in zip(addresses, ("human", *ANSWERS), strict=False):
            yield _remembering(_post(app, settings, path, keys, call_id), over)
            if b"<Hangup" in over.pop():
                break


def _remembering(send: Send, replies: list[bytes]) -> Send:
    def remembered() -> bytes:
        replies.append(send())
        return replies[-1]

    return remembered


def _floor(app: Flask, settings: Settings) -> Iterator[Send]:
    while True:
        yield _post(app, settings, "/floor", "1", new_id())


def _post(app: Flask, settings: Settings, path: str, keys: str, call_id: UUID) -> Send:
    form = {
        "AccountSid": "AC" + "0" * 32,
        "AnsweredBy": keys,
        "ApiVersion": "2010-04-01",
        "CallSid": f"CA{call_id.hex}",
    }
    form |= {"CallStatus": "in-progress", "Digits": keys, "From": "+842373850115", "To": "+84900000000"}
    headers = Headers({"X-Twilio-Signature": sign(_TOKEN, settings.public_url + path, form.items())})
    environ = EnvironBuilder(path, method="POST", data=form, headers=headers).get_environ()

    def send() -> bytes:
        body, status, _ = run_wsgi_app(app, environ)
        reply = b"".join(body)
        assert status.startswith("200"), status
        return reply

    return send


def _add_floor(app: Flask, database: Database, settings: Settings) -> None:
    signatures = Signatures(settings)

    @app.post("/floor")
    def floor() -> tuple[str, int]:
        assert signatures.form("/floor", request.form, request.headers["X-Twilio-Signature"])
        with database.unit() as uow:
            for _ in range(2):
                uow.session.connection().execute(
                    text("SELECT count(*) FROM receipt WHERE key = :key"), {"key": "floor"}
                )
        response = VoiceResponse()
        gather = response.gather(action=f"{settings.public_url}/floor", num_digits=1)
        for _ in range(2):
            gather.play(f"{settings.public_url}/prompts/floor.wav")
        return str(response), 200


def stubbed_calls() -> Calls:
    """Calls whose effects answer what the tests of scripts are answered, and do nothing."""
    effects = Effects()
    for name in STUBS:
        effects.register(name, _stub(name))
    return Calls(load_library(), effects)


def _stub(name: str) -> Callable[[EffectRequest], EffectResult]:
    return lambda asked: EffectResult(*stub_answer(STUBS[name], 0, asked.state.language))


def _nobody(*_: object, **__: object) -> Any:
    raise AssertionError("nobody dials in")


benches: dict[str, Bench] = {"turns": lambda empty: measure_turns(empty.settings.database_url)}
