"""One caller over a real websocket, as Twilio connects one: frames on an absolute 20 ms clock, marks when heard."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from audio import codec

FRAME_SECONDS = codec.FRAME_MS / 1000
SETTLED_SECONDS = 0.3
"""So long after the last sound a person takes it that the question is over."""


class StreamCaller:
    """Speaks Twilio's side of a Media Stream. `first_sound_at` is when sound came for the first time since `forget`."""

    def __init__(self, socket: ClientConnection, call_sid: str) -> None:
        self.socket = socket
        self._loop = asyncio.get_running_loop()
        self._sid = f"MZ{call_sid}"
        self._call_sid = call_sid
        self._numbers = itertools.count(1)
        self._voice: deque[bytes] = deque()
        self._voice_over = asyncio.Event()
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._plays_until = 0.0
        self._sound = asyncio.Event()
        self.first_sound_at: float | None = None
        self.frames_sent = 0
        self.sound_bytes = 0
        self.clears = 0
        self.close_code: int | None = None
        self.over = asyncio.Event()

    async def start(self, parameters: Mapping[str, str]) -> None:
        await self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "accountSid": "AC00000000000000000000000000000000",
            "streamSid": self._sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(parameters),
        }
        await self.send({"event": "start", "start": start})

    async def stop(self) -> None:
        """The call is over."""
        await self.send({"event": "stop", "stop": {"callSid": self._call_sid}})

    async def press(self, keys: str) -> None:
        for key in keys:
            await self.send({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": key}})

    async def say(self, ulaw: bytes) -> float:
        """Speak, and return the time at which the last frame of it was sent. What comes back from now on is new."""
        self.forget()
        self._voice_over.clear()
        self._voice.extend(codec.frames(ulaw, codec.ULAW_FRAME, codec.ULAW_SILENCE[:1]))
        await self._voice_over.wait()
        return self._loop.time()

    def forget(self) -> None:
        """Only what is heard from now on counts."""
        self.first_sound_at = None
        self._sound.clear()

    async def hears_out(self) -> bool:
        """Wait until something has been said and is over; False if the call ended before."""
        while not self.over.is_set():
            left = self._plays_until + SETTLED_SECONDS - self._loop.time()
            if self._sound.is_set() and left <= 0:
                return True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left if self._sound.is_set() else None):
                    await (self.over if self._sound.is_set() else self._sound).wait()
        return False

    async def wait_for_sound(self, seconds: float) -> float | None:
        """The time at which sound came for the first time since `forget`; None after so many seconds without any."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._sound.wait()
        return self.first_sound_at

    async def line(self) -> None:
        """Frames, one every 20 ms, for as long as the connection lasts."""
        due = self._loop.time()
        try:
            while True:
                frame = self._voice.popleft() if self._voice else codec.ULAW_SILENCE
                await self.send_frame(frame)
                if not self._voice:
                    self._voice_over.set()
                due += FRAME_SECONDS
                await asyncio.sleep(max(0.0, due - self._loop.time()))
        except ConnectionClosed:
            self._voice_over.set()

    async def listen(self) -> None:
        """Take what comes until the connection is closed."""
        try:
            async for text in self.socket:
                message: dict[str, Any] = orjson.loads(text)
                if message["event"] == "media":
                    self._hear(base64.b64decode(message["media"]["payload"]))
                elif message["event"] == "mark":
                    self._mark(message["mark"]["name"])
                elif message["event"] == "clear":
                    self._clear()
        except ConnectionClosed as error:
            self.close_code = error.rcvd.code if error.rcvd is not None else None
        finally:
            self.over.set()
            self._sound.set()

    async def send_frame(self, frame: bytes) -> None:
        number = self.frames_sent
        media = {
            "track": "inbound",
            "chunk": str(number + 1),
            "timestamp": str(number * codec.FRAME_MS),
            "payload": base64.b64encode(frame).decode(),
        }
        await self.send({"event": "media", "media": media})
        self.frames_sent += 1

    async def send(self, message: Mapping[str, Any]) -> None:
        number = str(next(self._numbers))
        await self.socket.send(orjson.dumps({**message, "sequenceNumber": number, "streamSid": self._sid}).decode())

    def _hear(self, ulaw: bytes) -> None:
        now = self._loop.time()
        if self.first_sound_at is None:
            self.first_sound_at = now
        self._sound.set()
        self.sound_bytes += len(ulaw)
        self._plays_until = max(self._plays_until, now) + len(ulaw) / codec.RATE

    def _mark(self, name: str) -> None:
        self._marks[name] = self._loop.call_at(self._plays_until, self._reach, name)

    def _clear(self) -> None:
        self.clears += 1
        self._plays_until = self._loop.time()
        for name, timer in list(self._marks.items()):
            timer.cancel()
            self._reach(name)

    def _reach(self, name: str) -> None:
        del self._marks[name]
        task = self._loop.create_task(self._send_mark(name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_mark(self, name: str) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.send({"event": "mark", "mark": {"name": name}})


@asynccontextmanager
async def on_call(
    address: str, signature: str, call_id: str, call_sid: str, talks: bool = True
) -> AsyncIterator[StreamCaller]:
    """Connect as Twilio would, for the call `call_id`; in the block frames flow, unless the caller never `talks`."""
    headers = {"X-Twilio-Signature": signature}
    async with connect(address, additional_headers=headers, compression=None, max_size=2**20) as socket:
        caller = StreamCaller(socket, call_sid)
        await caller.start({"call": call_id})
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
