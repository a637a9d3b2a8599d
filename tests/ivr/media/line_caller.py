"""One caller on a line over a real websocket, as a browser or the SIP gateway connects one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ivr.lines.protocol import (
    Caption,
    Clear,
    FromTelephone,
    HungUp,
    Key,
    Mark,
    Sound,
    Start,
    parse_to_telephone,
    render,
)
from ivr.media.bench.caller import StreamCaller


class LineCaller(StreamCaller):
    """A person on a line. `captions` are what could be read along, `ears` what was heard, and when it came."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(socket, "")
        self.captions: list[Caption] = []
        self.ears: list[tuple[float, bytes]] = []

    async def tell(self, message: FromTelephone) -> None:
        await self.socket.send(render(message))

    async def press(self, keys: str) -> None:
        for key in keys:
            await self.tell(Key(key))

    async def stop(self) -> None:
        await self.tell(HungUp())

    async def send_frame(self, frame: bytes) -> None:
        await self.tell(Sound(frame))
        self.frames_sent += 1

    async def listen(self) -> None:
        try:
            async for text in self.socket:
                match parse_to_telephone(text):
                    case Sound(ulaw):
                        self.ears.append((self._loop.time(), ulaw))
                        self._hear(ulaw)
                    case Mark(name):
                        self._mark(name)
                    case Clear():
                        self._clear()
                    case Caption() as caption:
                        self.captions.append(caption)
        except ConnectionClosed:
            pass  # how it was closed, `close_code` tells
        finally:
            self.close_code = self.socket.close_code
            self.over.set()
            self._sound.set()

    async def _send_mark(self, name: str) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.tell(Mark(name))


@asynccontextmanager
async def on_line(address: str, token: str, talks: bool = True, **headers: Any) -> AsyncIterator[LineCaller]:
    """Connect with a ticket; in the block frames flow, unless the caller never `talks`."""
    async with connect(address, additional_headers=headers, compression=None, max_size=2**20) as socket:
        caller = LineCaller(socket)
        await caller.tell(Start(token))
        tasks = [asyncio.create_task(caller.listen())]
        if talks:
            tasks.append(asyncio.create_task(caller.line()))
        try:
            yield caller
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended
