"""A citizen and a doctor on real websockets: who hears whom, how late, and what is left when one of them is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from audio import codec
from core.clock import SimulatedClock
from core.database import Database
from core.heartbeats import beat
from core.ids import new_id
from flows.engine.events import CallStarted, DialEnded
from ivr.calls.turn import Turn
from ivr.carriers.twilio_rest import STREAMS, WEBHOOKS
from ivr.lines.tickets import CallTicket, RoomTicket, write_ticket
from ivr.media.bridging.model import WaitingLine
from ivr.media.bridging.presence import FRESH, LeavesRooms, on_line
from ivr.media.bridging.switchboard import Switchboard
from ivr.media.bridging.waiting import DatabaseLines, Legs
from ivr.media.conversation import Offers
from ivr.media.turns import DatabaseTurns
from tests.ivr.media.bridging import DOCTOR, loudness, tone
from tests.ivr.media.conftest import Exchange, left
from tests.ivr.media.line_caller import LineCaller
from tests.ivr.media.line_caller import on_line as connected

CALLER_HZ, DOCTOR_HZ = 600.0, 1000.0
PROCESS = "media@here:1"
ADDRESS = "wss://here/media"
ROOM = "queue:1"

Open = Callable[..., AbstractAsyncContextManager[Exchange]]


@pytest.fixture
def surgery(exchange: Open, database: Database, executor: ThreadPoolExecutor) -> Any:
    """`async with surgery()`: a media process with rooms. One that `dies` leaves them as they are."""

    @asynccontextmanager
    async def open_surgery(dies: bool = False) -> AsyncIterator[Exchange]:
        switchboard = Switchboard()
        lines = DatabaseLines(database, executor, ADDRESS, PROCESS)
        with database.unit() as uow:
            beat(uow, "media", PROCESS, {})
        offers = Offers(bridging=(switchboard, lines))
        async with exchange(join=switchboard.join, offers=offers, carriers=(STREAMS, WEBHOOKS)) as here:
            yield here
        assert dies or switchboard.rooms == 0

    return open_surgery


def line(here: Exchange) -> str:
    return here.address.replace("/twilio/stream", "/line")


def caller(here: Exchange) -> tuple[UUID, AbstractAsyncContextManager[LineCaller]]:
    call_id = here.open(script="doctor", carrier="browser", provider_ref=None)
    return call_id, connected(line(here), write_ticket(CallTicket(call_id)))


def doctor(here: Exchange) -> AbstractAsyncContextManager[LineCaller]:
    return connected(line(here), write_ticket(RoomTicket(ROOM, DOCTOR)))


async def waits(here: Exchange) -> None:
    """Until the console would show the caller on the line."""
    async with asyncio.timeout(20):
        while True:
            with here.database.unit() as uow:
                if on_line(uow, [ROOM]):
                    return
            await asyncio.sleep(0.05)


def heard_since(who: LineCaller, moment: float) -> bytes:
    return b"".join(sound for at, sound in who.ears if at >= moment)


async def talk(one: LineCaller, other: LineCaller) -> list[float]:
    """Both speak at once, each with a tone of their own, three times; returns how late the first of each tone came."""
    delays = []
    for _ in range(3):
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(one.say(tone(CALLER_HZ)), other.say(tone(DOCTOR_HZ)))
        await asyncio.sleep(0.4)
        for who, mine, theirs in ((one, CALLER_HZ, DOCTOR_HZ), (other, DOCTOR_HZ, CALLER_HZ)):
            assert loudness(heard_since(who, begun), theirs) > 0.3
            assert loudness(heard_since(who, begun), mine) < 0.02
            delays.append(next(at for at, sound in who.ears if at >= begun and loudness(sound, theirs) > 0.5) - begun)
    return delays


def outcomes(here: Exchange, call_id: UUID) -> list[str]:
    return [event.outcome for event in here.events(call_id) if isinstance(event, DialEnded)]


@pytest.mark.capability("H8")
async def test_each_hears_the_other_and_not_themselves_within_a_fifth_of_a_second(surgery: Open) -> None:
    async with surgery() as here:
        call_id, calling = caller(here)
        async with calling as citizen:
            await waits(here)
            async with doctor(here) as practitioner:
                await asyncio.sleep(0.3)
                delays = await talk(citizen, practitioner)
                await practitioner.stop()
            citizen.forget()
            await citizen.hears_out()
            await citizen.press("1")
            await citizen.over.wait()
        await left(here)
    assert sorted(delays)[len(delays) // 2] < 0.2, delays
    assert outcomes(here, call_id) == ["answered"]
    assert here.call(call_id).end_reason == "completed"


@pytest.mark.capability("H8")
async def test_a_caller_on_a_media_stream_and_a_doctor_at_a_browser(surgery: Open) -> None:
    async with surgery() as here:
        call_id = here.open(script="doctor")
        async with here.on_call(call_id) as citizen:
            await waits(here)
            async with doctor(here) as practitioner:
                begun = asyncio.get_running_loop().time()
                await citizen.say(tone(CALLER_HZ))
                await asyncio.sleep(0.4)
                assert loudness(heard_since(practitioner, begun), CALLER_HZ) > 0.3
                await citizen.stop()
                await practitioner.over.wait()
                assert practitioner.close_code == 1000
        await left(here)
    assert here.call(call_id).end_reason == "hangup"


@pytest.mark.capability("H8")
async def test_a_caller_on_webhooks_is_lent_to_the_media_process_for_the_talk(surgery: Open) -> None:
    async with surgery() as here:
        call_id = here.open("CA7", script="doctor", carrier=WEBHOOKS, context={"speech": []})
        with here.database.unit() as uow:  # what the webhook of the answered call does
            taken = here.calls.take_turn(uow, call_id, 0, CallStarted(uow.now().isoformat()), lambda *_: b"<Response/>")
            assert isinstance(taken, Turn)
        async with here.on_call(call_id, "CA7") as citizen:
            await waits(here)
            async with doctor(here) as practitioner:
                await asyncio.sleep(0.3)
                await practitioner.stop()
            citizen.forget()
            await citizen.hears_out()
            await citizen.press("2")
            await citizen.over.wait()
        await left(here)
    assert outcomes(here, call_id) == ["answered"]
    assert here.call(call_id).end_reason == "completed"


async def test_the_console_sees_who_is_on_the_line_and_where_and_nobody_once_they_left(
    surgery: Open, clock: SimulatedClock
) -> None:
    async with surgery() as here:
        _, calling = caller(here)
        async with calling as citizen:
            await waits(here)
            with here.database.unit() as uow:
                found = on_line(uow, [ROOM, "queue:2"])
                assert set(found) == {ROOM}
                assert (found[ROOM].address, found[ROOM].talks_since) == (ADDRESS, None)
            async with doctor(here):
                await asyncio.sleep(0.3)
                with here.database.unit() as uow:
                    assert on_line(uow, [ROOM])[ROOM].talks_since is not None
                clock.advance(FRESH * 2)  # the process shows no sign of life
                with here.database.unit() as uow:
                    assert on_line(uow, [ROOM]) == {}
                await citizen.stop()
                await citizen.over.wait()
        await left(here)
        with here.database.unit() as uow:
            assert uow.session.scalars(select(WaitingLine)).all() == []


async def test_a_caller_whose_line_breaks_finds_the_doctor_again(surgery: Open) -> None:
    async with surgery() as here:
        call_id, calling = caller(here)
        async with calling as citizen:
            await waits(here)
            coming = doctor(here)
            practitioner = await coming.__aenter__()
            await asyncio.sleep(0.5)
            citizen.socket.transport.abort()
            await citizen.over.wait()
        async with connected(line(here), write_ticket(CallTicket(call_id))) as citizen:
            await waits(here)
            await asyncio.sleep(0.5)
            await talk(citizen, practitioner)
            await practitioner.stop()
            await coming.__aexit__(None, None, None)
            citizen.forget()
            await citizen.hears_out()
            await citizen.stop()
            await citizen.over.wait()
        await left(here)
    assert outcomes(here, call_id) == ["answered"]


@pytest.mark.capability("F2")
async def test_when_the_media_process_dies_both_meet_again_on_another(surgery: Open) -> None:
    async with surgery(dies=True) as first:
        call_id, calling = caller(first)
        async with calling as citizen, doctor(first) as practitioner:
            await waits(first)
            await asyncio.sleep(0.5)
            for who in (citizen, practitioner):
                who.socket.transport.abort()
            await citizen.over.wait()
        await left(first)
        with first.database.unit() as uow:
            assert len(uow.session.scalars(select(WaitingLine)).all()) == 1  # nobody was there to take it away
    async with surgery() as second:
        async with (
            doctor(second) as practitioner,
            connected(line(second), write_ticket(CallTicket(call_id))) as citizen,
        ):
            await asyncio.sleep(1)
            await talk(citizen, practitioner)
            await practitioner.stop()
            citizen.forget()
            await citizen.hears_out()
            await citizen.press("1")
            await citizen.over.wait()
        await left(second)
    assert outcomes(second, call_id) == ["answered"]


async def test_what_a_dead_process_left_behind_is_gone_when_its_call_ends(
    database: Database, exchange: Open, executor: ThreadPoolExecutor
) -> None:
    async with exchange() as here:
        call_id = here.open(script="doctor", carrier="browser", provider_ref=None)
        await DatabaseLines(database, executor, ADDRESS, PROCESS).waits(call_id, ROOM)
        with database.unit() as uow:
            beat(uow, "media", PROCESS, {})
            assert on_line(uow, [ROOM])
        with database.unit() as uow:
            here.calls.end(uow, call_id)
            assert on_line(uow, [ROOM]) == {}
            LeavesRooms().ended(uow, here.call(call_id), None)  # type: ignore[arg-type]
        with database.unit() as uow:
            assert uow.session.scalars(select(WaitingLine)).all() == []


async def test_a_telephone_is_ordered_once_however_often_the_callers_line_breaks(
    database: Database, exchange: Open, executor: ThreadPoolExecutor
) -> None:
    ordered, called_off = [], []
    legs = Legs(lambda uow, *order: ordered.append(order), lambda uow, room: called_off.append(room))
    async with exchange() as here:
        call_id = here.open(script="doctor", carrier="browser", provider_ref=None)
        lines = DatabaseLines(database, executor, ADDRESS, PROCESS, legs)
        first = await lines.order(call_id, "+84912345678", 20.5)
        second = await lines.order(call_id, "+84912345678", 20.5)  # the media process died, the line is back
        assert first is not None
        assert second is not None
        assert (second.room, second.id != first.id) == (first.room, True)
        await lines.leaves(first)
        assert called_off == []
        await lines.leaves(second)
        assert (len(ordered), called_off) == (1, [first.room])
        assert ordered[0][1:] == ("+84912345678", 21)


async def test_a_telephone_need_not_ring_on_for_a_call_that_ended_before_its_line_did(
    database: Database, exchange: Open, executor: ThreadPoolExecutor
) -> None:
    called_off: list[str] = []
    legs = Legs(lambda uow, *order: None, lambda uow, room: called_off.append(room))
    async with exchange() as here:
        call_id = here.open(script="doctor", carrier="browser", provider_ref=None)
        lines = DatabaseLines(database, executor, ADDRESS, PROCESS, legs)
        stay = await lines.order(call_id, "+84912345678", 20)
        assert stay is not None
        with database.unit() as uow:
            LeavesRooms().ended(uow, here.call(call_id), None)  # type: ignore[arg-type]
        await lines.leaves(stay)
    assert called_off == [stay.room]


async def test_a_doctors_telephone_need_not_ring_on_for_somebody_who_has_left(
    database: Database, exchange: Open, executor: ThreadPoolExecutor
) -> None:
    called_off: list[str] = []
    legs = Legs(lambda uow, *order: None, lambda uow, room: called_off.append(room))
    async with exchange() as here:
        call_id = here.open(script="doctor", carrier="browser", provider_ref=None)
        lines = DatabaseLines(database, executor, ADDRESS, PROCESS, legs)
        await lines.leaves(await lines.waits(call_id, ROOM))
    assert called_off == [ROOM]


async def test_that_somebody_talked_is_known_of_the_call_when_nobody_is_in_the_room_any_more(
    database: Database, exchange: Open, executor: ThreadPoolExecutor, clock: SimulatedClock
) -> None:
    async with exchange() as here:
        call_id = here.open(script="doctor", carrier="browser", provider_ref=None)
        lines = DatabaseLines(database, executor, ADDRESS, PROCESS)
        stay = await lines.waits(call_id, ROOM)
        assert here.call(call_id).talked_at is None
        await lines.talks(stay)
        first = clock.now()
        clock.advance(FRESH)
        await lines.talks(stay)
        await lines.leaves(stay)
    assert here.call(call_id).talked_at == first


@pytest.mark.capability("F2")
async def test_a_line_that_breaks_in_the_words_before_a_wait_hears_them_again_and_later_it_does_not(
    database: Database, exchange: Open, executor: ThreadPoolExecutor
) -> None:
    async with exchange() as here:
        call_id = here.open(script="doctor", carrier="browser", provider_ref=None)
        turns = DatabaseTurns(database, here.calls, executor)
        for _ in range(2):  # the line broke while the words were played
            assert not (await turns.begin(call_id)).heard
        await DatabaseLines(database, executor, ADDRESS, PROCESS).waits(call_id, ROOM)
        assert (await turns.begin(call_id)).heard


async def test_what_webhooks_have_said_before_they_lend_a_call_is_not_said_again(
    database: Database, exchange: Open, executor: ThreadPoolExecutor
) -> None:
    async with exchange() as here:
        call_id = here.open("CA7", script="doctor", carrier=WEBHOOKS, context={"speech": []})
        with database.unit() as uow:
            here.calls.take_turn(uow, call_id, 0, CallStarted(uow.now().isoformat()), lambda *_: b"<Response/>")
        assert (await DatabaseTurns(database, here.calls, executor).begin(call_id)).heard


async def test_a_room_ticket_without_a_room_waits_for_nobody_and_harms_nobody(surgery: Open) -> None:
    async with (
        surgery() as here,
        connected(line(here), write_ticket(RoomTicket(f"queue:{new_id()}", DOCTOR))) as practitioner,
    ):
        await asyncio.sleep(1)
        assert codec.rms(codec.ulaw_to_pcm(heard_since(practitioner, 0)[:4000])) > 500  # it rings
        await practitioner.stop()
        await practitioner.over.wait()
