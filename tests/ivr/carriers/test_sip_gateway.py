"""The gateway between a telephone and the media process: who is let in, who is rung, and what the database is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select
from websockets.asyncio.server import ServerConnection, serve

from audio.codec import ULAW_FRAME
from core.clock import SimulatedClock
from core.database import Database, UnitOfWork
from core.errors import UserError
from core.installation import free_bind
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.carriers.inbound import InboundPlan, take_call
from ivr.carriers.sip import gateway as gateways
from ivr.carriers.sip.gateway import Gateway, GatewayPlan
from ivr.carriers.sip.line import takes_calls
from ivr.carriers.sip.model import LegState, SipLeg
from ivr.carriers.sip.orders import SIP, claim_orders, order_call
from ivr.carriers.sip.stack import Answered, CallEvent, Ended, Ringing, StackStalled
from ivr.lines.protocol import CALL_OVER
from ivr.media.doors.server import MediaServer
from tests.ivr.carriers.conftest import CALL_SID, Hotline
from tests.ivr.world import NUMBER, open_call

HERE = "sip@here:1"
T = TypeVar("T")


@dataclass
class Telephone:
    """What the stack knows of a telephone that rings us, or that we ring. `says`: what it does when it is rung, each
    after so many seconds."""

    ref: str = "known@phone"
    says: tuple[tuple[float, CallEvent], ...] = ()
    caller: str = f"sip:{NUMBER}@127.0.0.1"
    asserted: str = ""
    dialed: str = ""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    refused: bool = False
    ended: bool = False

    def __post_init__(self) -> None:
        self.events: asyncio.Queue[CallEvent] = asyncio.Queue()

    def rung(self) -> None:
        for seconds, event in self.says:
            asyncio.get_running_loop().call_later(seconds, self.events.put_nowait, event)

    async def talks(self) -> None:
        """Wait until its sound flows."""
        async with asyncio.timeout(5):
            await self.heard.wait()

    def hangs_up(self) -> None:
        self.ended = True
        self.events.put_nowait(Ended(""))

    async def answer(self) -> None:
        self.answered.set()
        self.events.put_nowait(Answered())

    async def refuse(self) -> None:
        self.refused = not self.answered.is_set() and not self.over.is_set()
        self.over.set()

    async def hang_up(self) -> None:
        self.over.set()

    def read(self) -> bytes:
        self.heard.set()
        return b""

    def write(self, pcm: bytes) -> None:
        pass

    def buffered(self) -> int:
        return 0

    def flush(self) -> None:
        pass


@dataclass
class Stack:
    """Dials what it is told to, and rings this telephone; without one nobody knows what became of it."""

    telephone: Telephone | None = None
    dialed: int = 0

    async def dial(self, uri: str, shown: str) -> Telephone:
        self.dialed += 1
        if self.telephone is None:
            raise StackStalled("CommandTimeout")
        self.telephone.rung()
        return self.telephone


@dataclass
class Media:
    """A media process that says a word to whoever comes, and keeps what it is told."""

    bind: str
    told: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        host, _, port = self.bind.rpartition(":")
        async with serve(self._talk, host, int(port)):
            yield

    async def _talk(self, websocket: ServerConnection) -> None:
        await websocket.recv()
        await websocket.send(bytes(ULAW_FRAME))
        async for message in websocket:
            if isinstance(message, str):
                self.told.append(message)
            if self.told and "hangup" in self.told[-1]:
                await websocket.close(CALL_OVER)


@dataclass
class Desk:
    """One gateway with all that is around it."""

    database: Database
    calls: Calls
    gateway: Gateway
    stack: Stack
    media: Media

    def order(self, ring_seconds: int = 20) -> UUID:
        call_id = open_call(self.database, self.calls, carrier=SIP)
        with self.database.unit() as uow:
            order_call(uow, call_id, NUMBER, ring_seconds)
        return call_id

    def call(self, call_id: UUID | None = None) -> Call | None:
        """That call, or the only one."""
        with self.database.unit() as uow:
            chosen = select(Call) if call_id is None else select(Call).where(Call.id == call_id)
            return uow.session.scalars(chosen).one_or_none()

    async def ended(self, call_id: UUID | None = None) -> tuple[CallState, FailureReason | None, str | None]:
        call = await until(lambda: (call := self.call(call_id)) and call.ended_at and call)
        return CallState(call.state), call.failure_reason and FailureReason(call.failure_reason), call.raw_code

    async def idle(self) -> None:
        await until(lambda: self.gateway.calls == 0)


async def begun(gateway: Gateway) -> None:
    """Until its look for orders has begun to ask the database, which may be over in no time."""
    while gateway.room:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def until(found: Callable[[], T | None], seconds: float = 5.0) -> T:
    """What `found` gives once it is something: another thread makes it so."""
    async with asyncio.timeout(seconds):
        while not (value := found()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return value


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


@pytest.fixture
def desk(database: Database, calls: Calls, hotline: Hotline, executor: ThreadPoolExecutor) -> Callable[..., Any]:
    """`async with desk(most=1) as ours`: in the running loop."""

    @asynccontextmanager
    async def open(inbound: Any = hotline, trunk: str = "127.0.0.1:9", most: int = 5) -> AsyncIterator[Desk]:
        plan = GatewayPlan(HERE, free_bind(), trunk, "+842373850115", most)
        gateway, stack, media = Gateway(plan, database, calls, inbound, executor), Stack(), Media(plan.media_bind)
        gateway.use(stack)  # type: ignore[arg-type]
        gateway.media_up = True
        try:
            yield Desk(database, calls, gateway, stack, media)
        finally:
            await gateway.left(0)

    return open


# --- telephones that ring us


@pytest.mark.capability("N15", "I13")
def test_a_telephone_that_rings_us_is_picked_up_once_there_is_sound(desk: Callable[..., Any]) -> None:
    async def ring() -> None:
        async with desk() as ours:
            phone = Telephone()
            ours.gateway.incoming(phone)
            await until(lambda: ours.gateway.calls)
            assert not phone.answered.is_set()  # the media process is just starting again: it rings
            async with ours.media.up():
                await asyncio.wait_for(phone.answered.wait(), 5)
                phone.hangs_up()
                assert await ours.ended() == (CallState.COMPLETED, None, None)
                await ours.idle()

    asyncio.run(ring())


@pytest.mark.capability("N15")
def test_nobody_is_picked_up_to_hear_nothing(desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async def ring() -> None:
        async with desk() as ours:
            phone = Telephone()
            ours.gateway.incoming(phone)
            assert await ours.ended() == (CallState.FAILED, FailureReason.LOST, "no line")
            await ours.idle()
            assert phone.refused
            assert not phone.answered.is_set()

    monkeypatch.setattr(gateways, "LINE_SECONDS", 0.2)
    asyncio.run(ring())


def test_who_hangs_up_before_we_pick_up_was_never_answered(desk: Callable[..., Any]) -> None:
    async def ring() -> None:
        async with desk() as ours:
            phone = Telephone()
            ours.gateway.incoming(phone)
            await until(lambda: ours.gateway.calls)
            phone.hangs_up()
            assert await ours.ended() == (CallState.FAILED, FailureReason.CANCELED, None)
            assert not phone.answered.is_set()

    asyncio.run(ring())


@pytest.mark.capability("N15")
@pytest.mark.parametrize("failure", [UserError("no such script"), KeyError("a slip")], ids=["policy", "bug"])
def test_a_call_that_cannot_be_opened_is_refused_whatever_went_wrong(
    desk: Callable[..., Any], failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(uow: UnitOfWork, number: str, carrier: str, dialed: str = "") -> InboundPlan:
        raise failure

    async def ring() -> None:
        async with desk(broken) as ours:
            phone = Telephone()
            ours.gateway.incoming(phone)
            await asyncio.wait_for(phone.over.wait(), 5)
            assert phone.refused
            await ours.idle()
            assert ours.gateway.refused == 0  # there was room

    asyncio.run(ring())
    assert "event=call_broken" in caplog.text


def test_a_number_that_is_never_answered_is_refused_and_not_for_want_of_room(desk: Callable[..., Any]) -> None:
    def missed(uow: UnitOfWork, number: str, carrier: str, dialed: str = "") -> InboundPlan:
        return InboundPlan("", reject=True)

    async def ring() -> None:
        async with desk(missed) as ours:
            phone = Telephone()
            ours.gateway.incoming(phone)
            await asyncio.wait_for(phone.over.wait(), 5)
            assert (phone.refused, ours.gateway.refused) == (True, 0)

    asyncio.run(ring())


@pytest.mark.capability("N6")
def test_a_telephone_that_calls_itself_by_the_name_of_another_call_harms_nobody(
    desk: Callable[..., Any], database: Database, calls: Calls, hotline: Hotline
) -> None:
    """Telephones choose their Call-IDs: one is a call of Twilio's, the other the id of a telephone that we ring."""
    with database.unit() as uow:
        told = {"carrier": "twilio", "provider_ref": CALL_SID, "number": NUMBER, "answer": lambda call: b"<Response/>"}
        take_call(uow, calls, hotline, **told)

    async def ring() -> None:
        async with desk() as ours, ours.media.up():
            for ref in (CALL_SID, str(ours.order())):
                phone = Telephone(ref)
                ours.gateway.incoming(phone)
                await asyncio.wait_for(phone.answered.wait(), 5)
                phone.hangs_up()
                await ours.idle()

    asyncio.run(ring())
    with database.unit() as uow:
        assert take_call(uow, calls, hotline, **told) == b"<Response/>"


