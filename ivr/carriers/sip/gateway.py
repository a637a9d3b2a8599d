"""The gateway: which telephones are let in, which orders are taken, and what the database is told of each."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import Database, UnitOfWork
from core.errors import Retryable
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.carriers.inbound import Inbound, take_call
from ivr.carriers.sip.admission import Admission
from ivr.carriers.sip.leg import Leg
from ivr.carriers.sip.line import Line
from ivr.carriers.sip.numbers import address_of, caller, number_in
from ivr.carriers.sip.orders import SIP, Order, claim_orders, enter_inbound, forgotten, report, unwanted
from ivr.carriers.sip.outcomes import (
    GATEWAY_ENDED,
    NO_RINGING,
    NOT_ANSWERED,
    NOT_DIALED,
    STALLED,
    UNWANTED,
    raw_code,
    reason_of,
    ring_outcome,
)
from ivr.carriers.sip.stack import Answered, Ended, Ringing, SipCall, SipStack, StackStalled
from ivr.carriers.sip.sweep import Sweep
from ivr.lines.tickets import CallTicket, RoomTicket

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
"""How long a telephone that rings us may take to open its sound once we have picked up."""
LINE_SECONDS = 10.0
"""How long a telephone that rings us may ring until the media process has its line."""
RINGS_WITHIN = 20.0
"""Seconds until a telephone that we ring must ring; abroad it may take ten. The trunk has failed that says nothing."""
PATIENCE_SECONDS = 2.0
"""How long a telephone may ring because others ring in the same second."""
PAUSES = (0.2, 1.0, 5.0)
"""Seconds between tries to tell the database; the last one again and again."""
GOODBYE_SECONDS = 5.0
"""How long it may take to leave the calls that are up when the process ends."""
LONGEST_REF = 255
LINE_LOST = "line lost"
NO_LINE = "no line"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """`name`: of its heartbeat. `media_bind`: where the media process listens. `trunk`: `host` or `host:port`, empty
    when calls only come in. `hotline`: the number that we show. `most`: calls at once, of which those that we make
    leave `kept_free` to people who ring us."""

    name: str
    media_bind: str
    trunk: str
    hotline: str
    most: int
    kept_free: int = 0


class Gateway:
    """Joins telephones to the media process. `refused` counts calls that it had no room for; while `media_up` is false
    it makes none."""

    def __init__(
        self, plan: GatewayPlan, database: Database, calls: Calls, inbound: Inbound, executor: Executor
    ) -> None:
        self._plan = plan
        self._database = database
        self._calls = calls
        self._inbound_plan = inbound
        self._executor = executor
        self._sweep = Sweep(database, calls)
        self._admission = Admission(plan.most, plan.kept_free)
        self._door = asyncio.Lock()
        self._stack: SipStack | None = None
        self._opening: set[str] = set()
        self._held: set[UUID] = set()
        self._legs: dict[UUID, Leg] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Future[None] | None = None
        self.refused = 0
        self.media_up = False

    @property
    def calls(self) -> int:
        """Calls that are up now."""
        return self._admission.up

    @property
    def full(self) -> bool:
        """Whoever rings us now is told that we are busy."""
        return self._admission.full

    @property
    def room(self) -> int:
        """How many more orders it would take now."""
        return self._admission.room if self.media_up else 0

    def use(self, stack: SipStack) -> None:
        """The stack that dials. It brings calls to `incoming`."""
        self._stack = stack

    def incoming(self, call: SipCall) -> None:
        """Somebody rings us."""
        self._run(self._let_in(call), counted=False)

    async def look(self) -> None:
        """Take the orders that there is room for, hang up whom nobody wants any more, and give up what was forgotten.
        Once begun it comes to its end, or orders would be claimed that nobody knows."""
        self._looking = asyncio.ensure_future(self._look())
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        places = self._admission.hold(loop.time()) if self.media_up else 0
        talking, held, opening = list(self._legs), set(self._held), set(self._opening)
        at = self._database.clock.now()
        orders: list[Order] = []

        def work(uow: UnitOfWork) -> tuple[list[Order], list[UUID], list[UUID]]:
            claimed = claim_orders(uow, self._plan.name, places) if places else []
            known = held | {order.id for order in claimed}
            return claimed, unwanted(uow, talking), forgotten(uow, self._plan.name, known, opening, at)

        try:
            orders, ending, lost = await self._in_thread(work)
        finally:
            self._admission.settle(places, len(orders), loop.time())
        for order in orders:
            self._held.add(order.id)
            self._run(self._ring(order), order.id)
        for leg_id in ending:
            if leg_id in self._legs:
                self._legs[leg_id].stop()
        if lost:
            await loop.run_in_executor(self._executor, self._sweep.end_forgotten, lost)

    def accept_no_more(self) -> None:
        self._admission.open = False

    async def left(self, seconds: float) -> None:
        """Wait until every call is over; after `seconds`, leave those that are not."""
        if self._looking is not None:
            await asyncio.gather(self._looking, return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for leg in self._legs.values():
            leg.leave()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GOODBYE_SECONDS)

    # --- a telephone that rings us

    async def _let_in(self, call: SipCall) -> None:
        """Answer when there is room. When too many ring in the same second, it rings a little longer."""
        loop = asyncio.get_running_loop()
        patience = loop.time() + PATIENCE_SECONDS
        async with self._door:  # whoever came first goes first
            while not self._admission.enter(loop.time()):
                if self._admission.full or loop.time() > patience:
                    self.refused += 1
                    log.warning("event=call_turned_away calls=%s", self.calls)
                    await call.refuse()
                    return
                await asyncio.sleep(PATIENCE_SECONDS / 40)
        self._run(self._answer(call))

    async def _answer(self, call: SipCall) -> None:
        ref = f"in:{call.ref}"  # telephones choose their Call-IDs; ours are never mistaken for one of them
        call_id = await self._opened(call, ref)
        if call_id is None:
            return
        leg = self._legs[call_id] = Leg(call, self._plan.media_bind, CallTicket(call_id))
        try:
            connected = await leg.connect(LINE_SECONDS)
            if connected == "up":
                await call.answer()
                if await self._picked_up(leg, ANSWER_SECONDS):
                    await self._talk(call_id, leg, ref)
                    return
            await call.refuse()
            why = GATEWAY_ENDED if leg.left else NO_LINE if connected == "lost" else None
            reason = FailureReason.LOST if why else FailureReason.CANCELED
            await self._tell(call_id, ref, CallState.FAILED, reason, why)
        finally:
            del self._legs[call_id]
            self._held.discard(call_id)
            await leg.disconnect()
            await call.hang_up()

    async def _opened(self, call: SipCall, ref: str) -> UUID | None:
        """Our call for theirs. None when nobody is to answer it, or it could not be opened: then it is refused."""
        call_id: UUID | None = None
        try:
            if call.ref and len(ref) <= LONGEST_REF and ref not in self._opening:
                self._opening.add(ref)
                try:
                    call_id = await self._in_thread(lambda uow: self._open(uow, call, ref))
                    if call_id is not None:
                        self._held.add(call_id)
                finally:
                    self._opening.discard(ref)
        except SQLAlchemyError as error:
            log.warning("event=call_not_opened error=%s", type(error).__name__)
        finally:  # whatever went wrong: a frightened person must not hear it ring on and on
            if call_id is None:
                await call.refuse()
        return call_id

    def _open(self, uow: UnitOfWork, call: SipCall, ref: str) -> UUID | None:
        """None for a number that is never answered, and for a Call-ID that we have had before: it is somebody else's,
        or long over."""
        opened: list[UUID] = []

        def enter(ours: Call) -> bytes:
            enter_inbound(uow, ours, self._plan.name)
            opened.append(ours.id)
            return b""

        take_call(
            uow,
            self._calls,
            self._inbound_plan,
            carrier=SIP,
            provider_ref=ref,
            number=caller(call.caller, call.asserted if self._plan.trunk else ""),
            answer=enter,
            dialed=number_in(call.dialed),
        )
        return opened[0] if opened else None

    # --- a telephone that we ring

    async def _ring(self, order: Order) -> None:
        ticket = RoomTicket(order.room) if order.room is not None else CallTicket(order.id)
        try:
            assert self._stack is not None
            if not self._plan.trunk:
                raise Retryable("Calls cannot go out by SIP: there is no trunk.", "Set TRACELINE_SIP_TRUNK.")
            call = await self._stack.dial(address_of(order.number, self._plan.trunk), self._plan.hotline)
        except Retryable as error:
            log.warning("event=not_dialed leg=%s why=%s", order.id, error.message)
            await self._unanswered(order, NOT_DIALED)
            return
        except StackStalled:
            await self._unanswered(order, STALLED)
            return
        leg = self._legs[order.id] = Leg(call, self._plan.media_bind, ticket)
        try:
            why = await self._until_answered(order, leg)
            if why is None:
                await self._talk(order.id, leg, str(order.id))
            else:
                await call.hang_up()
                await self._unanswered(order, why)
        finally:
            del self._legs[order.id]
            await call.hang_up()

    async def _until_answered(self, order: Order, leg: Leg) -> str | None:
        """None once somebody has answered; else why nobody did. A telephone rings for `ring_seconds` from its first
        ring; one that the trunk says nothing of does not count as a person who did not answer."""
        loop = asyncio.get_running_loop()
        rings = False
        try:
            async with asyncio.timeout(RINGS_WITHIN) as limit:
                while True:
                    match await leg.next_event():
                        case Answered():
                            return None
                        case Ringing():
                            if not rings:
                                limit.reschedule(loop.time() + order.ring_seconds)
                            rings = True
                            await self._tell(order.id, str(order.id), CallState.RINGING)
                        case Ended(reason):
                            return reason
                        case None:
                            return GATEWAY_ENDED if leg.left else UNWANTED
        except TimeoutError:
            return NOT_ANSWERED if rings else NO_RINGING

    async def _unanswered(self, order: Order, why: str) -> None:
        await self._tell(order.id, str(order.id), CallState.FAILED, reason_of(why), raw_code(why))
        if order.room is not None:
            await Line(self._plan.media_bind, RoomTicket(order.room), lambda _: None).tell_unanswered(ring_outcome(why))

    # --- both

    async def _picked_up(self, leg: Leg, seconds: float) -> bool:
        """Whether the telephone that we answer is there."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    match await leg.next_event():
                        case Answered():
                            return True
                        case Ended() | None:
                            return False
        except TimeoutError:
            return False

    async def _talk(self, leg_id: UUID, leg: Leg, ref: str) -> None:
        await self._tell(leg_id, ref, CallState.IN_PROGRESS)
        match await leg.talk():
            case "lost":
                await self._tell(leg_id, ref, CallState.FAILED, FailureReason.LOST, LINE_LOST)
            case "left":
                await self._tell(leg_id, ref, CallState.FAILED, FailureReason.LOST, GATEWAY_ENDED)
            case _:
                await self._tell(leg_id, ref, CallState.COMPLETED)

    async def _tell(
        self, leg_id: UUID, ref: str, state: CallState, reason: FailureReason | None = None, raw: str | None = None
    ) -> None:
        """Tell the database what became of a leg, however long it is away: nobody else knows."""

        def work(uow: UnitOfWork) -> None:
            report(uow, self._calls, leg_id, StatusReport(state, uow.now(), reason, raw, provider_ref=ref))

        for tried in itertools.count():
            try:
                return await self._in_thread(work)
            except (OperationalError, PoolTimeout) as error:
                log.warning("event=report_postponed leg=%s error=%s", leg_id, type(error).__name__)
                await asyncio.sleep(PAUSES[min(tried, len(PAUSES) - 1)])
        raise AssertionError("unreachable")

    async def _in_thread(self, work: Callable[[UnitOfWork], T]) -> T:
        def transaction() -> T:
            with self._database.unit() as uow:
                return work(uow)

        return await asyncio.get_running_loop().run_in_executor(self._executor, transaction)

    def _run(self, work: Coroutine[Any, Any, None], leg_id: UUID | None = None, counted: bool = True) -> None:
        """In a task of its own, for a leg. A `counted` one takes a place among the calls until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, leg_id, counted))

    def _ended(self, task: asyncio.Task[None], leg_id: UUID | None, counted: bool) -> None:
        self._tasks.discard(task)
        if leg_id is not None:
            self._held.discard(leg_id)
        if counted:
            self._admission.leave()
        if not task.cancelled() and task.exception() is not None:
            log.error("event=call_broken", exc_info=task.exception())
