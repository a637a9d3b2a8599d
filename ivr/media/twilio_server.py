"""The websocket server for Twilio Media Streams: who may connect, for which call, and how many at once.

Refusing never harms a call: when its stream cannot be had, Twilio goes on with the TwiML behind `<Connect>`, by keys.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from uuid import UUID

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from ivr.carriers.twilio_streams.codec import LONGEST_MESSAGE, BadMessage, Connected, Started, parse_message
from ivr.media.conductor import Conductor
from ivr.media.twilio_session import TwilioSession

log = logging.getLogger(__name__)

PATH = "/twilio/stream"
HEALTH_PATH = "/health"
START_SECONDS = 5.0
"""How long a stream may take to say which call it is."""
PING_SECONDS = 5.0
"""How often the other end is asked for a sign of life, how long its answer may take, and how long it may take to close.
A dead connection is known as one before a person could be taken for silent until their call ends."""
QUEUED_MESSAGES = 256
"""Messages (5 s of sound) that may wait in the websocket before its sender is held up."""

Verify = Callable[[str, str], bool]
"""`verify(path, signature)`: whether the upgrade is signed by Twilio (`Signatures.websocket`)."""
Admit = Callable[[Started], Awaitable[UUID | None]]
"""`admit(started)`: the call that this stream belongs to, if one expects it."""


class StreamServer:
    """Takes streams while it `accepts`, at most `max_calls` at once; `streams` are up."""

    def __init__(self, conductor: Conductor, verify: Verify, admit: Admit, max_calls: int) -> None:
        self._conductor = conductor
        self._verify = verify
        self._admit = admit
        self._max_calls = max_calls
        self.streams = 0
        self.accepts = True
        self.refused = 0

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[Server]:
        """Serve on the address (port 0: any free one) while in the block. At its end, streams that are still up have
        left their calls."""
        async with serve(
            self._stream,
            host,
            port,
            process_request=self._check,
            compression=None,  # µ-law does not shrink, and deflating 50 frames a second per call costs a core
            max_size=LONGEST_MESSAGE,
            max_queue=QUEUED_MESSAGES,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=PING_SECONDS,
        ) as server:
            yield server

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Who may open a stream. None lets it through."""
        path = request.path.partition("?")[0]
        if path == HEALTH_PATH:
            return connection.respond(HTTPStatus.OK if self.accepts else HTTPStatus.SERVICE_UNAVAILABLE, "")
        if path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "Streams are taken at /twilio/stream.\n")
        signatures = request.headers.get_all("X-Twilio-Signature")
        if not self._verify(request.path, signatures[0] if len(signatures) == 1 else ""):
            self.refused += 1
            log.warning("event=stream_forged peer=%s", connection.remote_address)
            return connection.respond(HTTPStatus.FORBIDDEN, "The signature is not Twilio's.\n")
        if not self.accepts or self.streams >= self._max_calls:
            self.refused += 1
            log.warning("event=stream_turned_away streams=%s accepts=%s", self.streams, self.accepts)
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "No more calls can be taken.\n")
        return None

    async def _stream(self, websocket: ServerConnection) -> None:
        if self.streams >= self._max_calls:  # several came between their check and here
            self.refused += 1
            await websocket.close(CloseCode.TRY_AGAIN_LATER, "No more calls can be taken.")
            return
        self.streams += 1
        try:
            await self._run(websocket)
        except BadMessage as error:
            log.warning("event=stream_refused peer=%s reason=%s", websocket.remote_address, error.message)
            await websocket.close(CloseCode.POLICY_VIOLATION, error.message)
        except ConnectionClosed:
            log.info("event=stream_gone_before_start peer=%s", websocket.remote_address)
        finally:
            self.streams -= 1

    async def _run(self, websocket: ServerConnection) -> None:
        started = await _start(websocket)
        call_id = await self._admit(started)
        if call_id is None:
            raise BadMessage("No call expects this stream.")
        await self._conductor.conduct(TwilioSession(websocket, started.stream_sid), call_id)


async def _start(websocket: ServerConnection) -> Started:
    """The `start` message, which `connected` may precede. Raises BadMessage for anything else, or when it is late."""
    try:
        async with asyncio.timeout(START_SECONDS):
            message = parse_message(await websocket.recv())
            if isinstance(message, Connected):
                message = parse_message(await websocket.recv())
    except TimeoutError as error:
        raise BadMessage("The stream did not say which call it is.") from error
    if not isinstance(message, Started):
        raise BadMessage("The stream did not begin with its start message.")
    return message