def test_only_a_trunk_is_believed_who_calls(desk: Callable[..., Any], hotline: Hotline) -> None:
    async def ring(trunk: str) -> None:
        async with desk(trunk=trunk) as ours:
            phone = Telephone(f"by {trunk}", asserted="<sip:+84900000000@127.0.0.1>")
            ours.gateway.incoming(phone)
            await until(lambda: ours.gateway.calls)
            phone.hangs_up()
            await ours.idle()

    for trunk in ("", "trunk.example.vn"):
        asyncio.run(ring(trunk))
    assert [number for number, _ in hotline.asked] == [NUMBER, "+84900000000"]


# --- telephones that we ring


@pytest.mark.capability("I1", "I12")
def test_a_trunk_that_says_nothing_is_the_providers_failure_and_not_a_person_who_does_not_answer(
    desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dial() -> None:
        async with desk() as ours:
            ours.stack.telephone = Telephone()
            call_id = ours.order(ring_seconds=1)
            await ours.gateway.look()
            assert await ours.ended(call_id) == (CallState.FAILED, FailureReason.PROVIDER_ERROR, "no ringing")

    monkeypatch.setattr(gateways, "RINGS_WITHIN", 0.1)
    asyncio.run(dial())


@pytest.mark.capability("I6")
def test_a_telephone_rings_for_its_time_however_late_it_begins(desk: Callable[..., Any]) -> None:
    async def dial(*says: tuple[float, CallEvent]) -> tuple[Any, ...]:
        async with desk() as ours, ours.media.up():
            ours.stack.telephone = phone = Telephone(says=says)
            call_id = ours.order(ring_seconds=1)
            await ours.gateway.look()
            if says[-1][1] == Answered():
                await until(lambda: ours.call(call_id).answered_at)
                phone.hangs_up()
            return await ours.ended(call_id)

    late = (0.6, Ringing())
    assert asyncio.run(dial(late, (1.3, Answered()))) == (CallState.COMPLETED, None, None)
    assert asyncio.run(dial(late, (1.3, Ringing()))) == (CallState.FAILED, FailureReason.NO_ANSWER, "ring time over")


@pytest.mark.capability("N12", "I11")
def test_when_nobody_knows_whether_a_telephone_rings_its_call_is_lost(desk: Callable[..., Any]) -> None:
    async def dial() -> None:
        async with desk() as ours:
            call_id = ours.order()
            await ours.gateway.look()
            assert await ours.ended(call_id) == (CallState.FAILED, FailureReason.LOST, "stack stalled")

    asyncio.run(dial())


def test_while_the_media_process_takes_no_calls_nobody_is_rung(desk: Callable[..., Any]) -> None:
    async def dial() -> None:
        async with desk() as ours:
            ours.gateway.media_up = False
            ours.order()
            await ours.gateway.look()
            assert (ours.stack.dialed, ours.gateway.room) == (0, 0)
            ours.gateway.media_up = True
            await ours.gateway.look()
            await until(lambda: ours.stack.dialed)

    asyncio.run(dial())


async def test_a_media_process_that_is_full_or_away_takes_no_calls() -> None:
    server = MediaServer((), max_calls=1)
    async with server.listening("127.0.0.1", 0) as listening:
        (bind,) = (f"127.0.0.1:{one.getsockname()[1]}" for one in listening.sockets)
        assert await takes_calls(bind)
        server.streams = 1
        assert not await takes_calls(bind)
    assert not await takes_calls(bind)


@pytest.mark.capability("N15")
def test_an_order_and_a_caller_who_want_the_last_place_get_it_one_after_the_other(desk: Callable[..., Any]) -> None:
    async def race() -> None:
        async with desk(most=1) as ours, ours.media.up():
            ours.stack.telephone = rung = Telephone(says=((0.0, Ringing()),))
            ours.order()
            looking = asyncio.create_task(ours.gateway.look())
            await begun(ours.gateway)
            phone = Telephone()
            ours.gateway.incoming(phone)
            await looking
            await until(lambda: ours.stack.dialed)
            assert ours.gateway.calls == 1
            await asyncio.wait_for(phone.over.wait(), 5)
            assert (phone.refused, ours.gateway.refused) == (True, 1)
            rung.hangs_up()
            await ours.idle()
            assert ours.gateway.room == 1

    asyncio.run(race())


# --- what gets lost between us and the database


@pytest.mark.capability("I11", "N12")
def test_what_a_gateway_holds_by_the_table_and_knows_nothing_of_is_lost_and_not_rung(
    desk: Callable[..., Any], clock: SimulatedClock
) -> None:
    async def look() -> None:
        async with desk() as ours:
            ours.stack.telephone = Telephone(says=((0.0, Ringing()),))
            known = ours.order()
            await ours.gateway.look()
            claimed = ours.order()
            with ours.database.unit() as uow:
                assert claim_orders(uow, HERE, 1)  # its answer never came
            clock.advance(timedelta(seconds=2))
            await ours.gateway.look()
            assert await ours.ended(claimed) == (CallState.FAILED, FailureReason.LOST, "gateway forgot it")
            assert ours.call(known).ended_at is None
            assert ours.stack.dialed == 1

    asyncio.run(look())


@pytest.mark.capability("N12")
def test_an_order_that_is_claimed_while_the_gateway_is_told_to_end_is_not_forgotten(desk: Callable[..., Any]) -> None:
    async def end() -> None:
        async with desk() as ours:
            ours.stack.telephone = Telephone(says=((0.0, Ringing()),))
            call_id = ours.order()
            looking = asyncio.create_task(ours.gateway.look())
            await begun(ours.gateway)
            looking.cancel()
            ours.gateway.accept_no_more()
            await ours.gateway.left(0)
            assert await ours.ended(call_id) == (CallState.FAILED, FailureReason.LOST, "gateway ended")
            with ours.database.unit() as uow:
                assert uow.session.scalar(select(SipLeg.state)) == LegState.ENDED

    asyncio.run(end())


@pytest.mark.capability("I11", "I12")
def test_who_is_cut_off_by_a_gateway_that_ends_has_not_hung_up(desk: Callable[..., Any]) -> None:
    async def end() -> None:
        async with desk() as ours, ours.media.up():
            phone = Telephone()
            ours.gateway.incoming(phone)
            await phone.talks()
            await ours.gateway.left(0)
            assert await ours.ended() == (CallState.FAILED, FailureReason.LOST, "gateway ended")
            assert phone.over.is_set()
            assert ours.media.told == []

    asyncio.run(end())


@pytest.mark.capability("I11")
def test_a_call_whose_media_process_never_comes_back_is_hung_up(
    desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose() -> None:
        async with desk() as ours:
            phone = Telephone()
            async with ours.media.up():
                ours.gateway.incoming(phone)
                await phone.talks()
            assert await ours.ended() == (CallState.FAILED, FailureReason.LOST, "line lost")
            await ours.idle()
            assert phone.over.is_set()

    monkeypatch.setattr("ivr.carriers.sip.line.RETURN_SECONDS", 0.3)
    asyncio.run(lose())
