"""Lines arrive: browsers and the SIP gateway over real websockets, on the real database, with whatever may come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from audio import codec
from core.clock import SimulatedClock
from core.heartbeats import beat
from core.ids import new_id
from ivr.lines import tickets
from ivr.lines.protocol import HungUp, Key, Mark, RingFailed, Start, render
from ivr.lines.tickets import CallTicket, RoomTicket, write_ticket
from ivr.media.doors import line_calls, outgoing, server
from ivr.media.session import Closed, Frame, MediaSession, SessionEvent
from tests.ivr.media.conftest import ORIGIN, Exchange, answer_by_keys, left
from tests.ivr.media.line_caller import LineCaller, on_line

Open = Callable[..., AbstractAsyncContextManager[Exchange]]


def a_line(here: Exchange, **changes: Any) -> UUID:
    """A call that waits for its line."""
    return here.open(call_sid=new_id().hex, carrier="browser", **changes)


async def until_over(caller: LineCaller) -> int | None:
    async with asyncio.timeout(20):
        await caller.over.wait()
    return caller.close_code


async def until(true: Callable[[], bool]) -> None:
    """The database tells it, and nobody tells of the database."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.capability("I15", "N17")
async def test_a_call_by_keys_over_a_line(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await answer_by_keys(caller, "1", "1970", "2")
            assert await until_over(caller) == 1000
        await left(here)
        assert here.answers(call_id) == {"fever": True, "year": "1970", "cough": False}
        assert here.call(call_id).end_reason == "completed"
        assert caller.captions == []  # nobody asked for them


@pytest.mark.capability("C7")
async def test_whoever_asks_reads_along_what_the_transcript_says(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id, captions=True) as caller:
            await answer_by_keys(caller, "1", "1970", "2")
            await until_over(caller)
        told = [(caption.who, caption.kind, caption.text) for caption in caller.captions]
        assert told == [(line.who, line.kind, line.text) for line in here.transcript(call_id)]
        assert ("person", "keys", "1970") in told
        assert ("system", "saved", "year") in told
        assert [caption.data["number"] for caption in caller.captions] == list(range(len(told)))


async def test_a_person_who_hangs_up_ends_the_call(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await answer_by_keys(caller, "1")
            await caller.hears_out()
            await caller.stop()
            assert await until_over(caller) == 1000
        await left(here)
        assert here.answers(call_id) == {"fever": True}
        assert here.call(call_id).end_reason == "hangup"


@pytest.mark.capability("F2")
async def test_a_line_that_breaks_is_connected_again_and_the_call_goes_on(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await answer_by_keys(caller, "1")
            await caller.hears_out()
        await left(here)
        assert here.call(call_id).ended_at is None
        async with here.on_line(call_id, captions=True) as caller:
            await answer_by_keys(caller, "1970", "2")
            await until_over(caller)
        await left(here)
        assert here.answers(call_id) == {"fever": True, "year": "1970", "cough": False}
        assert len(caller.captions) == len(here.transcript(call_id))  # all of it can be read again


async def test_a_second_line_of_a_call_takes_it_over_and_the_first_hangs_up(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as first:
            await first.hears_out()
            async with here.on_line(call_id) as second:
                assert await until_over(first) == 1000  # it is not to come back
                await answer_by_keys(second, "1", "1970", "2")
                await until_over(second)
        await left(here)
        assert here.answers(call_id) == {"fever": True, "year": "1970", "cough": False}


async def test_a_media_process_that_ends_asks_its_lines_to_come_back(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await caller.hears_out()
            here.conductor.leave_all()
            assert await until_over(caller) == 1012
        assert here.call(call_id).ended_at is None


# --- tickets


async def test_a_ticket_lets_in_once(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        token = write_ticket(CallTicket(call_id))
        async with on_line(here.line_address, token) as first:
            await first.hears_out()
            async with on_line(here.line_address, token) as second:
                assert (await until_over(second), second.sound_bytes) == (1008, 0)
            assert not first.over.is_set()


@pytest.mark.parametrize("kind", ["forged", "expired", "empty", "another key"])
async def test_a_ticket_that_is_not_ours_or_too_old_lets_nobody_in(
    exchange: Open, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        token = write_ticket(CallTicket(call_id))
        if kind == "expired":
            monkeypatch.setattr(tickets, "SECONDS", -1)
        token = {"forged": token[:-3] + "AAA", "expired": token, "empty": "", "another key": "e30.x.y"}[kind]
        async with on_line(here.line_address, token) as caller:
            assert (await until_over(caller), caller.sound_bytes) == (1008, 0)
        assert here.call(call_id).next_turn == 0


async def test_a_call_that_is_over_is_hung_up_and_an_unknown_one_refused(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        with here.database.unit() as uow:
            here.calls.end(uow, call_id)
        async with here.on_line(call_id) as caller:
            assert await until_over(caller) == 1000
        async with here.on_line(new_id()) as caller:
            assert await until_over(caller) == 1008


async def test_a_page_from_elsewhere_gets_no_line_and_ours_and_the_gateway_do(exchange: Open) -> None:
    async with exchange() as here:
        for origins in ([("Origin", "http://evil.example")], [("Origin", ORIGIN), ("Origin", "null")]):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(here.line_address, additional_headers=origins):
                    pass
            assert refused.value.response.status_code == 403
        call_id = a_line(here)
        async with here.on_line(call_id, Origin=ORIGIN) as caller:
            assert await caller.hears_out()


@pytest.mark.capability("A3")
async def test_over_the_limit_a_line_is_turned_away_and_its_call_not_harmed(exchange: Open) -> None:
    async with exchange(max_calls=1) as here:
        first, second = a_line(here), a_line(here)
        async with here.on_line(first) as caller:
            await caller.hears_out()
            with pytest.raises(InvalidStatus) as refused:
                async with here.on_line(second):
                    pass
        assert refused.value.response.status_code == 503
        assert (here.call(second).next_turn, here.call(second).ended_at) == (0, None)


@pytest.mark.capability("A3")
async def test_whoever_shows_no_ticket_takes_nobodys_place(exchange: Open) -> None:
    async with exchange(max_calls=1) as here, AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(connect(here.line_address))
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await answer_by_keys(caller, "1", "1970", "2")
            assert await until_over(caller) == 1000
        assert here.server.refused == 0


async def test_who_has_said_nothing_for_longest_makes_room_for_those_who_come(
    exchange: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STRANGERS", 2)
    async with exchange() as here, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(connect(here.line_address)) for _ in range(3)]
        with pytest.raises(ConnectionClosed):
            await silent[0].recv()
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await caller.hears_out()
            assert [socket.close_code for socket in silent] == [1006, 1006, None]


async def test_of_those_who_come_at_once_no_more_are_let_in_than_there_is_room_for(exchange: Open) -> None:
    async with exchange(max_calls=1) as here, AsyncExitStack() as stack:
        calls = [a_line(here) for _ in range(2)]
        sockets = [await stack.enter_async_context(connect(here.line_address)) for _ in calls]
        for socket, call_id in zip(sockets, calls, strict=True):
            await socket.send(render(Start(write_ticket(CallTicket(call_id)))))
        async with asyncio.timeout(10):
            closed = [asyncio.create_task(socket.wait_closed()) for socket in sockets]
            await asyncio.wait(closed, return_when=asyncio.FIRST_COMPLETED)
        assert sorted(str(socket.close_code) for socket in sockets) == ["1013", "None"]
        assert here.server.streams == 1
        for task in closed:
            task.cancel()


# --- what comes over the wire


@pytest.mark.parametrize(
    "rubbish",
    [
        "no json",
        "[]",
        "{}",
        codec.ULAW_SILENCE[:80],
        codec.ULAW_SILENCE * 2,
        b"",
        json.dumps({"type": "digit", "key": "12"}),
        json.dumps({"type": "mark", "name": "\n"}),
        json.dumps({"type": "caption", "who": "robot", "kind": "said", "text": "x"}),
        render(Start("again")),
        "x" * 100_000,
    ],
    ids=["text", "list", "empty", "short", "long", "nothing", "keys", "mark", "ours", "second start", "flood"],
)
async def test_rubbish_closes_the_line_and_harms_no_call(exchange: Open, rubbish: Any) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await answer_by_keys(caller, "1")
            await caller.hears_out()
            await caller.socket.send(rubbish)
            assert await until_over(caller) in (1008, 1009)
        await left(here)
        assert here.call(call_id).ended_at is None
        assert here.answers(call_id) == {"fever": True}


@pytest.mark.parametrize("first", ["nonsense", render(HungUp()), render(Key("1")), codec.ULAW_SILENCE, None])
async def test_a_line_that_does_not_begin_with_its_ticket_is_closed(
    exchange: Open, first: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "START_SECONDS", 0.2)
    async with exchange() as here, connect(here.line_address) as socket:
        if first is not None:
            await socket.send(first)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_marks_nobody_asked_for_mean_nothing(exchange: Open) -> None:
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await caller.tell(Mark("0.7"))
            await answer_by_keys(caller, "1", "1970", "2")
            await until_over(caller)
        assert here.call(call_id).end_reason == "completed"


@pytest.mark.parametrize("carrier", ["line", "stream"])
async def test_a_telephone_that_reads_nothing_is_lost_and_holds_up_nobody_else(
    exchange: Open, monkeypatch: pytest.MonkeyPatch, carrier: str
) -> None:
    """Its prompt is long enough to fill every buffer on the way. No ping finds it: pings wait behind the prompt."""
    monkeypatch.setattr(outgoing, "STALLED_SECONDS", 2.0)
    async with exchange(prompt_seconds=600) as here:
        slow, quick = a_line(here) if carrier == "line" else here.open(), a_line(here)
        connected = here.on_line(slow, talks=False) if carrier == "line" else here.on_call(slow, talks=False)
        async with connected as stuck:
            stuck.socket.transport.pause_reading()
            async with here.on_line(quick) as caller:
                assert await caller.wait_for_sound(5) is not None
                await caller.stop()
                assert await until_over(caller) == 1000
            assert here.call(quick).end_reason == "hangup"
            await left(here)
        assert here.call(slow).ended_at is None


@pytest.mark.slow
async def test_a_hundred_lines_at_once(exchange: Open) -> None:
    async with exchange(max_calls=100) as here, AsyncExitStack() as stack:
        calls = [a_line(here) for _ in range(100)]
        callers = [await stack.enter_async_context(here.on_line(call_id)) for call_id in calls]
        await asyncio.gather(*(answer_by_keys(caller, "1", "1970", "2") for caller in callers))
        assert [await until_over(caller) for caller in callers] == [1000] * 100
        await left(here)
        assert all(here.answers(call_id) == {"fever": True, "year": "1970", "cough": False} for call_id in calls)
        assert here.conductor.frames_dropped == 0


# --- lines nobody comes back to


@pytest.mark.capability("I11")
async def test_a_call_whose_line_never_comes_back_is_ended(exchange: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_calls, "RETURN_SECONDS", 0.3)
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await answer_by_keys(caller, "1")
            await caller.hears_out()
        await left(here)
        await until(lambda: here.call(call_id).ended_at is not None)
        call = here.call(call_id)
        assert (call.state, call.failure_reason) == ("failed", "lost")
        assert here.answers(call_id) == {"fever": True}


@pytest.mark.parametrize("where", ["here", "elsewhere"])
async def test_a_line_that_came_back_is_left_in_peace(
    exchange: Open, monkeypatch: pytest.MonkeyPatch, clock: SimulatedClock, where: str
) -> None:
    """To this media process or to another one, which tells of it by its sign of life."""
    monkeypatch.setattr(line_calls, "RETURN_SECONDS", 0.5)
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id) as caller:
            await caller.hears_out()
        await left(here)
        if where == "elsewhere":
            with here.database.unit() as uow:
                beat(uow, "media", "media@another:1", {"up": [str(call_id)]})
            await asyncio.sleep(1.0)
            assert here.call(call_id).ended_at is None
            return
        async with here.on_line(call_id) as caller:
            await asyncio.sleep(1.0)
            assert here.call(call_id).ended_at is None
            await answer_by_keys(caller, "1", "1970", "2")
            await until_over(caller)
        assert here.call(call_id).end_reason == "completed"


@pytest.mark.capability("F2")
async def test_a_connection_that_died_without_a_word_is_lost(exchange: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PING_SECONDS", 0.2)
    async with exchange() as here:
        call_id = a_line(here)
        async with here.on_line(call_id, talks=False) as caller:
            await caller.hears_out()
            caller.socket.transport.pause_reading()  # the network is gone: nothing is heard, nothing is answered
            await left(here)
        assert here.call(call_id).ended_at is None


# --- rooms


async def test_a_ticket_for_a_room_joins_it_and_tells_how_ringing_ended(exchange: Open) -> None:
    met: list[tuple[str, UUID | None, list[SessionEvent]]] = []

    async def join(room: str, user: UUID | None, session: MediaSession) -> None:
        met.append((room, user, [event async for event in session.events()]))
        await session.close()

    user = new_id()
    async with exchange(join=join) as here:
        for last in (HungUp(), RingFailed("busy")):
            token = write_ticket(RoomTicket("queue:1", user))
            async with on_line(here.line_address, token, talks=False) as caller:
                await caller.send_frame(codec.ULAW_SILENCE)
                await caller.tell(last)
                assert await until_over(caller) == 1000
    frame = Frame(codec.ULAW_SILENCE)
    assert met == [
        ("queue:1", user, [frame, Closed("hangup")]),
        ("queue:1", user, [frame, Closed("hangup", "busy")]),
    ]
