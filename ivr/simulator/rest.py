"""The part of Twilio's REST interface that a dialer uses, on the simulated network.

Parameters are checked as Twilio does, and refused with its error object `{code, message, more_info, status}`.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from multidict import MultiMapping

from ivr.simulator.call import API_VERSION, FINAL, Order, SimCall
from ivr.simulator.network import Network

MAX_PAGE = 1000
DEFAULT_PAGE = 50
EVENTS = ("initiated", "ringing", "answered", "completed")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_ORDER_PARAMETERS = frozenset(
    {
        "To", "From", "Url", "Twiml", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback",
        "StatusCallbackMethod", "StatusCallbackEvent", "Timeout", "MachineDetection", "MachineDetectionTimeout",
        "MachineDetectionSpeechThreshold", "MachineDetectionSpeechEndThreshold", "MachineDetectionSilenceTimeout",
    }
)  # fmt: skip


class Refusal(Exception):
    """A request that Twilio would refuse."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Rest:
    """The handlers. Mounted on the network's web application by `routes`."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def routes(self) -> list[web.RouteDef]:
        calls = f"/{API_VERSION}/Accounts/{{account}}/Calls"
        recordings = f"/{API_VERSION}/Accounts/{{account}}/Recordings"
        return [
            web.post(f"{calls}.json", self._guarded(self._create)),
            web.get(f"{calls}.json", self._guarded(self._list)),
            web.get(f"{calls}/{{sid}}.json", self._guarded(self._fetch)),
            web.post(f"{calls}/{{sid}}.json", self._guarded(self._update)),
            web.get(f"{recordings}/{{sid}}.wav", self._guarded(self._recording)),
            web.delete(f"{recordings}/{{sid}}.json", self._guarded(self._delete_recording)),
        ]

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            try:
                self._authenticate(request)
                await self._misbehave()
                return await handler(request)
            except Refusal as refusal:
                return _error(refusal)

        return guarded

    def _authenticate(self, request: web.Request) -> None:
        options = self._network.options
        expected = base64.b64encode(f"{options.account_sid}:{options.auth_token}".encode()).decode()
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise Refusal(401, 20003, "Authenticate")
        if request.match_info["account"] != options.account_sid:
            raise Refusal(404, 20404, f"The requested resource {request.path} was not found")

    async def _misbehave(self) -> None:
        faults = self._network.faults
        if faults.delay_seconds:
            await asyncio.sleep(faults.delay_seconds)
        if faults.too_many_requests:
            faults.too_many_requests -= 1
            raise Refusal(429, 20429, "Too Many Requests")
        if faults.server_errors:
            faults.server_errors -= 1
            raise Refusal(500, 20500, "An internal server error has occurred")

    async def _create(self, request: web.Request) -> web.Response:
        form = await request.post()
        unknown = sorted(set(form) - _ORDER_PARAMETERS)
        if unknown:
            self._network.trouble("", "order", f"parameters that the simulator does not know: {', '.join(unknown)}")
        to, from_, order = read_order(form, self._network.options.numbers)
        call = self._network.place(to, from_, order)
        if self._network.faults.lose_answers:
            self._network.faults.lose_answers -= 1
            if request.transport is not None:
                request.transport.abort()
        return web.json_response(call.to_json(), status=201)

    async def _fetch(self, request: web.Request) -> web.Response:
        return web.json_response(self._find(request).to_json())

    async def _update(self, request: web.Request) -> web.Response:
        call = self._find(request)
        form = await request.post()
        wanted = str(form.get("Status", ""))
        if set(form) - {"Status"} or wanted not in ("completed", "canceled"):
            raise Refusal(400, 20001, "The simulator changes calls by Status=completed or Status=canceled only")
        if call.status in FINAL:
            raise Refusal(400, 21220, "Invalid call state: Call is not in-progress. Cannot redirect.")
        if wanted == "canceled" and call.status == "in-progress":
            raise Refusal(400, 21220, "Call is in-progress; only queued or ringing calls can be canceled.")
        self._network.end(call, "canceled" if wanted == "canceled" else "completed")
        return web.json_response(call.to_json())

    def _find(self, request: web.Request) -> SimCall:
        call = self._network.calls.get(request.match_info["sid"])
        if call is None:
            raise Refusal(404, 20404, f"The requested resource {request.path} was not found")
        return call

    async def _list(self, request: web.Request) -> web.Response:
        query = request.query
        size = min(_whole(query.get("PageSize"), DEFAULT_PAGE), MAX_PAGE)
        page = _whole(query.get("Page"), 0)
        if size < 1:
            raise Refusal(400, 20001, "PageSize must be at least 1")
        newest_first = sorted(self._network.calls.values(), key=lambda call: call.created_at, reverse=True)
        found = [call for call in newest_first if _matches(call, query)]
        start = page * size
        shown = found[start : start + size]
        body: dict[str, Any] = {
            "calls": [call.to_json() for call in shown],
            "page": page,
            "page_size": size,
            "start": start,
            "end": start + max(len(shown) - 1, 0),
            "uri": str(request.rel_url),
            "first_page_uri": _page_uri(request, 0, size),
            "previous_page_uri": _page_uri(request, page - 1, size) if page else None,
            "next_page_uri": _page_uri(request, page + 1, size) if start + size < len(found) else None,
        }
        return web.json_response(body)

    async def _recording(self, request: web.Request) -> web.Response:
        """The sound of a recording. The account asks for credentials here, as Twilio advises for health data."""
        wav = self._network.recordings.get(request.match_info["sid"])
        if wav is None:
            raise Refusal(404, 20404, f"The requested resource {request.path} was not found")
        return web.Response(body=wav, content_type="audio/wav")

    async def _delete_recording(self, request: web.Request) -> web.Response:
        if self._network.recordings.pop(request.match_info["sid"], None) is None:
            raise Refusal(404, 20404, f"The requested resource {request.path} was not found")
        return web.Response(status=204)


def read_order(form: MultiMapping[Any], numbers: frozenset[str]) -> tuple[str, str, Order]:
    """To, From and what to do, from the parameters of a new call. Raises Refusal with Twilio's error codes."""
    to, from_ = str(form.get("To", "")), str(form.get("From", ""))
    url, twiml = str(form.get("Url", "")), str(form.get("Twiml", ""))
    if not to:
        raise Refusal(400, 21201, "No 'To' number is specified")
    if not from_:
        raise Refusal(400, 21213, "No 'From' number is specified")
    if not _E164.fullmatch(to):
        raise Refusal(400, 21211, f"The phone number you are attempting to call, {to}, is not valid.")
    if not _E164.fullmatch(from_):
        raise Refusal(400, 21212, f"The source phone number provided, {from_}, is not valid.")
    if numbers and from_ not in numbers:
        raise Refusal(400, 21210, f"The source phone number provided, {from_}, is not yet verified for your account.")
    if not url and not twiml:
        raise Refusal(400, 21205, "Url parameter is required.")
    for name in ("Url", "FallbackUrl", "StatusCallback"):
        value = str(form.get(name, ""))
        if value and not _is_web_address(value):
            raise Refusal(400, 21205 if name == "Url" else 21609, f"{name} is not a valid URL: {value}")
    detection = str(form.get("MachineDetection", ""))
    if detection not in ("", "Enable", "DetectMessageEnd"):
        raise Refusal(400, 20001, f"Invalid MachineDetection: {detection}")
    events = tuple(str(event) for event in form.getall("StatusCallbackEvent", []))
    wrong = [event for event in events if event not in EVENTS]
    if wrong:
        raise Refusal(400, 21626, f"Invalid StatusCallbackEvents: {', '.join(wrong)}")
    ring_seconds = _whole(form.get("Timeout"), 60)
    if not 1 <= ring_seconds <= 600:
        raise Refusal(400, 20001, "Timeout must be between 1 and 600 seconds")
    order = Order(
        url=url,
        method=_method(form, "Method"),
        twiml=twiml,
        fallback_url=str(form.get("FallbackUrl", "")),
        fallback_method=_method(form, "FallbackMethod"),
        status_callback=str(form.get("StatusCallback", "")),
        status_callback_method=_method(form, "StatusCallbackMethod"),
        status_callback_events=events or ("completed",),
        ring_seconds=ring_seconds,
        machine_detection=detection,
    )
    return to, from_, order


