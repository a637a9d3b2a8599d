"""The door for lines: whoever holds a ticket, once, carries the sound of a call or joins a room."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from core.errors import UserError
from ivr.lines.protocol import PATH, BadLineMessage, Start, parse_from_telephone
from ivr.lines.tickets import CallTicket, RoomTicket, read_ticket
from ivr.media.conductor import Conductor
from ivr.media.doors import server
from ivr.media.doors.line_calls import LineCalls
from ivr.media.doors.line_session import LineSession
from ivr.media.doors.server import Refused, Serve
from ivr.media.session import MediaSession
from ivr.media.turns import Turns

log = logging.getLogger(__name__)

Join = Callable[[str, UUID | None, MediaSession], Awaitable[None]]
"""`join(room, user, session)`: meet whoever waits in the room, until either side is gone. Closes the session."""
Captioned = Callable[[LineSession], Turns]
"""Turns that are told to this line as well."""


class LineDoor:
    """Takes lines. `origin` is the console's (scheme, host, port): a browser that shows another page is turned away,
    the SIP gateway, which is none, sends no origin."""

    path = PATH

    def __init__(self, conductor: Conductor, calls: LineCalls, captioned: Captioned, join: Join, origin: str) -> None:
        self._conductor = conductor
        self._calls = calls
        self._captioned = captioned
        self._join = join
        self._origin = origin

    def forged(self, request: Request) -> str:
        origins = request.headers.get_all("Origin")
        ours = all(origin == self._origin for origin in origins)
        return "" if ours else f"Lines are taken from pages of {self._origin} only."

    async def admit(self, websocket: ServerConnection) -> Serve:
        token = await _token(websocket)
        try:
            ticket = read_ticket(token)
        except UserError as error:
            raise Refused(error.message) from error
        refusal = await self._calls.why_not(token, ticket)
        if refusal is not None:
            raise refusal
        match ticket:
            case CallTicket(call_id):
                return partial(self._call, ticket, LineSession(websocket, str(call_id)))
            case RoomTicket(room, user):
                return partial(self._join, room, user, LineSession(websocket, room))

    async def _call(self, ticket: CallTicket, session: LineSession) -> None:
        turns = self._captioned(session) if ticket.captions else None
        why = await self._conductor.conduct(session, ticket.call, turns)
        if why in ("lost", "unavailable"):
            self._calls.lost(ticket.call)


async def _token(websocket: ServerConnection) -> str:
    """The ticket that the `start` message holds."""
    try:
        async with asyncio.timeout(server.START_SECONDS):
            message = parse_from_telephone(await websocket.recv())
    except TimeoutError as error:
        raise Refused("The line did not show its ticket.") from error
    except BadLineMessage as error:
        raise Refused(str(error)) from error
    if not isinstance(message, Start):
        raise Refused("The line did not begin with its start message.")
    return message.token
