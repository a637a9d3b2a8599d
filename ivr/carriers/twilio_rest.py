"""Calls through Twilio's REST interface: order, find, hang up. The one place with Twilio's client.

The address is a setting, so that the same client reaches Twilio or the simulated telephone network.
Source: https://www.twilio.com/docs/voice/api/call-resource.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from requests import exceptions
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from core.errors import Permanent, Retryable
from core.settings import Settings
from ivr.calls.status import StatusReport
from ivr.carriers.base import DialOrder, OrderUnknown
from ivr.carriers.twilio_fields import BadRequest, status_report

log = logging.getLogger(__name__)

WEBHOOKS, STREAMS = "twilio", "twilio-stream"
"""The names of the two carriers that dial through here: by keys, and with live audio."""
ANSWERED_AT = {WEBHOOKS: "/twilio/voice/{call}", STREAMS: "/twilio/voice/{call}/stream"}
"""Where Twilio asks what to do when the call is answered."""
TWILIO = "https://api.twilio.com"
STATUS_EVENTS = ["initiated", "ringing", "answered", "completed"]
REQUEST_SECONDS = 15.0
"""For connecting and for each wait for an answer; the dialer gives an order up after a minute."""
CLOCK_SKEW = timedelta(seconds=30)
"""How far Twilio's clock and ours may differ."""
WRONG_CREDENTIALS = 401
TOO_MANY = 429
ALREADY_OVER = 21220
UNKNOWN_CALL = 20404


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the library has no types
    """Goes to the configured address, closes each connection, and logs nothing: the fields are personal data.

    A kept-alive connection that Twilio has just closed would make an order's fate unknown for no reason.
    """

    def __init__(self, address: str) -> None:
        quiet = logging.getLogger(f"{__name__}.http")
        quiet.setLevel(logging.WARNING)
        super().__init__(timeout=REQUEST_SECONDS, logger=quiet)
        self._address = address.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        options["headers"] = {**(options.get("headers") or {}), "Connection": "close"}
        return super().request(method, url.replace(TWILIO, self._address, 1), *args, **options)


class TwilioCarrier:
    """Twilio as the dialer sees it. `name` is one of the two carriers."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._answered_at = ANSWERED_AT[name]
        self._public = settings.public_url.rstrip("/")
        self._number = settings.hotline
        account, token = settings.twilio_account_sid, settings.twilio_auth_token
        # The client would look into the process's environment for what is empty here.
        given = {"TWILIO_ACCOUNT_SID": account, "TWILIO_AUTH_TOKEN": token}
        self._client = Client(account, token, http_client=_Http(settings.twilio_api_url), environment=given)

    def place(self, order: DialOrder) -> str:
        """Order the call. A refusal (4xx) is Permanent with Twilio's code, except that wrong credentials and too many
        requests may pass; a connection that never came about is Retryable; anything else leaves the order unknown."""
        with _errors(order_taken=True):
            call = self._client.calls.create(
                to=order.to,
                from_=self._number,
                url=self._public + self._answered_at.format(call=order.call_id),
                method="POST",
                fallback_url=f"{self._public}/twilio/resume/{order.call_id}",
                fallback_method="POST",
                status_callback=f"{self._public}/twilio/status/{order.call_id}",
                status_callback_method="POST",
                status_callback_event=STATUS_EVENTS,
                timeout=order.ring_seconds,
                machine_detection="DetectMessageEnd" if order.leave_message else "Enable",
            )
        if not isinstance(call.sid, str):
            raise OrderUnknown("The answer names no call.")
        return call.sid

    def find(self, order: DialOrder, taken: Collection[str]) -> str | None:
        """Twilio does not list a call's addresses, so ours is known by its numbers and its time: one live attempt per
        number, and an order's call is created after the order. `start_time` is no help: queued calls have none."""
        with _errors(order_taken=False):
            calls = self._client.calls.list(to=order.to, from_=self._number, limit=50)
        earliest = order.ordered_at.astimezone(UTC) - CLOCK_SKEW
        free = [call for call in calls if call.date_created is not None and call.sid not in taken]
        ours = [call for call in free if call.date_created >= earliest]
        found = min(ours, key=lambda call: call.date_created, default=None)
        return None if found is None else str(found.sid)

    def hang_up(self, provider_ref: str) -> None:
        """End the call, ringing or not."""
        try:
            with _errors(order_taken=False):
                self._client.calls(provider_ref).update(status="completed")
        except _Refused as error:
            if error.code != ALREADY_OVER:
                raise

    def status(self, provider_ref: str, now: datetime) -> StatusReport | None:
        """The call as Twilio has it now. `now` is when a change counts as having happened: Twilio does not say."""
        try:
            with _errors(order_taken=False):
                call = self._client.calls(provider_ref).fetch()
        except _Refused as error:
            if error.code == UNKNOWN_CALL:
                return None
            raise
        try:
            return status_report({"CallSid": provider_ref, "CallStatus": str(call.status)}, now)
        except BadRequest as error:
            log.warning("event=status_unreadable provider_ref=%s why=%s", provider_ref, error.message)
            return None


class _Refused(Permanent):
    """Twilio refused, and says why by its own code."""

    def __init__(self, error: TwilioRestException | TwilioServiceException) -> None:
        super().__init__(f"Twilio refused: {error.code or error.status}.", "Look the code up in Twilio's error list.")
        self.code = error.code


@contextmanager
def _errors(order_taken: bool) -> Iterator[None]:
    """Twilio's and the network's errors as ours. `order_taken`: a lost answer may hide an order that was taken."""
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        if error.status in (WRONG_CREDENTIALS, TOO_MANY):
            raise Retryable(
                f"Twilio took nothing: {error.code or error.status}.",
                "Check the account's credentials." if error.status == WRONG_CREDENTIALS else "It is tried again.",
            ) from error
        if error.status < 500:
            raise _Refused(error) from error
        raise _lost(order_taken, f"HTTP {error.status}") from error
    except (exceptions.RequestException, TwilioException, ValueError, AttributeError) as error:
        # The last two: an answer that is no JSON, or JSON of another shape, as a proxy may give.
        if _never_sent(error):
            raise Retryable("Twilio cannot be reached.", "Check the network and TRACELINE_TWILIO_API_URL.") from error
        raise _lost(order_taken, type(error).__name__) from error


def _lost(order_taken: bool, why: str) -> Exception:
    return OrderUnknown(why) if order_taken else Retryable(f"Twilio did not answer: {why}.", "It is tried again.")


def _never_sent(error: Exception) -> bool:
    """Whether no connection came about, so that no byte of the request left."""
    if isinstance(error, exceptions.ConnectTimeout | exceptions.InvalidURL):
        return True
    cause = error.args[0] if isinstance(error, exceptions.ConnectionError) and error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
