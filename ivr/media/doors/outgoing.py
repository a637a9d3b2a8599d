"""Sending to a websocket whose other end may have stopped reading.

Pings do not find such an end: they wait behind what is queued, in front of a buffer that never empties
(`websockets.asyncio.connection`: `keepalive` sends before it counts). So whoever sends counts.
"""

from __future__ import annotations

import asyncio
import logging

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

log = logging.getLogger(__name__)

STALLED_SECONDS = 10.0
"""How long the other end may take nothing. A message is a second of sound at most, so the slowest line is faster."""


async def send(websocket: ServerConnection, message: str | bytes) -> None:
    """Hand a message over. A connection that is closed, or takes nothing for too long and is cut, is told by its own
    end: the session's events."""
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            await websocket.send(message)
    except ConnectionClosed as error:
        log.debug("event=unsent peer=%s reason=%s", websocket.remote_address, error)
    except TimeoutError:
        _cut(websocket)


async def close(websocket: ServerConnection, code: int = 1000) -> None:
    """Close in order, or cut a connection that takes nothing. Harmless when it is closed already."""
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            await websocket.close(code)
    except TimeoutError:
        _cut(websocket)


def _cut(websocket: ServerConnection) -> None:
    log.warning("event=stream_stalled peer=%s", websocket.remote_address)
    websocket.transport.abort()
