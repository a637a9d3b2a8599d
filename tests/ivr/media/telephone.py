"""A telephone without a wire: a `MediaSession` whose other end a test holds, on virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from audio import codec
from audio.speech import speak, voice_of
from flows.engine.actions import Segment
from ivr.media.session import Closed, Digit, Frame, MarkReached, SessionEvent

FRAME_SECONDS = codec.FRAME_MS / 1000


class Sounds:
    """Prompts that last a second per ten letters, at most `longest` frames; each is made in `seconds`, and begins with
    its own number, so that the telephone knows what it hears."""

    def __init__(self, longest: int = 10_000) -> None:
        self.texts: dict[int, str] = {}
        self.missing: set[str] = set()
        self.seconds = 0.0
        self._longest = longest

    async def ulaw(self, language: str, segment: Segment) -> bytes:
        await asyncio.sleep(self.seconds)
        if segment.text in self.missing:
            return b""
        number = len(self.texts)
        self.texts[number] = segment.text
        frames = min(max(1, 5 * len(segment.text)), self._longest)
        return number.to_bytes(4).ljust(frames * codec.ULAW_FRAME, codec.ULAW_SILENCE[:1])

    def text(self, ulaw: bytes) -> str:
        """The words of a prompt; empty for sound that is none: a beep, somebody's voice."""
        return self.texts.get(int.from_bytes(ulaw[:4]), "")


@dataclass(slots=True)
class _Sound:
    text: str
    begins: float
    ends: float
    marks: list[str]


class Telephone:
    """Plays its queue in time, as a carrier does. `said` holds every prompt that began to be heard; `log` what was done
    to it, with the time."""

    carrier_goes_on = False

    def __init__(self, sounds: Sounds, loses_marks: bool = False) -> None:
        self._sounds = sounds
        self._loses_marks = loses_marks
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[SessionEvent] = asyncio.Queue()
        self._queue: list[_Sound] = []
        self._timers: list[asyncio.TimerHandle] = []
        self._speech: list[bytes] = []
        self.background = codec.ULAW_SILENCE
        self._news = asyncio.Condition()
        self.said: list[str] = []
        self.heard_out: list[str] = []
        self.log: list[tuple[str, float]] = []
        self.closed = False
        self.over = True
        self.heard_sound: list[tuple[float, bytes]] = []
        self._seen = {id(self.said): 0, id(self.heard_out): 0}

    # --- what the conductor does

    async def events(self) -> AsyncIterator[SessionEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Closed):
                return

    async def play(self, ulaw: bytes) -> None:
        assert len(ulaw) % codec.ULAW_FRAME == 0
        now = self._loop.time()
        begins = max([now, *(sound.ends for sound in self._queue)])
        text = self._sounds.text(ulaw)
        if not text:
            self.heard_sound.append((begins, ulaw))
        sound = _Sound(text, begins, begins + len(ulaw) / codec.RATE, [])
        self._queue.append(sound)
        self._timers.append(self._loop.call_later(begins - now, self._begins, sound))
        self._timers.append(self._loop.call_later(sound.ends - now, self._ends, sound))

    def since(self, moment: float) -> bytes:
        """The sound that was no prompt and was heard from a moment on, in the order it came."""
        return b"".join(sound for at, sound in self.heard_sound if at >= moment)

    async def mark(self, name: str) -> None:
        if self._queue:
            self._queue[-1].marks.append(name)
        else:
            self._reach([name])

    async def clear(self) -> None:
        self.log.append(("clear", self._loop.time()))
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for sound in self._queue:
            self._reach(sound.marks)
        self._queue.clear()
        now = self._loop.time()
        self.heard_sound = [(at, sound) for at, sound in self.heard_sound if at <= now]

    async def close(self, over: bool = True) -> None:
        self.log.append(("close", self._loop.time()))
        self.over = over
        self.closed = True

    # --- what the person does

    async def hears(self, text: str) -> None:
        """Wait until a prompt with this text begins."""
        await self._until(self.said, text)

    async def heard(self, text: str) -> None:
        """Wait until a prompt with this text has been heard to its end."""
        await self._until(self.heard_out, text)

    @property
    def quiet(self) -> bool:
        """Nothing is being played."""
        return not self._queue

    @property
    def queued(self) -> int:
        """Pieces of sound that are not heard to their end."""
        return len(self._queue)

    def press(self, keys: str) -> None:
        for key in keys:
            self._events.put_nowait(Digit(key))

    def say(self, text: str, language: str = "ko", times: int = 1) -> float:
        """Speak from now on. Returns how many seconds it takes."""
        sound = codec.pcm_to_ulaw(speak(text, voice_of(language)) * times)
        return self.make_noise(sound)

    def make_noise(self, ulaw: bytes) -> float:
        self._speech.extend(codec.frames(ulaw, codec.ULAW_FRAME, codec.ULAW_SILENCE[:1]))
        return len(ulaw) / codec.RATE

    def hang_up(self) -> None:
        self._events.put_nowait(Closed("hangup"))

    def fail(self, outcome: Any) -> None:
        """A telephone that was rung and not answered."""
        self._events.put_nowait(Closed("hangup", outcome))

    def lose(self) -> None:
        self._events.put_nowait(Closed("lost"))

    async def line(self) -> None:
        """The line: a frame every 20 ms, speech if somebody speaks, silence otherwise. Runs until cancelled."""
        while True:
            self._events.put_nowait(Frame(self._speech.pop(0) if self._speech else self.background))
            await asyncio.sleep(FRAME_SECONDS)

    # --- the carrier between them

    def _begins(self, sound: _Sound) -> None:
        if sound.text:
            self._tell(self.said, sound.text)

    def _ends(self, sound: _Sound) -> None:
        self._queue.remove(sound)
        self._reach(sound.marks)
        if sound.text:
            self._tell(self.heard_out, sound.text)

    def _reach(self, marks: list[str]) -> None:
        if not self._loses_marks:
            for name in marks:
                self._events.put_nowait(MarkReached(name))

    def _tell(self, where: list[str], text: str) -> None:
        where.append(text)
        self._loop.create_task(self._notify())

    async def _notify(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _until(self, where: list[str], text: str) -> None:
        """Wait for the next prompt with this text, behind the last one that was waited for."""
        async with self._news:
            while True:
                begin = self._seen[id(where)]
                for index in range(begin, len(where)):
                    if text in where[index]:
                        self._seen[id(where)] = index + 1
                        return
                await self._news.wait()


@contextlib.asynccontextmanager
async def on_line(telephone: Telephone) -> AsyncIterator[None]:
    """Frames flow while in the block."""
    line = asyncio.create_task(telephone.line())
    try:
        yield
    finally:
        line.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await line
