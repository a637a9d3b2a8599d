"""The media process's end of one worker: messages out without waiting, replies matched to whoever asked.

When the worker is gone, everybody who waits for it gets None at once: speech has failed, and the call goes on by keys.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from audio.recogniser import wire
from audio.recogniser.load import Load

MAX_BACKLOG = 512 * 1024
"""Bytes not yet taken by the worker (half a minute of sound) beyond which it gets no new question and no sound."""
TIMEOUTS_BEFORE_KILL = 2

Reply = dict[str, Any]


class WorkerLink:
    """One worker. `sessions`: its open answers, and how many recognisers hear each; `alive` turns False once, for
    good."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pid: int,
        kill: Callable[[int], None],
        cost: float,
    ) -> None:
        self.pid = pid
        self.load = Load(cost)
        self.alive = True
        self.sessions: dict[int, int] = {}
        self._reader = reader
        self._writer = writer
        self._kill = kill
        self._numbers = itertools.count(1)
        self._waiting: dict[tuple[str, int], asyncio.Future[Reply | None]] = {}
        self._timeouts = 0

    @property
    def backlogged(self) -> bool:
        """Whether the worker is too far behind to be given more."""
        return self._writer.transport.get_write_buffer_size() > MAX_BACKLOG

    @property
    def has_room(self) -> bool:
        """Whether the worker can take one more answer and still be in time."""
        return self.alive and not self.backlogged and self.load.has_room(self.passes, time.monotonic())

    @property
    def has_time(self) -> bool:
        """Whether it can hear one more answer twice."""
        return self.load.has_time(self.passes, time.monotonic())

    @property
    def passes(self) -> int:
        """How many recognisers are listening: an answer heard twice counts twice."""
        return sum(self.sessions.values())

    @property
    def busy(self) -> float:
        """The share of its time that listening takes up."""
        return self.passes * self.load.cost

    def begin(self) -> int:
        """A number for a new session, heard once as long as the worker does not say otherwise."""
        number = next(self._numbers)
        self.sessions[number] = 1
        return number

    def send(self, header: dict[str, Any], body: bytes = b"") -> bool:
        """Hand over a message; False if the worker is gone, or too far behind to be given more sound. What ends a
        session is always handed over, or the worker would keep it for ever."""
        # A dead worker's connection is closed before `follow` is told; uvloop raises when one writes to it.
        if not self.alive or self._writer.is_closing() or (body and self.backlogged):
            return False
        self._writer.write(wire.encode(header, body))
        return True

    def expect(self, operation: str, number: int) -> asyncio.Future[Reply | None]:
        """The reply to come; None if the worker dies first."""
        future: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        if self.alive:
            self._waiting[operation, number] = future
            self.load.asked(operation, number, time.monotonic())
        else:
            future.set_result(None)
        return future

    def forget(self, number: int) -> None:
        """Nobody waits for this session any more."""
        self.sessions.pop(number, None)
        self.load.forget(number)
        for operation in ("opened", "result"):
            self._waiting.pop((operation, number), None)

    def timed_out(self) -> None:
        """A reply did not come in time. A worker that stays silent twice running hangs, and is ended, once."""
        self._timeouts += 1
        if self._timeouts == TIMEOUTS_BEFORE_KILL and self.alive:
            self._kill(self.pid)

    async def follow(self) -> None:
        """Deliver replies until the worker is gone. Raises WireError if it talks nonsense."""
        try:
            while (message := await wire.read(self._reader)) is not None:
                reply, _ = message
                self._timeouts = 0
                self.load.answered(reply["op"], reply["id"], time.monotonic())
                if reply["op"] == "opened" and reply["id"] in self.sessions:
                    self.sessions[reply["id"]] = reply["passes"]
                if reply.get("words") is not None:
                    self.load.worked(reply["spent"], reply["sound"])
                future = self._waiting.pop((reply["op"], reply["id"]), None)
                if future is not None and not future.done():
                    future.set_result(reply)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the worker, which ends when it notices."""
        self.alive = False
        self.sessions.clear()
        self._writer.transport.abort()  # not close: a worker that hangs would never take what is still to be sent
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
