"""Orders to Twilio: each is a request that its own document allows, and each failure says whether to dial again."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from openapi_schema_validator import OAS30Validator

from core.errors import Permanent, Retryable
from core.settings import Settings
from ivr.calls.model import CallState
from ivr.carriers.base import DialOrder, OrderUnknown
from ivr.carriers.twilio_rest import STREAMS, WEBHOOKS, TwilioCarrier
from tests.conftest import NOW
from tests.ivr.carriers.conftest import ACCOUNT, CALL_SID, PUBLIC
from tests.ivr.world import NUMBER

DOCUMENT = Path(__file__).parents[4] / "shared" / "twilio" / "twilio_api_v2010.json"
CALLS = "/2010-04-01/Accounts/{AccountSid}/Calls.json"
ONE_CALL = "/2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json"
needs_document = pytest.mark.skipif(not DOCUMENT.exists(), reason="Twilio's OpenAPI document is not here")

ORDER = DialOrder(UUID(int=5), NUMBER, 25, ordered_at=NOW)


@dataclass
class Peer:
    """A server in Twilio's place. `answer` is (status, body) or a way to misbehave; requests are kept."""

    answer: Callable[[BaseHTTPRequestHandler], None] | tuple[int, Any] = (201, {"sid": CALL_SID})
    requests: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)
    address: str = ""


