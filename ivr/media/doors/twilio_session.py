"""One Twilio Media Stream as a `MediaSession`: a thin adapter between the websocket and the pure codec."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from audio.codec import ULAW_FRAME
from ivr.carriers.twilio_streams.codec import (
    BadMessage,
    Connected,
    Dtmf,
    Mark,
    Media,
    Message,
    Other,
    Started,
    Stopped,
    clear_message,
    mark_message,
    media_message,
    parse_message,
)
from ivr.media.doors import outgoing
from ivr.media.session import Closed, Digit, Frame, MarkReached, SessionEvent

log = logging.getLogger(__name__)

CHUNK = 10 * ULAW_FRAME
"""Bytes of sound in one message: 200 ms. Twilio queues it, whatever its size."""


class TwilioSession:
    """The stream after its `start` message. A message that is none of Twilio's closes it; the call goes on by its
    webhooks."""

    carrier_goes_on = True

    def __init__(self, websocket: ServerConnection, stream_sid: str) -> None:
        self._websocket = websocket
        self._stream_sid = stream_sid

    async def events(self) -> AsyncIterator[SessionEvent]:
        try:
            async for text in self._websocket:
                event = _event(parse_message(text))
                if event is not None:
                    yield event
                if isinstance(event, Closed):
                    return
        except ConnectionClosed as error:
            log.warning("event=stream_lost stream=%s reason=%s", self._stream_sid, error)
        except BadMessage as error:
            log.warning("event=stream_refused stream=%s reason=%s", self._stream_sid, error.message)
            await self._websocket.close(CloseCode.POLICY_VIOLATION, error.message)
        yield Closed("lost")

    async def play(self, ulaw: bytes) -> None:
        for start in range(0, len(ulaw), CHUNK):
            await self._send(media_message(self._stream_sid, ulaw[start : start + CHUNK]))

    async def mark(self, name: str) -> None:
        await self._send(mark_message(self._stream_sid, name))

    async def clear(self) -> None:
        await self._send(clear_message(self._stream_sid))

    async def close(self, over: bool = True) -> None:
        await outgoing.close(self._websocket)

    async def _send(self, text: str) -> None:
        await outgoing.send(self._websocket, text)


def _event(message: Message) -> SessionEvent | None:
    match message:
        case Media(payload=payload):
            if len(payload) != ULAW_FRAME:
                raise BadMessage(f"The stream sent a frame of {len(payload)} bytes.", f"Expected: {ULAW_FRAME}.")
            return Frame(payload)
        case Dtmf(digit):
            return Digit(digit)
        case Mark(name):
            return MarkReached(name)
        case Stopped():
            return Closed("hangup")
        case Started() | Connected():
            raise BadMessage("The stream began a second time.")
        case Other():
            return None
