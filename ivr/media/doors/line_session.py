"""One line (a browser, or a call of the SIP gateway) as a `MediaSession`: a thin adapter between the websocket and the
line protocol."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import assert_never

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from audio.codec import ULAW_FRAME
from ivr.lines.protocol import (
    CALL_OVER,
    BadLineMessage,
    Caption,
    Clear,
    FromTelephone,
    HungUp,
    Key,
    Mark,
    RingFailed,
    Sound,
    Start,
    ToTelephone,
    parse_from_telephone,
    render,
)
from ivr.media.doors import outgoing
from ivr.media.session import Closed, Digit, Frame, MarkReached, SessionEvent

log = logging.getLogger(__name__)

CHUNK = 50 * ULAW_FRAME
"""Bytes of sound in one message: a second. The telephone queues it, whatever its size."""


class LineSession:
    """The line after its `start` message. A message that is none of the protocol's closes it, and counts as a lost
    line: the telephone may connect again. `name` stands for it in the log."""

    carrier_goes_on = False

    def __init__(self, websocket: ServerConnection, name: str) -> None:
        self._websocket = websocket
        self._name = name

    async def events(self) -> AsyncIterator[SessionEvent]:
        try:
            async for message in self._websocket:
                event = _event(parse_from_telephone(message))
                yield event
                if isinstance(event, Closed):
                    return
        except ConnectionClosed as error:
            log.warning("event=line_lost line=%s reason=%s", self._name, error)
        except BadLineMessage as error:
            log.warning("event=line_refused line=%s reason=%s", self._name, error)
            await self._websocket.close(CloseCode.POLICY_VIOLATION, str(error))
        yield Closed("lost")

    async def play(self, ulaw: bytes) -> None:
        for start in range(0, len(ulaw), CHUNK):
            await self._send(Sound(ulaw[start : start + CHUNK]))

    async def mark(self, name: str) -> None:
        await self._send(Mark(name))

    async def clear(self) -> None:
        await self._send(Clear())

    async def caption(self, caption: Caption) -> None:
        """Tell what is said and heard, to be read along."""
        await self._send(caption)

    async def close(self, over: bool = True) -> None:
        await outgoing.close(self._websocket, CALL_OVER if over else CloseCode.SERVICE_RESTART)

    async def _send(self, message: ToTelephone) -> None:
        await outgoing.send(self._websocket, render(message))


def _event(message: FromTelephone) -> SessionEvent:
    match message:
        case Sound(ulaw):
            return Frame(ulaw)
        case Key(key):
            return Digit(key)
        case Mark(name):
            return MarkReached(name)
        case HungUp():
            return Closed("hangup")
        case RingFailed(outcome):
            return Closed("hangup", outcome)
        case Start():
            raise BadLineMessage("The line began a second time.")
        case _:
            assert_never(message)
