"""The door for Twilio Media Streams: signed upgrades only, each for a call that expects it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from ivr.carriers.twilio_streams.codec import BadMessage, Connected, Started, parse_message
from ivr.media.conductor import Conductor
from ivr.media.doors import server
from ivr.media.doors.server import Refused, Serve
from ivr.media.doors.twilio_session import TwilioSession

PATH = "/twilio/stream"

Verify = Callable[[str, str], bool]
"""`verify(path, signature)`: whether the upgrade is signed by Twilio (`Signatures.websocket`)."""
Admit = Callable[[Started], Awaitable[UUID | None]]
"""`admit(started)`: the call that this stream belongs to, if one expects it."""


class TwilioDoor:
    """Takes the streams of calls that `admit` knows."""

    path = PATH

    def __init__(self, conductor: Conductor, verify: Verify, admit: Admit) -> None:
        self._conductor = conductor
        self._verify = verify
        self._admit = admit

    def forged(self, request: Request) -> str:
        signatures = request.headers.get_all("X-Twilio-Signature")
        signed = self._verify(request.path, signatures[0] if len(signatures) == 1 else "")
        return "" if signed else "The signature is not Twilio's."

    async def admit(self, websocket: ServerConnection) -> Serve:
        try:
            started = await _start(websocket)
        except BadMessage as error:
            raise Refused(error.message) from error
        call_id = await self._admit(started)
        if call_id is None:
            raise Refused("No call expects this stream.")
        return partial(self._call, TwilioSession(websocket, started.stream_sid), call_id)

    async def _call(self, session: TwilioSession, call_id: UUID) -> None:
        await self._conductor.conduct(session, call_id)


async def _start(websocket: ServerConnection) -> Started:
    """The `start` message, which `connected` may precede. Raises BadMessage for anything else, or when it is late."""
    try:
        async with asyncio.timeout(server.START_SECONDS):
            message = parse_message(await websocket.recv())
            if isinstance(message, Connected):
                message = parse_message(await websocket.recv())
    except TimeoutError as error:
        raise BadMessage("The stream did not say which call it is.") from error
    if not isinstance(message, Started):
        raise BadMessage("The stream did not begin with its start message.")
    return message
