"""One telephone and its line, joined: sound and keys both ways, for as long as both sides want it."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Coroutine
from typing import Any, Literal

from audio.codec import FRAME_MS, pcm_to_ulaw, ulaw_to_pcm
from ivr.carriers.sip.comfort import comfort_noise
from ivr.carriers.sip.downlink import Downlink
from ivr.carriers.sip.inband import InbandKeys
from ivr.carriers.sip.line import Line, LineEnd
from ivr.carriers.sip.stack import Answered, CallEvent, Ended, Pressed, Ringing, SipCall
from ivr.carriers.sip.uplink import Uplink
from ivr.lines.protocol import Clear, Key, Mark, Sound, ToTelephone
from ivr.lines.tickets import Ticket

log = logging.getLogger(__name__)

AHEAD = 3
"""Frames that the telephone holds before they are due (60 ms), so that a busy moment of ours makes no hole."""
BEHIND_SECONDS = 0.2
"""A clock that is further behind than this (the machine stood still) begins anew instead of running after."""
_TICK = FRAME_MS / 1000
_COMFORT = comfort_noise()

TalkEnd = Literal["person", "over", "lost", "asked", "left"]
"""Who ended it: the person; the media process; nobody, its line is lost for good; `stop`; `leave`."""
Connected = Literal["up", "gone", "lost"]
"""`gone`: the telephone rings no more, or the leg was ended. `lost`: the media process does not take the line."""


class Leg:
    """`bind` is where the media process listens. From outside it is ended, at any time, by `stop`, as if the person had
    hung up, or by `leave`, when it is the gateway that goes."""

    def __init__(self, call: SipCall, bind: str, ticket: Ticket) -> None:
        self._call = call
        self._line = Line(bind, ticket, self._take)
        self._uplink = Uplink()
        self._downlink = Downlink()
        self._inband = InbandKeys()
        self._tells_keys = False
        self._comfort = itertools.cycle(_COMFORT)
        self._marks: list[str] = []
        self._stop = asyncio.Event()
        self._keeping: asyncio.Task[LineEnd] | None = None
        self.left = False

    def stop(self) -> None:
        self._stop.set()

    def leave(self) -> None:
        self.left = True
        self._stop.set()

    async def connect(self, seconds: float) -> Connected:
        """Have the line taken before the telephone is picked up, so that nobody hears silence. What is said meanwhile
        waits."""
        try:
            async with asyncio.timeout(seconds):
                end = await _first(self._line.let_in.wait(), self._keep(), self._call.events.get(), self._stop.wait())
        except TimeoutError:
            return "lost"
        if self._call.ended or self._stop.is_set():
            return "gone"
        return "up" if self._line.let_in.is_set() else "lost" if end == "lost" else "gone"

    async def disconnect(self) -> None:
        """Let the line go, if there is one."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def next_event(self) -> CallEvent | None:
        """What the telephone does next, before it talks; None when `stop` was called."""
        event = await _first(self._call.events.get(), self._stop.wait())
        return event if isinstance(event, Ringing | Answered | Pressed | Ended) else None

    async def talk(self) -> TalkEnd:
        """Carry the call until either side ends it. Hanging up is the caller's."""
        try:
            ending: TalkEnd = await _first(self._clock(), self._watch(), self._keep(), self._told_to_stop())
        finally:
            await self.disconnect()
        log.info("event=talk_ended why=%s late_frames=%s", ending, self._uplink.dropped)
        return ending

    async def _keep(self) -> LineEnd:
        """The line to its end, however often this is cancelled: it is connected once."""
        if self._keeping is None:
            self._keeping = asyncio.ensure_future(self._line.keep())
        return await asyncio.shield(self._keeping)

    async def _told_to_stop(self) -> TalkEnd:
        await self._stop.wait()
        if self.left:  # the person has not hung up: the call may be made again, and go on where it was
            return "left"
        await self._line.hang_up()
        return "asked"

    async def _watch(self) -> TalkEnd:
        """Keys, and the end of the call."""
        while True:
            event = await self._call.events.get()
            if isinstance(event, Ended):
                await self._line.hang_up()
                return "person"
            if isinstance(event, Pressed):
                # A telephone that tells its keys may play them as tones too: they would count twice.
                self._tells_keys = True
                await self._line.send(Key(event.key))

    async def _clock(self) -> TalkEnd:
        """Every 20 ms a frame goes up, and what is due goes down. Never ends by itself."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += _TICK
            if loop.time() - due > BEHIND_SECONDS:
                due = loop.time()
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._hand_down()
            while self._marks:
                await self._line.send(Mark(self._marks.pop(0)))
            await self._pass_up()

    async def _pass_up(self) -> None:
        self._uplink.heard(self._call.read())
        frame = self._uplink.frame()
        if not self._tells_keys:
            for key in self._inband.hear(frame):
                await self._line.send(Key(key))
        await self._line.send(Sound(pcm_to_ulaw(frame)))

    def _hand_down(self) -> None:
        """Keep the telephone a little ahead, and note which marks it has passed."""
        held = self._call.buffered()
        if held is None:  # no sound now, as while it is moved: what is due is not heard, and time goes on
            self._downlink.take()
            held = 0
        else:
            while held < AHEAD and (frame := self._due()) is not None:
                self._call.write(frame)
                held += 1
        self._marks += self._downlink.reached(held)

    def _due(self) -> bytes | None:
        if not self._line.up:  # what was queued belongs to a question that will be asked again
            self._downlink.clear()
            return next(self._comfort)
        ulaw = self._downlink.take()
        return None if ulaw is None else ulaw_to_pcm(ulaw)

    def _take(self, message: ToTelephone) -> None:
        """What the media process sends."""
        match message:
            case Sound(ulaw):
                self._downlink.sound(ulaw)
            case Mark(name):
                self._downlink.mark(name)
            case Clear():
                self._marks += self._downlink.clear()
                self._call.flush()


async def _first(*works: Coroutine[Any, Any, Any]) -> Any:
    """What the first of these gives; the others are ended."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
