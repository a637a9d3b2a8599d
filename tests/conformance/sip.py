"""A telephone on the SIP gateway in the suite: as `streams`, with the gateway's leg between the telephone and its line,
which is a queue here. The SIP stack, the websocket and real peers have their own tests in `tests/peers`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any
from uuid import UUID

from audio.codec import pcm_to_ulaw, ulaw_to_pcm
from ivr.carriers.sip.leg import Leg
from ivr.carriers.sip.line import LineEnd
from ivr.carriers.sip.orders import SIP
from ivr.carriers.sip.stack import CallEvent, Ended, Pressed
from ivr.lines.protocol import FromTelephone, HungUp, ToTelephone, parse_to_telephone, render
from ivr.lines.tickets import CallTicket
from ivr.media.doors.line_session import LineSession
from ivr.media.session import Closed, Digit, Frame, MediaSession
from tests.conformance.streams import Streams
from tests.ivr.media.telephone import Telephone


class Sip(Streams):
    name = SIP

    def wire(self, telephone: Telephone) -> MediaSession:
        handset: Any = _Handset(telephone)
        leg = Leg(handset, "127.0.0.1:0", CallTicket(UUID(int=0)))
        line = _Line(leg)
        self._talking = asyncio.create_task(_talk(leg, handset))
        return LineSession(line, "test")  # type: ignore[arg-type]


async def _talk(leg: Leg, handset: _Handset) -> None:
    hearing = asyncio.create_task(handset.hear())
    await leg.talk()
    hearing.cancel()


class _Line:
    """Both ends of a line: the leg's, and the websocket that the media process would have."""

    up = True

    def __init__(self, leg: Leg) -> None:
        leg._line = self  # type: ignore[assignment]
        self._take = leg._take
        self._sent: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._closed = asyncio.Event()

    # --- what the leg does

    async def keep(self) -> LineEnd:
        await self._closed.wait()
        return "over"

    async def send(self, message: FromTelephone | ToTelephone | str | bytes) -> None:
        """The leg sends messages; the media process, what travels."""
        if isinstance(message, str | bytes):
            self._take(parse_to_telephone(message))
        else:
            self._sent.put_nowait(render(message))

    async def hang_up(self) -> None:
        await self.send(HungUp())
        await self._closed.wait()

    # --- what the media process does

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            yield await self._sent.get()

    async def close(self, code: int, reason: str = "") -> None:
        self._closed.set()


class _Handset:
    """The SIP call, with the telephone at its other end."""

    def __init__(self, telephone: Telephone) -> None:
        self._telephone = telephone
        self._heard = bytearray()
        self.events: asyncio.Queue[CallEvent] = asyncio.Queue()

    async def hear(self) -> None:
        async for event in self._telephone.events():
            match event:
                case Frame(ulaw):
                    self._heard += ulaw_to_pcm(ulaw)
                case Digit(key):
                    self.events.put_nowait(Pressed(key))
                case Closed():
                    self.events.put_nowait(Ended(""))

    def read(self) -> bytes:
        heard = bytes(self._heard)
        self._heard.clear()
        return heard

    def write(self, pcm: bytes) -> None:
        _at_once(self._telephone.play(pcm_to_ulaw(pcm)))

    def buffered(self) -> int:
        return self._telephone.queued

    def flush(self) -> None:
        _at_once(self._telephone.clear())


def _at_once(work: Coroutine[Any, Any, None]) -> None:
    """Run what never waits."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("the telephone waits")
