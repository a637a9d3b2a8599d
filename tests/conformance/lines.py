"""The telephone in the browser in the suite: as `streams`, with every sound, key and mark in the words of the line
protocol between the conductor and the telephone. The websocket below has its own tests in `tests/ivr/media`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ivr.carriers.browser.carrier import BROWSER
from ivr.lines.protocol import (
    CALL_OVER,
    Clear,
    FromTelephone,
    HungUp,
    Key,
    Mark,
    RingFailed,
    Sound,
    parse_to_telephone,
    render,
)
from ivr.media.doors.line_session import LineSession
from ivr.media.session import Closed, Digit, Frame, MarkReached, MediaSession, SessionEvent
from tests.conformance.streams import Streams
from tests.ivr.media.telephone import Telephone


class Lines(Streams):
    name = BROWSER

    def wire(self, telephone: Telephone) -> MediaSession:
        socket: Any = _Socket(telephone)
        return LineSession(socket, "test")


class _Socket:
    """What a websocket would carry, with the telephone at its other end."""

    def __init__(self, telephone: Telephone) -> None:
        self._telephone = telephone

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        async for event in self._telephone.events():
            message = _message(event)
            if message is None:
                return
            yield render(message)

    async def send(self, message: str | bytes) -> None:
        match parse_to_telephone(message):
            case Sound(ulaw):
                await self._telephone.play(ulaw)
            case Mark(name):
                await self._telephone.mark(name)
            case Clear():
                await self._telephone.clear()

    async def close(self, code: int, reason: str = "") -> None:
        await self._telephone.close(code == CALL_OVER)


def _message(event: SessionEvent) -> FromTelephone | None:
    """None: the line is lost."""
    match event:
        case Frame(ulaw):
            return Sound(ulaw)
        case Digit(key):
            return Key(key)
        case MarkReached(name):
            return Mark(name)
        case Closed("hangup", None):
            return HungUp()
        case Closed("hangup", outcome) if outcome is not None:
            return RingFailed(outcome)
    return None
