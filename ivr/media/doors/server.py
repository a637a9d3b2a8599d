"""The websocket server of the media process: how many may connect at once, who is alive, and which door they take.

A door is one carrier's address and its rules. Refusing never harms a call: Twilio goes on by keys with the TwiML behind
`<Connect>`, and a line of ours is connected again by the telephone that holds it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Protocol

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

HEALTH_PATH = "/health"
START_SECONDS = 5.0
"""How long a connection may take to say which call it is."""
STRANGERS = 50
"""Connections that have not said yet which call they are. They take nobody's place. When there are more, the one that
has said nothing for longest is cut: ours say it at once, so whoever wants to keep them out cannot just sit there."""
PING_SECONDS = 5.0
"""How often the other end is asked for a sign of life, how long its answer may take, and how long it may take to close.
A dead connection is known as one before a person could be taken for silent until their call ends."""
LONGEST_MESSAGE = 64 * 1024
QUEUED_MESSAGES = 256
"""Messages (5 s of sound) that may wait in the websocket before its sender is held up."""


class Refused(Exception):
    """This connection is not for us, or not now. `str` says why, without what was sent; `code` is told at the close."""

    def __init__(self, reason: str, code: int = CloseCode.POLICY_VIOLATION) -> None:
        super().__init__(reason)
        self.code = code


Serve = Callable[[], Awaitable[None]]
"""Serves a connection to its end."""


class Door(Protocol):
    """One address of the server."""

    path: str

    def forged(self, request: Request) -> str:
        """Why this upgrade is let in under no circumstances; empty when it may be."""

    async def admit(self, websocket: ServerConnection) -> Serve:
        """Ask a connection which call it is. What is returned raises `Refused` too."""


class MediaServer:
    """Takes connections while it `accepts`; `streams` are up, at most `max_calls`."""

    def __init__(self, doors: Sequence[Door], max_calls: int) -> None:
        self._doors = {door.path: door for door in doors}
        self._max_calls = max_calls
        self._strangers: dict[ServerConnection, None] = {}
        self.streams = 0
        self.accepts = True
        self.refused = 0

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[Server]:
        """Serve on the address (port 0: any free one) while in the block. At its end, connections that are still up
        have left their calls."""
        async with serve(
            self._connected,
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

    @property
    def _has_room(self) -> bool:
        return self.accepts and self.streams < self._max_calls

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Who may connect. None lets it through."""
        path = request.path.partition("?")[0]
        if path == HEALTH_PATH:
            return connection.respond(HTTPStatus.OK if self._has_room else HTTPStatus.SERVICE_UNAVAILABLE, "")
        door = self._doors.get(path)
        if door is None:
            taken = " and ".join(sorted(self._doors))
            return connection.respond(HTTPStatus.NOT_FOUND, f"Sound is taken at {taken}.\n")
        forged = door.forged(request)
        if forged:
            self.refused += 1
            log.warning("event=stream_forged door=%s peer=%s", path, connection.remote_address)
            return connection.respond(HTTPStatus.FORBIDDEN, f"{forged}\n")
        if not self._has_room:
            self.refused += 1
            log.warning("event=stream_turned_away streams=%s accepts=%s", self.streams, self.accepts)
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "No more calls can be taken.\n")
        return None

    async def _connected(self, websocket: ServerConnection) -> None:
        assert websocket.request is not None
        door = self._doors[websocket.request.path.partition("?")[0]]
        try:
            serve = await self._admitted(door, websocket)
            await self._served(serve)
        except Refused as refusal:
            log.warning("event=stream_refused door=%s peer=%s reason=%s", door.path, websocket.remote_address, refusal)
            await websocket.close(refusal.code, str(refusal))
        except ConnectionClosed:
            log.info("event=stream_gone_before_start door=%s peer=%s", door.path, websocket.remote_address)

    async def _admitted(self, door: Door, websocket: ServerConnection) -> Serve:
        if len(self._strangers) >= STRANGERS:
            silent = next(iter(self._strangers))
            del self._strangers[silent]
            log.warning("event=stranger_cut peer=%s", silent.remote_address)
            silent.transport.abort()
        self._strangers[websocket] = None
        try:
            return await door.admit(websocket)
        finally:
            self._strangers.pop(websocket, None)

    async def _served(self, serve: Serve) -> None:
        if self.streams >= self._max_calls:  # several came between their check and here
            self.refused += 1
            raise Refused("No more calls can be taken.", CloseCode.TRY_AGAIN_LATER)
        self.streams += 1
        try:
            await serve()
        finally:
            self.streams -= 1
