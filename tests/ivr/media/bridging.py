"""Two telephones and a switchboard, on virtual time: what one says, the other hears."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from audio import codec
from flows.engine.script import Script
from ivr.media.bridging.switchboard import Switchboard
from ivr.media.bridging.waiting import Stay
from ivr.media.conductor import Conductor
from ivr.media.conversation import Offers
from ivr.media.turns import TurnsUnavailable
from tests.ivr.media.scripted import CALL, FakeRecogniser, ScriptTurns
from tests.ivr.media.telephone import Sounds, Telephone, on_line
from tests.ivr.media.virtual_time import run

DOCTOR = UUID(int=1)
COLLEAGUE = UUID(int=2)


def tone(hertz: float, seconds: float = 1.0) -> bytes:
    """A tone in µ-law."""
    time = np.arange(round(seconds * codec.RATE)) / codec.RATE
    return codec.pcm_to_ulaw((8000 * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes())


def loudness(ulaw: bytes, hertz: float) -> float:
    """How much of a frequency there is in the sound, 0 to 1 of a full tone of `tone`."""
    samples = np.frombuffer(codec.ulaw_to_pcm(ulaw), dtype="<i2").astype(float)
    if not len(samples):
        return 0.0
    time = np.arange(len(samples)) / codec.RATE
    return float(2 * abs(np.mean(samples * np.exp(-2j * np.pi * hertz * time))) / 8000)


class NotedLines:
    """What would be written into the database."""

    def __init__(self, rings: bool = True) -> None:
        self.rings = rings
        self.waiting: dict[UUID, str] = {}
        self.talking: list[UUID] = []
        self.ordered: list[tuple[str, float]] = []
        self.left: list[str] = []
        self.away = 0
        """How many times more the database does not answer to what is noted beside a talk."""

    async def waits(self, call_id: UUID, room: str) -> Stay:
        stay = Stay(uuid4(), call_id, room)
        self.waiting[stay.id] = room
        return stay

    async def talks(self, stay: Stay) -> None:
        self._answer()
        self.talking.append(stay.id)

    async def leaves(self, stay: Stay) -> None:
        self._answer()
        self.waiting.pop(stay.id, None)
        self.left.append(stay.room)

    async def order(self, call_id: UUID, number: str, ring_seconds: float) -> Stay | None:
        if not self.rings:
            return None
        self.ordered.append((number, ring_seconds))
        return await self.waits(call_id, "leg:1")

    def _answer(self) -> None:
        if self.away:
            self.away -= 1
            raise TurnsUnavailable("OperationalError")


@dataclass
class Scene:
    """A caller in a script, and a switchboard that others may join."""

    script: Script
    sounds: Sounds = field(default_factory=Sounds)
    lines: NotedLines = field(default_factory=NotedLines)
    records: bool = False

    def __post_init__(self) -> None:
        self.switchboard = Switchboard()
        self.turns = ScriptTurns(self.script, "ko")
        self.caller = Telephone(self.sounds)
        self.conductor = Conductor(
            self.turns, self.sounds, FakeRecogniser(), Offers(self.records, bridging=(self.switchboard, self.lines))
        )
        self.tasks: list[asyncio.Task[Any]] = []

    def call(self) -> asyncio.Task[str]:
        return self._start(self.conductor.conduct(self.caller, CALL))

    def guest(self, room: str = "queue:1", user: UUID | None = DOCTOR) -> Guest:
        telephone = Telephone(self.sounds)
        return Guest(telephone, self._start(self.switchboard.join(room, user, telephone)))

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.append(task)
        return task


@dataclass
class Guest:
    telephone: Telephone
    stay: asyncio.Task[None]


def played(script: Script, scene: Callable[[Scene], Awaitable[None]], **options: Any) -> Scene:
    """Let a scene happen; afterwards no room is left and nobody is in one."""

    async def happen() -> Scene:
        made = Scene(script, **options)
        await scene(made)
        async with asyncio.timeout(600):
            await asyncio.gather(*made.tasks)
        assert made.switchboard.rooms == 0
        return made

    return run(happen())


__all__ = ["COLLEAGUE", "DOCTOR", "Guest", "Scene", "loudness", "on_line", "played", "tone"]