class _Handler(BaseHTTPRequestHandler):
    peer: Peer

    def do_GET(self) -> None:
        self._take("GET", urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._take("POST", self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _take(self, method: str, text: str) -> None:
        self.peer.requests.append((method, urlsplit(self.path).path, parse_qs(text, keep_blank_values=True)))
        if callable(self.peer.answer):
            self.peer.answer(self)
            return
        status, body = self.peer.answer
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Tests need no access log."""


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"peer": peer}))
    peer.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield peer
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def carrier(peer: Peer, twilio_settings: Settings) -> TwilioCarrier:
    return _carrier(twilio_settings, peer.address)


def _carrier(settings: Settings, address: str, name: str = WEBHOOKS) -> TwilioCarrier:
    return TwilioCarrier(name, settings.model_copy(update={"twilio_api_url": address}))


# --- what Twilio's own document says of our requests


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return loaded


def check_form(path: str, fields: dict[str, list[str]]) -> None:
    """The form fields against the document: known names, right types, all that is required."""
    schema = document()["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    body = {name: _typed(schema["properties"][name], values) for name, values in fields.items()}
    OAS30Validator({**schema, "components": document()["components"]}).validate(body)


def check_query(path: str, fields: dict[str, list[str]]) -> None:
    parameters = {p["name"]: p["schema"] for p in document()["paths"][path]["get"]["parameters"] if p["in"] == "query"}
    for name, values in fields.items():
        OAS30Validator(parameters[name]).validate(_typed(parameters[name], values))


def _typed(schema: dict[str, Any], values: list[str]) -> Any:
    if schema.get("type") == "array":
        return values
    (value,) = values
    return int(value) if schema.get("type") == "integer" else value


@needs_document
@pytest.mark.parametrize("order", [ORDER, replace(ORDER, leave_message=True)])
def test_an_order_is_one_that_twilios_document_allows(peer: Peer, carrier: TwilioCarrier, order: DialOrder) -> None:
    assert carrier.place(order) == CALL_SID
    ((method, path, fields),) = peer.requests
    assert (method, path) == ("POST", CALLS.format(AccountSid=ACCOUNT))
    check_form(CALLS, fields)


@needs_document
def test_finding_and_hanging_up_are_requests_that_twilios_document_allows(peer: Peer, carrier: TwilioCarrier) -> None:
    peer.answer = (200, {"calls": []})
    carrier.find(ORDER, ())
    peer.answer = (200, {"sid": CALL_SID})
    carrier.hang_up(CALL_SID)
    (_, _, query), (_, path, form) = peer.requests
    check_query(CALLS, query)
    assert path == ONE_CALL.format(AccountSid=ACCOUNT, Sid=CALL_SID)
    check_form(ONE_CALL, form)


def test_an_order_says_where_to_come_back_and_what_to_tell(peer: Peer, carrier: TwilioCarrier) -> None:
    carrier.place(ORDER)
    assert peer.requests[0][2] == {
        "To": [NUMBER],
        "From": ["+842373850115"],
        "Url": [f"{PUBLIC}/twilio/voice/{ORDER.call_id}"],
        "Method": ["POST"],
        "FallbackUrl": [f"{PUBLIC}/twilio/resume/{ORDER.call_id}"],
        "FallbackMethod": ["POST"],
        "StatusCallback": [f"{PUBLIC}/twilio/status/{ORDER.call_id}"],
        "StatusCallbackMethod": ["POST"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "Timeout": ["25"],
        "MachineDetection": ["Enable"],
    }


@pytest.mark.capability("I8")
def test_a_machine_that_shall_hear_a_message_is_waited_for(peer: Peer, carrier: TwilioCarrier) -> None:
    carrier.place(replace(ORDER, leave_message=True))
    assert [fields.get("MachineDetection") for _, _, fields in peer.requests] == [["DetectMessageEnd"]]


def test_a_call_with_live_audio_is_answered_elsewhere(peer: Peer, twilio_settings: Settings) -> None:
    _carrier(twilio_settings, peer.address, STREAMS).place(ORDER)
    assert peer.requests[0][2]["Url"] == [f"{PUBLIC}/twilio/voice/{ORDER.call_id}/stream"]


# --- what went wrong, and whether the call may exist


@pytest.mark.capability("N12")
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {"code": 21211, "message": "Invalid 'To'", "status": 400}), Permanent),
        ((404, b"not found"), Permanent),
        ((301, b""), Permanent),
        ((401, {"code": 20003, "message": "Authenticate", "status": 401}), Retryable),
        ((429, {"code": 20429, "message": "Too Many Requests", "status": 429}), Retryable),
        ((500, {"code": 20500, "message": "Internal", "status": 500}), OrderUnknown),
        ((503, {"type": "t", "title": "Unavailable", "status": 503, "code": 1}), OrderUnknown),
        ((422, {"type": "t", "title": "No", "status": 422, "code": 60200}), Permanent),
        ((201, b""), OrderUnknown),
        ((201, b"<html>proxy</html>"), OrderUnknown),
        ((201, []), OrderUnknown),
        ((201, {"sid": None}), OrderUnknown),
    ],
)
def test_an_answer_tells_whether_the_order_was_taken(
    peer: Peer, carrier: TwilioCarrier, answer: tuple[int, Any], error: type[Exception]
) -> None:
    peer.answer = answer
    with pytest.raises(error):
        carrier.place(ORDER)
    assert len(peer.requests) == 1  # nothing here dials a second time on its own


def test_a_refusal_names_twilios_code(peer: Peer, carrier: TwilioCarrier) -> None:
    peer.answer = (400, {"code": 21211, "message": f"{NUMBER} is not valid", "status": 400})
    with pytest.raises(Permanent, match="21211") as caught:
        carrier.place(ORDER)
    assert NUMBER not in str(caught.value)


@pytest.mark.capability("N12")
def test_an_order_whose_answer_was_lost_is_unknown(peer: Peer, carrier: TwilioCarrier) -> None:
    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    peer.answer = hang_up
    with pytest.raises(OrderUnknown):
        carrier.place(ORDER)
    assert len(peer.requests) == 1


@pytest.mark.capability("N12")
def test_an_order_that_is_never_answered_is_unknown(
    peer: Peer, carrier: TwilioCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def wait(_: BaseHTTPRequestHandler) -> None:
        answered.wait(20)

    peer.answer = wait
    monkeypatch.setattr(carrier._client.http_client, "timeout", 0.2)
    with pytest.raises(OrderUnknown):
        carrier.place(ORDER)
    answered.set()


@pytest.mark.capability("N12")
@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_an_order_that_never_left_may_be_placed_again(twilio_settings: Settings, address: str) -> None:
    carrier = _carrier(twilio_settings, address)
    with pytest.raises(Retryable):
        carrier.place(ORDER)
    with pytest.raises(Retryable):
        carrier.find(ORDER, ())


def listed(sid: str, seconds: float, start_time: str | None = None) -> dict[str, Any]:
    created = datetime.fromtimestamp((NOW + timedelta(seconds=seconds)).timestamp(), UTC)
    return {"sid": sid, "date_created": format_datetime(created), "start_time": start_time, "to": NUMBER}


@pytest.mark.capability("N12")
@pytest.mark.parametrize(
    ("calls", "found"),
    [
        ([], None),
        ([listed("before", -60)], None),
        ([listed("ours", 1)], "ours"),
        ([listed("ours", 0), listed("before", -300)], "ours"),
        ([listed("ours", -2)], "ours"),  # Twilio's clock is behind ours
        ([listed("another's", -5), listed("ours", 1)], "ours"),
        ([listed("another's", 1)], None),
        ([{"sid": "?", "date_created": None}], None),
    ],
)
def test_an_order_is_found_by_its_numbers_and_its_time_among_calls_that_are_nobody_elses(
    peer: Peer, carrier: TwilioCarrier, calls: list[dict[str, Any]], found: str | None
) -> None:
    peer.answer = (200, {"calls": calls})
    assert carrier.find(ORDER, {"another's"}) == found
    query = peer.requests[0][2]
    assert (query["To"], query["From"]) == ([NUMBER], ["+842373850115"])
    assert not [name for name in query if name.startswith("StartTime")]  # a queued call has none


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_search_that_fails_is_repeated_and_never_means_not_found(
    peer: Peer, carrier: TwilioCarrier, status: int
) -> None:
    peer.answer = (status, {"code": 1, "message": "", "status": status})
    with pytest.raises(Retryable):
        carrier.find(ORDER, ())


def test_hanging_up_a_call_that_is_over_is_harmless(peer: Peer, carrier: TwilioCarrier) -> None:
    peer.answer = (400, {"code": 21220, "message": "Invalid call state", "status": 400})
    carrier.hang_up(CALL_SID)
    peer.answer = (404, {"code": 20404, "message": "not found", "status": 404})
    with pytest.raises(Permanent):
        carrier.hang_up(CALL_SID)


def test_nothing_of_an_order_is_logged(peer: Peer, carrier: TwilioCarrier, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        carrier.place(ORDER)
        peer.answer = (200, {"calls": []})
        carrier.find(ORDER, ())
    assert NUMBER[1:] not in caplog.text


@pytest.mark.capability("I11")
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((200, {"sid": CALL_SID, "status": "in-progress"}), CallState.IN_PROGRESS),
        ((200, {"sid": CALL_SID, "status": "no-answer"}), CallState.FAILED),
        ((404, {"code": 20404, "message": "not found", "status": 404}), None),
        ((200, {"sid": CALL_SID, "status": "pondering"}), None),  # what nobody understands is not known
        ((200, {}), None),
    ],
)
def test_twilio_is_asked_what_became_of_a_call(
    peer: Peer, carrier: TwilioCarrier, answer: tuple[int, Any], state: CallState | None
) -> None:
    peer.answer = answer
    report = carrier.status(CALL_SID, NOW)
    assert (report.state if report else None) == state
    assert [method for method, _, _ in peer.requests] == ["GET"]
