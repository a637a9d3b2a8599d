"""The gateway's end of a line: the websocket to the media process, connected again when it breaks.

Source of the wire: `ivr.lines.protocol`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import closing
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from ivr.lines.protocol import (
    CALL_OVER,
    PATH,
    BadLineMessage,
    FromTelephone,
    HungUp,
    RingFailed,
    RingOutcome,
    Start,
    ToTelephone,
    parse_to_telephone,
    render,
)
from ivr.lines.tickets import Ticket, write_ticket

log = logging.getLogger(__name__)

RETURN_SECONDS = 20.0
"""How long a call is kept whose line is lost. The media process comes back within a few."""
PAUSE_SECONDS = 0.5
CONNECT_SECONDS = 5.0
PING_SECONDS = 5.0
HEALTH_PATH = "/health"
HEALTH_SECONDS = 2.0
GOODBYE_SECONDS = 3.0
"""How long the media process may take to file what was said before the person hung up."""

LineEnd = Literal["over", "lost"]
"""`over`: the media process says that the call is over. `lost`: nobody there, for `RETURN_SECONDS`."""


class Line:
    """One telephone's line. `bind` is where the media process listens; `take` gets what it sends."""

    def __init__(self, bind: str, ticket: Ticket, take: Callable[[ToTelephone], None]) -> None:
        self._address = f"ws://{':'.join(_reach(bind))}{PATH}"
        self._ticket = ticket
        self._take = take
        self._websocket: ClientConnection | None = None
        self.let_in = asyncio.Event()
        """The media process has taken this line once: something has come over it."""

    @property
    def up(self) -> bool:
        return self._websocket is not None

    async def keep(self) -> LineEnd:
        """Connect, and again after every loss, until the call is over or the line is lost for good."""
        loop = asyncio.get_running_loop()
        lost_at = loop.time()
        while loop.time() - lost_at < RETURN_SECONDS:
            try:
                heard, code = await self._connected()
            except (OSError, TimeoutError, InvalidHandshake, InvalidMessage) as error:
                log.info("event=line_not_connected error=%s", type(error).__name__)
            else:
                if code == CALL_OVER:
                    return "over"
                log.warning("event=line_lost code=%s", code)
                # A server that takes us and throws us out again has not come back.
                lost_at = loop.time() if heard else lost_at
            await asyncio.sleep(PAUSE_SECONDS)
        return "lost"

    async def send(self, message: FromTelephone) -> None:
        """Send what the telephone says; it is lost while the line is."""
        if self._websocket is None:
            return
        try:
            await self._websocket.send(render(message))
        except ConnectionClosed as error:
            log.debug("event=line_unsent why=%s", error)  # `keep` connects again

    async def hang_up(self) -> None:
        """Say that the person is gone, and wait until the media process has filed it."""
        websocket = self._websocket
        if websocket is None:
            return
        await self.send(HungUp())
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await websocket.wait_closed()
        except TimeoutError:
            await websocket.close()

    async def tell_unanswered(self, outcome: RingOutcome) -> None:
        """For a telephone that was rung for a room: it will not come, and why."""
        try:
            async with self._connecting() as websocket:
                await websocket.send(render(Start(write_ticket(self._ticket))))
                await websocket.send(render(RingFailed(outcome)))
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await websocket.wait_closed()
        except (OSError, TimeoutError, InvalidHandshake, InvalidMessage, ConnectionClosed) as error:
            log.warning("event=room_not_told error=%s", type(error).__name__)

    async def _connected(self) -> tuple[bool, int | None]:
        """One connection to its end: whether anything came over it, and the code of its close."""
        heard = False
        async with self._connecting() as websocket:
            try:
                await websocket.send(render(Start(write_ticket(self._ticket))))
                self._websocket = websocket
                async for message in websocket:
                    self._take(parse_to_telephone(message))
                    heard = True
                    self.let_in.set()
            except ConnectionClosed as error:
                log.debug("event=line_closed why=%s", error)
            except BadLineMessage as error:
                log.error("event=line_message_refused why=%s", error)
                return heard, None
            finally:
                self._websocket = None
        return heard, websocket.close_code

    def _connecting(self) -> connect:
        return connect(
            self._address,
            proxy=None,
            compression=None,
            open_timeout=CONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=1.0,
        )


async def takes_calls(bind: str) -> bool:
    """Whether the media process that listens there would take another line now."""
    host, port = _reach(bind)
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            reader, writer = await asyncio.open_connection(host, int(port))
            with closing(writer):
                writer.write(f"GET {HEALTH_PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return b" 200 " in await reader.readline()
    except (OSError, TimeoutError):
        return False


def _reach(bind: str) -> tuple[str, str]:
    """The host and port at which a process that listens there is reached from its own machine."""
    host, _, port = bind.rpartition(":")
    return "127.0.0.1" if host == "0.0.0.0" else host, port  # noqa: S104
