"""Tickets: who may connect a line, once, for what, and for how long. No two are alike. Signed by a secret that all
processes of an installation share; whoever is let in by one can do nothing else with it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer

from core.encryption import current_ring
from core.errors import UserError

SECONDS = 60
"""How long a ticket may be used to connect. The line itself lasts as long as it lasts."""
AHEAD = 30
"""How many seconds the clock of the machine that wrote a ticket may be ahead of this one's."""


@dataclass(frozen=True, slots=True)
class CallTicket:
    """This line carries the sound of a call. `captions`: it is told what is said and heard, to be read along."""

    call: UUID
    captions: bool = False


@dataclass(frozen=True, slots=True)
class RoomTicket:
    """This line joins whoever waits in a room: a practitioner at a browser (`user` is the console's user), or a
    telephone that we ring for a transfer (`user` None)."""

    room: str
    user: UUID | None = None


Ticket = CallTicket | RoomTicket


def write_ticket(ticket: Ticket) -> str:
    match ticket:
        case CallTicket(call, captions):
            fields: dict[str, Any] = {"call": str(call), "captions": captions}
        case RoomTicket(room, user):
            fields = {"room": room, "user": str(user) if user else None}
    return _serializer().dumps({**fields, "once": secrets.token_urlsafe(8)})


def read_ticket(token: str) -> Ticket:
    """Raises UserError for a ticket that is forged, older than `SECONDS`, or from a clock that is wrong."""
    fields: dict[str, Any]
    try:
        fields, written = _serializer().loads(token, return_timestamp=True)
    except BadSignature as error:
        raise UserError("The ticket for this line is not ours.", "Open the page again.") from error
    age = time.time() - written.timestamp()
    if age > SECONDS:
        raise UserError("The ticket for this line is too old.", "Open the page again.")
    if age < -AHEAD:
        raise UserError("The ticket for this line is of a time to come.", "Set the clocks of the machines right (NTP).")
    if "call" in fields:
        return CallTicket(UUID(fields["call"]), fields["captions"])
    return RoomTicket(fields["room"], UUID(fields["user"]) if fields["user"] else None)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_ring().encrypt("signs the tickets of lines"))
