"""Live sound in the suite: the conductor on the database, a telephone on virtual time, a recogniser that hears what the
person said. The wire below it (websocket, codec, signatures) has its own tests in `tests/ivr/media`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from audio.decision import Decision
from audio.prompts import PromptStore
from core.database import UnitOfWork
from core.settings import Settings
from flows.engine.actions import Bridge, Listen, Record
from flows.engine.answers.base import tidy
from flows.runner import SILENCE, Transcript
from ivr.calls.model import CallState
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.carriers.twilio_rest import STREAMS
from ivr.media.bridging.switchboard import Switchboard
from ivr.media.conductor import Conductor
from ivr.media.conversation import Offers
from ivr.media.digits import Stragglers
from ivr.media.recording import BEEP_SECONDS
from ivr.media.session import MediaSession
from ivr.media.turns import DatabaseTurns, Next
from ivr.messages.store import keep
from tests.conformance.golden import Desk, Golden
from tests.ivr.media.bridging import NotedLines
from tests.ivr.media.scripted import FakeRecogniser, heard
from tests.ivr.media.telephone import Sounds, Telephone, on_line
from tests.ivr.media.virtual_time import run

T = TypeVar("T")

_KEYS = re.compile(r"[0-9*]*#?")
_LONGEST_PROMPT = 10
"""Frames: nobody has to wait for prompts that nobody hears."""
_RECOGNISED_SECONDS = Stragglers.QUESTION_SECONDS + 0.1
"""How long a person listens before they know the question. Keys pressed sooner are none to it: nobody types ahead."""


class Streams:
    """Keys and voices."""

    name = STREAMS
    speech: tuple[str, ...] = ("vi", "en", "ko")

    def __init__(self, settings: Settings, prompts: PromptStore) -> None:
        """Neither is needed: no address is signed and no sound is made."""

    def cannot(self, golden: Golden, expected: Transcript) -> str:
        if "failed" in golden.answers or "busy" in golden.answers:
            return "a room for a doctor neither fails nor is busy"
        return ""

    def hold(self, desk: Desk, golden: Golden) -> tuple[UUID, list[str]]:
        calls = desk.calls()
        call_id = desk.open(calls, self.name)
        with desk.database.unit() as uow:
            who: Any = golden.answered_by
            calls.apply_status(uow, call_id, StatusReport(CallState.IN_PROGRESS, uow.now(), answered_by=who))
        return call_id, run(_talk(desk, calls, call_id, iter(golden.answers), self.wire))

    def wire(self, telephone: Telephone) -> MediaSession:
        """What the conductor has of the telephone."""
        return telephone


class _Turns(DatabaseTurns):
    """Turns on the database in the loop's own thread, which virtual time needs. `taken` tells the person of each."""

    def __init__(self, desk: Desk, calls: Calls) -> None:
        def kept(uow: UnitOfWork, call_id: UUID, turn: int, ulaw: bytes) -> str:
            return keep(uow, call_id=call_id, turn=turn, ulaw=ulaw)

        super().__init__(desk.database, calls, None, kept)  # type: ignore[arg-type]
        self.taken: asyncio.Queue[Next] = asyncio.Queue()

    async def _in_thread(self, work: Callable[[UnitOfWork, bool], T]) -> T:
        found = self._transaction(work, again=False)
        assert isinstance(found, Next)
        self.taken.put_nowait(found)
        return found


async def _talk(
    desk: Desk, calls: Calls, call_id: UUID, answers: Iterator[str], wire: Callable[[Telephone], MediaSession]
) -> list[str]:
    sounds, recogniser = Sounds(_LONGEST_PROMPT), FakeRecogniser()
    telephone, turns, switchboard = Telephone(sounds), _Turns(desk, calls), Switchboard()
    offers = Offers(records=True, bridging=(switchboard, NotedLines()))
    waiting: set[str] = set()
    doctor = _Doctor(switchboard, waiting, answers)
    person = asyncio.create_task(_answer(telephone, turns, recogniser, answers, doctor))
    async with on_line(telephone):
        await Conductor(turns, sounds, recogniser, offers).conduct(wire(telephone), call_id)
    person.cancel()
    await asyncio.gather(person, return_exceptions=True)
    if not person.cancelled():
        person.result()
    # What is said to those who wait is said as often as they wait, and stands in no transcript.
    return [text for text in telephone.said if text not in waiting]


class _Doctor:
    """Whoever the call is connected with: comes and says goodbye, or never comes, as the answer says."""

    def __init__(self, switchboard: Switchboard, waiting: set[str], answers: Iterator[str]) -> None:
        self._switchboard = switchboard
        self._waiting = waiting
        self._answers = answers

    async def meet(self, caller: Telephone, bridge: Bridge) -> None:
        if bridge.waiting is not None:
            self._waiting.update(segment.text for segment in bridge.waiting.segments)
        answer = next(self._answers, None)
        if answer is None:
            caller.hang_up()
        elif answer == "answered":
            telephone = Telephone(Sounds())
            stay = asyncio.create_task(self._switchboard.join(bridge.target, UUID(int=1), telephone))
            await asyncio.sleep(10)
            telephone.hang_up()
            await stay


async def _answer(
    telephone: Telephone, turns: _Turns, recogniser: FakeRecogniser, answers: Iterator[str], doctor: _Doctor
) -> None:
    """Hear each question out, then answer it, until nothing is left to say; then hang up."""
    while True:
        actions = (await turns.taken.get()).actions
        if actions and isinstance(actions[-1], Bridge):
            await doctor.meet(telephone, actions[-1])
            continue
        if not actions or not isinstance(actions[-1], Listen | Record):
            continue
        await asyncio.sleep(_RECOGNISED_SECONDS)
        while not telephone.quiet:  # noqa: ASYNC110  (virtual time: waiting costs nothing)
            await asyncio.sleep(0.1)
        answer = next(answers, None)
        if answer is None:
            telephone.hang_up()
            return
        if isinstance(actions[-1], Record):
            if answer != SILENCE:
                await asyncio.sleep(BEEP_SECONDS + telephone.say("네 있습니다"))
                telephone.press(actions[-1].finish)
        elif _KEYS.fullmatch(answer):
            telephone.press(answer)
        elif answer != SILENCE:
            _speak(telephone, recogniser, actions[-1], answer)


def _speak(telephone: Telephone, recogniser: FakeRecogniser, listen: Listen, answer: str) -> None:
    if listen.grammar is None:
        return  # nobody listens
    words = tidy(answer.removeprefix("?"))
    decision: Decision = "read_back" if answer.startswith("?") else "accept"
    recogniser.answers.append(heard(words, decision if words in listen.grammar.phrases else "reject"))
    telephone.say("네 있습니다")
