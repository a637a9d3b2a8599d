"""One call as the simulated network knows it, and as its REST interface shows it."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal

API_VERSION = "2010-04-01"

Status = Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
FINAL: frozenset[Status] = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


def new_sid(prefix: str) -> str:
    """An identifier in Twilio's form: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def rfc_2822(moment: datetime | None) -> str | None:
    """A moment as Twilio writes it, in whole seconds."""
    return format_datetime(moment.replace(microsecond=0)) if moment else None


@dataclass(frozen=True, slots=True)
class Order:
    """What the account asked for when it created the call."""

    url: str
    method: str = "POST"
    twiml: str = ""
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    status_callback_events: tuple[str, ...] = ("completed",)
    ring_seconds: int = 60
    machine_detection: str = ""


@dataclass(slots=True, eq=False)
class SimCall:
    """A call from its order to its end. `hang_up` is set by whoever ends it from outside (`completed`, `canceled`)."""

    account_sid: str
    to: str
    from_: str
    direction: Literal["outbound-api", "inbound"]
    order: Order
    sid: str = field(default_factory=lambda: new_sid("CA"))
    status: Status = "queued"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    answered_by: str = ""
    sip_code: str = ""
    ended_from: str = ""
    hang_up: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: Status | None = None
    sequence: int = 0
    streams: int = 0
    turns: int = 0

    @property
    def duration(self) -> int:
        """Whole seconds from the answer to the end; 0 for a call that nobody answered."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return max(1, round((self.ended_at - self.answered_at).total_seconds()))

    def common_fields(self) -> dict[str, str]:
        """The fields that every webhook about the call carries."""
        return {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Called": self.to,
            "Caller": self.from_,
            "Direction": self.direction,
            "From": self.from_,
            "To": self.to,
        }

    def to_json(self) -> dict[str, Any]:
        """The call as Twilio's REST interface shows it."""
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}"
        parts = ("notifications", "recordings", "streams", "transcriptions", "payments", "siprec", "events")
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "parent_call_sid": None,
            "group_sid": None,
            "phone_number_sid": None,
            "trunk_sid": None,
            "date_created": rfc_2822(self.created_at),
            "date_updated": rfc_2822(self.ended_at or self.answered_at or self.started_at or self.created_at),
            "start_time": rfc_2822(self.started_at),
            "end_time": rfc_2822(self.ended_at),
            "duration": str(self.duration) if self.ended_at else None,
            "to": self.to,
            "to_formatted": self.to,
            "from": self.from_,
            "from_formatted": self.from_,
            "status": self.status,
            "direction": self.direction,
            "answered_by": self.answered_by or None,
            "caller_name": None,
            "forwarded_from": None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "api_version": API_VERSION,
            "annotation": None,
            "uri": f"{uri}.json",
            "subresource_uris": {part: f"{uri}/{part.capitalize()}.json" for part in parts},
        }
