"""Calls on virtual time: the real engine and conductor, a telephone and a recogniser whose other ends a test holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from audio.codec import RATE
from audio.decision import Decision, Hypothesis
from audio.recogniser.listening import Heard
from flows.engine.advance import advance, start_state
from flows.engine.events import CallEnded, CallStarted, Event, VoiceMessage
from flows.engine.script import Script
from ivr.calls.log import Aside
from ivr.media.conductor import Conductor
from ivr.media.conversation import Offers
from ivr.media.turns import Next, Recorded, Spoken, TurnsUnavailable
from tests.ivr.media.telephone import Sounds, Telephone, on_line
from tests.ivr.media.virtual_time import run

CALL = UUID(int=7)
TURN_SECONDS = 0.03


class ScriptTurns:
    """Turns without a database: the engine's state in memory. Each takes as long as a transaction does."""

    def __init__(self, script: Script, language: str) -> None:
        self._script = script
        self.state = start_state(script, language, {"speech": list(script.languages)})
        self.events: list[Event] = []
        self.asides: list[Aside] = []
        self.messages: list[bytes] = []
        self.said: list[dict[int, bytes]] = []
        self.turn = 0
        self.seconds = TURN_SECONDS
        self.unavailable = False
        self.forgetful = False
        self.heard = False

    def at(self) -> str:
        return f"2026-11-23T03:00:{asyncio.get_running_loop().time():09.6f}+00:00"

    async def begin(self, call_id: UUID) -> Next:
        return replace(await self.take(call_id, 0, CallStarted(self.at(), "human")), heard=self.heard)

    async def remark(self, call_id: UUID, asides: Sequence[Aside]) -> None:
        if self.forgetful:
            raise TurnsUnavailable("OperationalError")
        self.asides += asides

    async def take(
        self, call_id: UUID, turn: int, event: Event | Recorded | Spoken, asides: Sequence[Aside] = ()
    ) -> Next:
        assert (call_id, turn) == (CALL, self.turn)
        await asyncio.sleep(self.seconds)
        if self.unavailable:
            raise TurnsUnavailable("OperationalError")
        if isinstance(event, Spoken):
            self.said.append(dict(event.said))
            event = event.event
        if isinstance(event, Recorded):
            self.messages.append(event.ulaw)
            event = VoiceMessage(self.at(), f"message-{len(self.messages)}", len(event.ulaw) / RATE)
        self.events.append(event)
        self.asides += asides
        step = advance(self._script, self.state, event)
        self.state = step.state
        self.turn += 1
        over = isinstance(event, CallEnded) or step.state.status == "ended"
        return Next(step.actions, self.turn, over=over)


@dataclass
class FakeRecogniser:
    """Hears what it is told to. `answers` are used up one per utterance; None stands for a recogniser that died."""

    answers: list[Heard | None] = field(default_factory=list)
    seconds: float = 0.05
    free: bool = True
    fed: list[int] = field(default_factory=list)
    cancelled: int = 0
    refused: int = 0

    def listen(
        self, language: str, phrases: tuple[str, ...], certain: bool = False, spare: bool = False
    ) -> FakeHearing | None:
        assert phrases
        return FakeHearing(self) if self.free else None

    def refuse(self, language: str) -> None:
        self.refused += 1


class FakeHearing:
    def __init__(self, recogniser: FakeRecogniser) -> None:
        self._recogniser = recogniser
        self._bytes = 0

    def feed(self, pcm: bytes) -> None:
        self._bytes += len(pcm)

    async def finish(self) -> Heard | None:
        await asyncio.sleep(self._recogniser.seconds)
        self._recogniser.fed.append(self._bytes)
        return self._recogniser.answers.pop(0)

    def cancel(self) -> None:
        self._recogniser.cancelled += 1


def heard(text: str, decision: Decision = "accept") -> Heard:
    return Heard((Hypothesis(text, 0.99),), decision, 0.4)


@dataclass
class Scene:
    """One call being tried out."""

    telephone: Telephone
    turns: ScriptTurns
    recogniser: FakeRecogniser
    sounds: Sounds
    why: str = ""

    @property
    def answers(self) -> dict[str, Any]:
        return {name: answer.value for name, answer in self.turns.state.answers.items()}

    @property
    def events(self) -> list[Event]:
        return self.turns.events


Person = Callable[[Scene], Awaitable[None]]


def call(
    script: Script,
    person: Person,
    *,
    language: str = "ko",
    recogniser: FakeRecogniser | None = None,
    with_recogniser: bool = True,
    loses_marks: bool = False,
    line: bool = True,
    offers: Offers | None = None,
) -> Scene:
    """Make a call in which `person` behaves as told. Returns how it went."""

    async def scene() -> Scene:
        sounds = Sounds()
        telephone = Telephone(sounds, loses_marks)
        made = Scene(telephone, ScriptTurns(script, language), recogniser or FakeRecogniser(), sounds)
        conductor = Conductor(made.turns, sounds, made.recogniser if with_recogniser else None, offers)
        behaving = asyncio.create_task(_behave(person, made))
        async with on_line(telephone) if line else _Nothing():
            made.why = await conductor.conduct(telephone, CALL)
        assert conductor.calls == 0
        behaving.cancel()
        await asyncio.gather(behaving, return_exceptions=True)
        if not behaving.cancelled():
            behaving.result()
        return made

    return run(scene())


async def _behave(person: Person, scene: Scene) -> None:
    await person(scene)


class _Nothing:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...
