"""The conductor's way to the calls: turns as transactions in threads, retried when the database is briefly away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar
from uuid import UUID

import orjson
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from audio.codec import RATE
from core.database import Database, UnitOfWork
from flows.engine.actions import Action, Bridge, action_to_json
from flows.engine.events import CallEnded, CallStarted, Event, NothingHeard, VoiceMessage
from flows.engine.state import state_from_json
from ivr.calls.log import Aside
from ivr.calls.model import Call
from ivr.calls.provenance import turn_of
from ivr.calls.service import Calls
from ivr.calls.status import known_answerer
from ivr.calls.store import lock, reply_of
from ivr.calls.turn import StaleTurn, UnknownCall
from ivr.media.bridging.presence import has_begun

log = logging.getLogger(__name__)

PAUSES = (0.2, 0.8, 2.0)
"""Seconds between tries while the database does not answer: a caller waits that long without hanging up."""

_OURS = b"["
"""How replies of `render` begin. A webhook's reply is XML."""

T = TypeVar("T")


class TurnsUnavailable(Exception):
    """The database did not answer. Nothing is known to have been saved, and trying again is harmless."""


@dataclass(frozen=True, slots=True)
class Next:
    """What the telephone is to do, and the number of the turn that its outcome will be. `over`: nothing is expected
    any more. `elsewhere`: somebody else goes on with this call (its webhooks), so this session is to be left. `heard`:
    the call is on its way to somebody, and has heard on another line what is said before."""

    actions: tuple[Action, ...] = ()
    turn: int = 0
    over: bool = False
    elsewhere: bool = False
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """A voice message that has just been taken and is nowhere yet. It is kept in the transaction of its turn: the
    message and what follows from it are both there, or neither is."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class Spoken:
    """An event, and what was said lately, in µ-law by the turn it was said in. Sound whose answer becomes final in the
    turn of this event is kept with it; of anything else nothing is."""

    event: Event
    said: Mapping[int, bytes]


Keep = Callable[[UnitOfWork, UUID, int, bytes], str]
"""`keep(uow, call_id, turn, ulaw)`: store a voice message; gives its recording id."""

KeepAnswer = Callable[[UnitOfWork, UUID, int, bytes], object]
"""The same for the sound of a spoken answer. Harmless to repeat."""


class Turns(Protocol):
    """How a conductor takes turns. Raises `TurnsUnavailable`."""

    async def begin(self, call_id: UUID) -> Next:
        """Start the call, or go on where it stands: the current question again."""

    async def take(
        self, call_id: UUID, turn: int, event: Event | Recorded | Spoken, asides: Sequence[Aside] = ()
    ) -> Next:
        """Take a turn. Harmless to repeat. `asides` are what happened on the line before the event."""

    async def remark(self, call_id: UUID, asides: Sequence[Aside]) -> None:
        """Keep asides that no turn takes along any more."""

    def at(self) -> str:
        """The time, for events."""


class DatabaseTurns:
    """Turns of `ivr.calls` on the database. `executor` has no more threads than the database has connections; `keep`
    stores voice messages, `keep_answer` the sound of spoken answers."""

    def __init__(
        self,
        database: Database,
        calls: Calls,
        executor: Executor,
        keep: Keep | None = None,
        keep_answer: KeepAnswer | None = None,
    ) -> None:
        self._keep = keep
        self._keep_answer = keep_answer
        self._database = database
        self._calls = calls
        self._executor = executor

    def at(self) -> str:
        return self._database.clock.now().isoformat()

    async def begin(self, call_id: UUID) -> Next:
        return await self._in_thread(lambda uow, _: self._begin(uow, call_id))

    async def take(
        self, call_id: UUID, turn: int, event: Event | Recorded | Spoken, asides: Sequence[Aside] = ()
    ) -> Next:
        said = event.said if isinstance(event, Spoken) else {}
        plain = event.event if isinstance(event, Spoken) else event

        def work(uow: UnitOfWork, again: bool) -> Next:
            due = self._take(uow, call_id, turn, self._kept(uow, call_id, turn, plain), asides, again)
            if said and self._keep_answer is not None and not due.elsewhere:
                self._keep_said(uow, call_id, said, self._keep_answer)
            return due

        return await self._in_thread(work)

    async def remark(self, call_id: UUID, asides: Sequence[Aside]) -> None:
        await self._in_thread(lambda uow, _: self._calls.remark(uow, call_id, asides))

    def _begin(self, uow: UnitOfWork, call_id: UUID) -> Next:
        """A call that is already under way ignores `CallStarted` and answers with the question it waits for. The turn
        is used up all the same: whoever conducted the call before finds it taken, and leaves. The call is locked before
        its turn is read, so that nobody takes that turn in between."""
        call = lock(uow, call_id)
        if call is None:
            return Next(over=True)
        before = reply_of(uow, call_id, call.next_turn - 1)
        due = self._take(uow, call_id, call.next_turn, CallStarted(self.at(), known_answerer(call.answered_by)))
        last = due.actions[-1] if due.actions else None
        if not isinstance(last, Bridge):
            return due
        # Webhooks say all of it before they lend a call to us; on a line it was heard when the wait has begun.
        by_webhooks = before is not None and not before.startswith(_OURS)
        return replace(due, heard=by_webhooks or has_begun(uow, call_id, last.target))

    def _take(
        self,
        uow: UnitOfWork,
        call_id: UUID,
        turn: int,
        event: Event,
        asides: Sequence[Aside] = (),
        again: bool = False,
    ) -> Next:
        if isinstance(event, CallEnded):
            if not self._calls.end(uow, call_id, event.reason, asides=asides) and asides and not again:
                self._calls.remark(uow, call_id, asides)  # the carrier was faster to say that it is over
            return Next(over=True)
        taken = self._calls.take_turn(uow, call_id, turn, event, render, asides)
        if isinstance(taken, UnknownCall):
            return Next(over=True)
        if isinstance(taken, StaleTurn):
            return Next(over=taken.ended, elsewhere=not taken.ended)
        if taken.fresh:
            return Next(taken.actions, taken.next_turn, over=taken.ended)
        if taken.ended:
            return Next(over=True)
        # Taken before: by us, when we try `again` because the answer was lost on its way back; else by another session
        # or the call's webhooks, which go on with it.
        return self._begin(uow, call_id) if again and taken.reply.startswith(_OURS) else Next(elsewhere=True)

    def _kept(self, uow: UnitOfWork, call_id: UUID, turn: int, event: Event | Recorded) -> Event:
        """The event of a voice message. It is stored only if its turn is due: what nobody waits for leaves nothing."""
        if not isinstance(event, Recorded):
            return event
        call = lock(uow, call_id)
        if self._keep is None or call is None or call.ended_at is not None or call.next_turn != turn:
            return NothingHeard(self.at())
        recording = self._keep(uow, call_id, turn, event.ulaw)
        return VoiceMessage(self.at(), recording, round(len(event.ulaw) / RATE, 1))

    def _keep_said(self, uow: UnitOfWork, call_id: UUID, said: Mapping[int, bytes], keep: KeepAnswer) -> None:
        """Keep the sound of those answers that are final. Doing it again changes nothing."""
        call = lock(uow, call_id)
        if call is None:
            return
        state = state_from_json(call.script_state)
        ours = (each for each in state.answers.values() if each.source == "speech" and each.at >= state.started_at)
        spoken = {turn_of(call, state, each) for each in ours}
        for turn in spoken & said.keys():
            keep(uow, call_id, turn, said[turn])

    async def _in_thread(self, work: Callable[[UnitOfWork, bool], T]) -> T:
        """`work` is told whether it was tried before."""
        loop = asyncio.get_running_loop()
        for tried, pause in enumerate((*PAUSES, None)):
            try:
                return await loop.run_in_executor(self._executor, self._transaction, work, tried > 0)
            except (OperationalError, PoolTimeout) as error:
                if pause is None:
                    raise TurnsUnavailable(type(error).__name__) from error
                log.warning("event=turn_retried error=%s", type(error).__name__)
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    def _transaction(self, work: Callable[[UnitOfWork, bool], T], again: bool) -> T:
        with self._database.unit() as uow:
            return work(uow, again)


def render(_call: Call, actions: tuple[Action, ...], _next_turn: int) -> bytes:
    """The reply that is kept for a turn taken on live sound: its actions as JSON."""
    return orjson.dumps([action_to_json(action) for action in actions])
