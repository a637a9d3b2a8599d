"""A worker that falls behind is still told what to forget, and whoever waits for it in vain is not kept waiting."""

import asyncio
import contextlib
import socket
import subprocess

import pytest

from audio import codec
from audio.decision import Thresholds
from audio.recogniser import supervisor, wire
from audio.recogniser.link import WorkerLink
from audio.recogniser.listening import Listening
from audio.recogniser.supervisor import Supervisor

YES_NO = ["네", "아니요"]


class Stalled:
    """A worker that takes nothing until it is asked to; `killed` tells whether it was given up."""

    def __init__(self, link: WorkerLink, reader: asyncio.StreamReader, killed: list[int]) -> None:
        self.link = link
        self.killed = killed
        self._reader = reader

    def listen(self) -> Listening:
        return Listening(self.link, "ko", YES_NO, Thresholds())

    def overwhelm(self, listening: Listening) -> None:
        """Speak until the worker is too far behind to be given more."""
        while not listening.failed:
            listening.feed(bytes(2 * codec.RATE))

    async def catches_up(self, messages: int) -> list[tuple[str, int]]:
        """Take what was sent, without the sound."""
        found = []
        async with asyncio.timeout(5):
            while len(found) < messages:
                message = await wire.read(self._reader)
                assert message is not None
                if message[0]["op"] != "feed":
                    found.append((message[0]["op"], message[0]["id"]))
        return found


@contextlib.asynccontextmanager
async def stalled():
    ours, theirs = socket.socketpair()
    killed: list[int] = []
    link = WorkerLink(*await asyncio.open_unix_connection(sock=ours), 7, killed.append, 0.03)
    reader, writer = await asyncio.open_unix_connection(sock=theirs)
    try:
        yield Stalled(link, reader, killed)
    finally:
        link.close()
        writer.transport.abort()


@pytest.mark.capability("A3")
async def test_a_worker_that_fell_behind_keeps_no_answer_that_nobody_waits_for():
    async with stalled() as worker:
        speaking, by_keys = worker.listen(), worker.listen()
        worker.overwhelm(speaking)
        by_keys.cancel()
        assert await speaking.finish() is None
        assert await worker.catches_up(4) == [("open", 1), ("open", 2), ("cancel", 2), ("cancel", 1)]
        assert worker.link.sessions == {}


@pytest.mark.capability("A3")
async def test_the_end_of_an_answer_reaches_a_worker_that_fell_behind():
    async with stalled() as worker:
        speaking, other = worker.listen(), worker.listen()
        worker.overwhelm(speaking)
        finishing = asyncio.create_task(other.finish(timeout=5))
        assert await worker.catches_up(3) == [("open", 1), ("open", 2), ("finish", 2)]
        finishing.cancel()


@pytest.mark.capability("A3")
async def test_when_the_last_sound_cannot_be_handed_over_nobody_waits_and_no_worker_is_given_up():
    async with stalled() as worker:
        first, second = worker.listen(), worker.listen()
        second.feed(bytes(codec.PCM_FRAME))  # kept until there is more, or the end
        worker.overwhelm(first)
        for listening in (first, second):
            async with asyncio.timeout(0.5):
                assert await listening.finish() is None
        assert worker.killed == []


@pytest.mark.capability("A3")
async def test_a_worker_that_hangs_is_given_up_once_and_remembers_nobody_who_has_gone():
    async with stalled() as worker:
        for _ in range(4):
            assert await worker.listen().finish(timeout=0.01) is None
        assert worker.killed == [7]
        assert worker.link._waiting == {}


@pytest.mark.capability("A3")
def test_a_worker_that_has_just_died_can_be_given_up(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    Supervisor("ko", tmp_path, 1).kill(gone.pid)


@pytest.mark.capability("A3")
async def test_a_template_that_cannot_be_started_is_tried_again(monkeypatch, tmp_path, caplog):
    def no_memory(*_: object, **__: object) -> None:
        starts.append("")
        if len(starts) == 3:
            thrice.set()
        raise OSError(12, "Cannot allocate memory")

    starts: list[str] = []
    thrice = asyncio.Event()
    monkeypatch.setattr(supervisor, "TEMPLATE_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(supervisor.subprocess, "Popen", no_memory)
    language = Supervisor("ko", tmp_path, 1)
    running = asyncio.create_task(language.run())
    async with asyncio.timeout(5):
        await language.settled.wait()
        await thrice.wait()
    assert language.state == "failed"
    assert "Cannot allocate memory" in language.last_error
    assert "event=recogniser_template_died language=ko" in caplog.text
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
