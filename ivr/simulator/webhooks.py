"""Requests from the simulated network to the account's application: signed, limited in time, now and then repeated."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import aiohttp

from ivr.simulator.call import FINAL, SimCall, rfc_2822
from ivr.simulator.options import Options
from ivr.simulator.signature import sign

Trouble = Callable[[str, str, str], None]
"""Takes (call sid, kind, what happened): the network's list of what went wrong, like Twilio's debugger."""


class WebhookFailed(Exception):
    """The application could not be reached, or did not answer with success in time (Twilio's error 11200)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the application answered."""

    url: str
    content_type: str
    body: bytes


class Webhooks:
    """Sends requests as Twilio does: form fields, `X-Twilio-Signature`, 15 s in all, one more try if the connection
    fails, the same idempotency token on both."""

    def __init__(self, session: aiohttp.ClientSession, options: Options, trouble: Trouble) -> None:
        self._session = session
        self._options = options
        self._trouble = trouble
        self._chance = random.Random(f"{options.chaos.seed}/turns")  # noqa: S311  (repeatable, nothing secret)

    async def ask(self, call: SimCall, url: str, method: str, fields: Mapping[str, str]) -> Reply:
        """Ask what to do next in a call. By chaos some requests go out twice at once; both replies must be equal."""
        if self._chance.random() >= self._options.chaos.repeat_turns:
            return await self.send(url, method, fields)
        first, second = await asyncio.gather(self.send(url, method, fields), self.send(url, method, fields))
        if first.body != second.body:
            self._trouble(call.sid, "repeat", "a repeated request got another reply than the first")
        return first

    async def send(self, url: str, method: str, fields: Mapping[str, str]) -> Reply:
        """One request. Raises WebhookFailed."""
        token = str(uuid.uuid4())
        try:
            async with asyncio.timeout(self._options.webhook_seconds):
                try:
                    return await self._once(url, method, fields, token)
                except aiohttp.ClientConnectionError:
                    return await self._once(url, method, fields, token)
        except TimeoutError as error:
            raise WebhookFailed(f"no answer from {url} within {self._options.webhook_seconds:g} s") from error
        except aiohttp.ClientError as error:
            raise WebhookFailed(f"{url} cannot be reached: {error}") from error

    async def _once(self, url: str, method: str, fields: Mapping[str, str], token: str) -> Reply:
        options = self._options
        if method == "GET" and fields:
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"
        signature = sign(options.auth_token, url, fields.items() if method == "POST" else ())
        headers = {
            "X-Twilio-Signature": signature,
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
        }
        timeout = aiohttp.ClientTimeout(connect=options.connect_seconds)
        body = dict(fields) if method == "POST" else None
        async with self._session.request(method, url, data=body, headers=headers, timeout=timeout) as response:
            content = await response.read()
            if response.status >= 400:
                raise WebhookFailed(f"{url} answered {response.status}")
            return Reply(str(response.url), response.content_type, content)

    async def download(self, url: str) -> Reply:
        """Fetch a sound: a signed GET without fields. Raises WebhookFailed."""
        return await self.send(url, "GET", {})


class StatusCallbacks:
    """Tells the application how a call fares: in order, unless chaos repeats or holds back some."""

    def __init__(self, webhooks: Webhooks, options: Options, trouble: Trouble) -> None:
        self._webhooks = webhooks
        self._chaos = options.chaos
        self._trouble = trouble
        self._chance = random.Random(f"{options.chaos.seed}/callbacks")  # noqa: S311  (repeatable, nothing secret)
        self._previous: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent = 0

    def tell(self, call: SimCall, event: str) -> None:
        """Queue the callback of an event (`initiated`, `ringing`, `answered`, `completed`), if it is wanted."""
        order = call.order
        if not order.status_callback or event not in order.status_callback_events:
            return
        fields = callback_fields(call, event)
        call.sequence += 1
        chance = self._chance.random
        times = 2 if chance() < self._chaos.repeat_callbacks else 1
        held = chance() * self._chaos.late_seconds if chance() < self._chaos.late_callbacks else 0.0
        after = None if held else self._previous.get(call.sid)
        task = asyncio.create_task(self._send(call, fields, times, held, after))
        if not held:
            self._previous[call.sid] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Until everything queued has been delivered, or given up."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def close(self) -> None:
        """Deliver nothing more."""
        for task in set(self._tasks):
            task.cancel()

    async def _send(
        self, call: SimCall, fields: Mapping[str, str], times: int, held: float, after: asyncio.Task[None] | None
    ) -> None:
        if after is not None:
            await asyncio.wait({after})
        await asyncio.sleep(held)
        for _ in range(times):
            try:
                await self._webhooks.send(call.order.status_callback, call.order.status_callback_method, fields)
                self.sent += 1
            except WebhookFailed as error:
                self._trouble(call.sid, "status callback", str(error))


def callback_fields(call: SimCall, event: str) -> dict[str, str]:
    """The form fields of a status callback. `initiated` is a status that only callbacks know."""
    fields = call.common_fields()
    if event == "initiated":
        fields["CallStatus"] = "initiated"
    fields["Timestamp"] = rfc_2822(datetime.now(UTC)) or ""
    fields["CallbackSource"] = "call-progress-events"
    fields["SequenceNumber"] = str(call.sequence)
    if call.answered_by:
        fields["AnsweredBy"] = call.answered_by
    if call.status in FINAL:
        fields["CallDuration"] = str(call.duration)
        fields["Duration"] = str(-(-call.duration // 60))
        if call.sip_code:
            fields["SipResponseCode"] = call.sip_code
    return fields
