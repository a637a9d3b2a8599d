"""Tickets: who may connect a line, once, for what, and for how long. No two are alike. Signed by a secret that all
processes of an installation share; whoever is let in by one can do nothing else with it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from core.encryption import current_ring
from core.errors import UserError

SECONDS = 60
"""How long a ticket may be used to connect. The line itself lasts as long as it lasts."""


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
    """Raises UserError for a ticket that is forged, or older than `SECONDS`."""
    try:
        fields: dict[str, Any] = _serializer().loads(token, max_age=SECONDS)
    except SignatureExpired as error:
        raise UserError("The ticket for this line is too old.", "Open the page again.") from error
    except BadSignature as error:
        raise UserError("The ticket for this line is not ours.", "Open the page again.") from error
    if "call" in fields:
        return CallTicket(UUID(fields["call"]), fields["captions"])
    return RoomTicket(fields["room"], UUID(fields["user"]) if fields["user"] else None)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_ring().encrypt("signs the tickets of lines"))
