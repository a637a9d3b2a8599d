"""One language's template and workers: started, watched, replaced when they die.

A worker that dies is forked again from the template, which holds the model already. A template that dies is started
again, after longer and longer pauses; its workers go on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Literal

from audio.recogniser.link import WorkerLink
from audio.recogniser.wire import WireError

log = logging.getLogger(__name__)

State = Literal["loading", "ready", "failed", "closed"]

STOP_SECONDS = 3.0
MAX_CONTROL = 4096
CRASH_LOOP_SECONDS = 5.0
"""A worker that lives shorter than this is replaced only after a pause."""
WORKER_PAUSE = 1.0
TEMPLATE_PAUSES = (1.0, 5.0, 30.0, 300.0)


class Supervisor:
    """`launch` starts loading at once and needs no event loop; `run` does the rest until cancelled."""

    def __init__(self, language: str, model: Path, wanted: int) -> None:
        self.language = language
        self.model = model
        self.wanted = wanted
        self.workers: list[WorkerLink] = []
        self.state: State = "loading"
        self.last_error = ""
        self.crashes = 0
        self.cost = 0.0
        self.certain = True
        self.settled = asyncio.Event()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._connecting: deque[socket.socket] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """The model's name, for people: a package keeps its model in a folder that is only called `model`."""
        return self.model.name if self.model.name != "model" else self.model.parent.name

    def launch(self) -> None:
        """Start the template process, which loads the model. Raises OSError when the machine has no room for it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "audio.recogniser.template", str(theirs.fileno())]
            command += [self.language, str(self.model)]
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
                )
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        self._control = ours
        self.state = "loading"

    async def run(self) -> None:
        """Follow the template, start it again when it dies."""
        deaths = 0
        while True:
            started = time.monotonic()
            self.last_error = await self._live()
            deaths = 0 if time.monotonic() - started > TEMPLATE_PAUSES[-1] else deaths
            self.state = "failed"
            log.error("event=recogniser_template_died language=%s reason=%s", self.language, self.last_error)
            self.settled.set()
            await asyncio.sleep(TEMPLATE_PAUSES[min(deaths, len(TEMPLATE_PAUSES) - 1)])
            deaths += 1

    async def _live(self) -> str:
        """One life of the template. Returns what it died of."""
        try:
            if self._control is None:
                self.launch()
        except OSError as error:
            return f"the model's process could not be started: {error.strerror}"
        await self._follow()
        return f"the model's process ended with status {await self._end_template()}"

    async def close(self) -> None:
        """End the workers and the template, and wait until they are gone."""
        self.state = "closed"
        self.settled.set()
        for link in tuple(self.workers):
            link.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._end_template()

    def kill(self, pid: int) -> None:
        """End a worker that hangs; its replacement follows. Its connection is open, so the number is still its own."""
        log.error("event=recogniser_worker_hung language=%s pid=%s", self.language, pid)
        with contextlib.suppress(ProcessLookupError):  # the template has just reaped it
            os.kill(pid, signal.SIGKILL)

    async def _follow(self) -> None:
        assert self._control is not None
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await loop.sock_recv(self._control, MAX_CONTROL)
            except ConnectionError:
                return
            if not data:
                return
            await self._told(json.loads(data))

    async def _told(self, message: dict[str, Any]) -> None:
        if message["op"] == "ready":
            log.info("event=recogniser_ready language=%s model=%s cost=%.3f", self.language, self.name, message["cost"])
            self.state = "ready"
            self.cost = message["cost"]
            self.certain = message["certain"]
            if not self.certain:
                log.warning("event=no_second_opinion language=%s model=%s", self.language, self.name)
            for _ in range(self.wanted - len(self.workers)):
                self._ask_worker()
        elif message["op"] == "forked":
            await self._connect(self._connecting.popleft(), message["pid"])
            self.settled.set()
        elif message["op"] == "ended" and message["status"] != 0:
            self.last_error = f"a worker ended with status {message['status']}"

    def _ask_worker(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            assert self._control is not None
            try:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            except OSError as error:
                ours.close()  # the template has just died; the next one is asked when it is ready
                log.warning("event=recogniser_template_gone language=%s reason=%s", self.language, error.strerror)
            else:
                self._connecting.append(ours)

    async def _connect(self, connection: socket.socket, pid: int) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        link = WorkerLink(reader, writer, pid, self.kill, self.cost)
        self.workers.append(link)
        self._spawn(self._watch(link))

    async def _watch(self, link: WorkerLink) -> None:
        """Follow a worker to its end, then have it replaced."""
        started = time.monotonic()
        reason = "died"
        try:
            await link.follow()
        except WireError as error:
            reason = f"sent nonsense: {error}"
        finally:
            self.workers.remove(link)
        if self.state == "closed":
            return
        self.crashes += 1
        self.last_error = f"worker {link.pid} {reason}"
        log.error("event=recogniser_worker_died language=%s pid=%s", self.language, link.pid)
        if time.monotonic() - started < CRASH_LOOP_SECONDS and self.crashes > 1:
            await asyncio.sleep(WORKER_PAUSE)
        if self.state == "ready" and len(self.workers) + len(self._connecting) < self.wanted:
            self._ask_worker()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.last_error = str(error)
            log.error("event=recogniser_worker_lost language=%s", self.language, exc_info=error)

    async def _end_template(self) -> int | None:
        """Let go of the template and wait for it; kill it if it stays."""
        if self._control is not None:
            self._control.close()
            self._control = None
        while self._connecting:
            self._connecting.popleft().close()
        if self._process is None:
            return None
        process, self._process = self._process, None
        try:
            return await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return await asyncio.to_thread(process.wait)