def _is_web_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _method(form: MultiMapping[Any], name: str) -> str:
    method = str(form.get(name, "POST")).upper()
    if method not in ("GET", "POST"):
        raise Refusal(400, 20001, f"{name} must be GET or POST")
    return method


def _whole(value: Any, default: int) -> int:
    if value is None or value == "":
        return default
    if not str(value).isdecimal():
        raise Refusal(400, 20001, f"{value} is not a whole number")
    return int(str(value))


def _moment(text: str) -> datetime:
    """A filter's moment: a date is its midnight in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, 20001, f"{text} is not a date") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _matches(call: SimCall, query: MultiMapping[str]) -> bool:
    """Whether a filter keeps the call. One that was not dialed yet has no start time, so no filter on that keeps it."""
    if any(query.get(name, value) != value for name, value in (("To", call.to), ("From", call.from_))):
        return False
    if query.get("Status", call.status) != call.status:
        return False
    after, before, on = query.get("StartTime>"), query.get("StartTime<"), query.get("StartTime")
    if not (after or before or on):
        return True
    started = call.started_at.replace(microsecond=0) if call.started_at else None
    if started is None:
        return False
    if after and started < _moment(after):
        return False
    if before and started > _moment(before):
        return False
    return not on or started.date() == _moment(on).date()


def _page_uri(request: web.Request, page: int, size: int) -> str:
    query = [(name, value) for name, value in request.query.items() if name not in ("Page", "PageSize", "PageToken")]
    return f"{request.path}?{urlencode([*query, ('PageSize', size), ('Page', page)])}"


def _error(refusal: Refusal) -> web.Response:
    body = {
        "code": refusal.code,
        "message": str(refusal),
        "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
        "status": refusal.status,
    }
    return web.json_response(body, status=refusal.status)
