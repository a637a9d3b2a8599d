"""Twilio's Media Streams arrive: over real websockets, on the real database, with whatever may come over the wire."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from audio import codec
from core.ids import new_id
from ivr.carriers.twilio_rest import STREAMS
from ivr.media.bench.caller import on_call
from ivr.media.doors import server
from tests.ivr.media.conftest import SIGNATURE, Exchange, answer_by_keys, left

Open = Callable[..., AbstractAsyncContextManager[Exchange]]


@pytest.mark.capability("I15", "N17")
async def test_a_call_by_keys_over_the_wire(exchange: Open) -> None:
    async with exchange() as here:
        call_id = here.open()
        async with here.on_call(call_id) as caller:
            await answer_by_keys(caller, "1", "1970", "2")
            await caller.over.wait()
        await left(here)
        assert here.answers(call_id) == {"fever": True, "year": "1970", "cough": False}
        call = here.call(call_id)
        assert (call.state, call.end_reason, call.next_turn) == ("completed", "completed", 4)
        assert here.conductor.latencies.summary()["keys"]["count"] == 3


async def test_a_person_who_hangs_up_midway_leaves_what_was_answered(exchange: Open) -> None:
    async with exchange() as here:
        call_id = here.open()
        async with here.on_call(call_id) as caller:
            await answer_by_keys(caller, "1")
            await caller.hears_out()
            await caller.stop()
            await caller.over.wait()
        await left(here)
        assert here.answers(call_id) == {"fever": True}
        assert here.call(call_id).end_reason == "hangup"


@pytest.mark.capability("F2")
async def test_a_stream_that_breaks_harms_nothing_and_the_next_one_goes_on(exchange: Open) -> None:
    async with exchange() as here:
        call_id = here.open()
        async with here.on_call(call_id) as caller:
            await answer_by_keys(caller, "1")
            await caller.hears_out()
        await left(here)
        assert here.call(call_id).ended_at is None
        async with here.on_call(call_id) as caller:
            await answer_by_keys(caller, "1970", "2")
            await caller.over.wait()
        await left(here)
        assert here.answers(call_id) == {"fever": True, "year": "1970", "cough": False}
        kinds = [type(event).__name__ for event in here.events(call_id)]
        assert kinds == ["CallStarted", "KeysPressed", "CallStarted", "KeysPressed", "KeysPressed"]


async def test_a_second_stream_of_a_call_takes_it_over(exchange: Open) -> None:
    async with exchange() as here:
        call_id = here.open()
        async with here.on_call(call_id) as first:
            await first.hears_out()
            async with here.on_call(call_id) as second:
                await first.over.wait()
                await answer_by_keys(second, "1", "1970", "2")
                await second.over.wait()
        await left(here)
        assert here.answers(call_id) == {"fever": True, "year": "1970", "cough": False}


@pytest.mark.capability("I9")
@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "forged"}])
async def test_a_forged_upgrade_is_refused(exchange: Open, headers: dict[str, str]) -> None:
    async with exchange() as here:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(here.address, additional_headers=headers):
                pass
        assert refused.value.response.status_code == 403


async def test_two_signatures_are_none(exchange: Open) -> None:
    async with exchange() as here:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(here.address, additional_headers=[("X-Twilio-Signature", SIGNATURE)] * 2):
                pass
        assert refused.value.response.status_code == 403


async def test_another_path_is_not_found_and_health_is_told(exchange: Open) -> None:
    async with exchange() as here:
        statuses = []
        for path in ("/other", "/health"):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(here.address.replace("/twilio/stream", path)):
                    pass
            statuses.append(refused.value.response.status_code)
        assert statuses == [404, 200]


@pytest.mark.capability("A3")
async def test_over_the_limit_a_stream_is_turned_away_and_its_call_not_harmed(exchange: Open) -> None:
    async with exchange(max_calls=1) as here:
        first, second = here.open(), here.open("CA2")
        async with here.on_call(first) as caller:
            await caller.hears_out()
            with pytest.raises(InvalidStatus) as refused:
                async with here.on_call(second, "CA2"):
                    pass
        assert refused.value.response.status_code == 503
        call = here.call(second)
        assert (call.next_turn, call.ended_at) == (0, None)
        assert here.server.refused == 1


@pytest.mark.parametrize(
    ("named", "sid"),
    [
        ("the call", "CA-other"),
        ("nothing", "CA1"),
        ("another call", "CA1"),
        ("another carrier", "CA1"),
        ("ended", "CA1"),
    ],
)
async def test_a_stream_must_belong_to_the_call_it_names(exchange: Open, named: str, sid: str) -> None:
    async with exchange() as here:
        call_id = here.open(carrier="twilio" if named == "another carrier" else STREAMS)
        if named == "ended":
            with here.database.unit() as uow:
                here.calls.end(uow, call_id)
        name = {"nothing": "", "another call": str(new_id())}.get(named, str(call_id))
        async with on_call(here.address, SIGNATURE, name, sid) as caller, asyncio.timeout(10):
            await caller.over.wait()
            assert (caller.close_code, caller.sound_bytes) == (1008, 0)
        assert here.call(call_id).next_turn == 0


def media(payload: str) -> dict[str, Any]:
    return {"event": "media", "media": {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": payload}}


SECOND_START = {
    "event": "start",
    "start": {
        "streamSid": "MZ2",
        "callSid": "CA1",
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {},
    },
}


@pytest.mark.parametrize(
    "rubbish",
    [
        "no json",
        "[]",
        "{}",
        b"\x00\xff",
        json.dumps(media("!!!")),
        json.dumps(media(base64.b64encode(codec.ULAW_SILENCE[:80]).decode())),
        json.dumps(media(base64.b64encode(codec.ULAW_SILENCE * 2).decode())),
        json.dumps({"event": "media"}),
        json.dumps({"event": "dtmf", "dtmf": {"digit": "12"}}),
        json.dumps(SECOND_START),
        "x" * 100_000,
    ],
    ids=["text", "list", "empty", "bytes", "base64", "short", "long", "bare", "keys", "second start", "flood"],
)
async def test_rubbish_closes_the_stream_and_harms_no_call(exchange: Open, rubbish: Any) -> None:
    async with exchange() as here:
        call_id = here.open()
        async with here.on_call(call_id) as caller:
            await answer_by_keys(caller, "1")
            await caller.hears_out()
            await caller.socket.send(rubbish)
            await caller.socket.wait_closed()
        await left(here)
        assert here.call(call_id).ended_at is None
        assert here.answers(call_id) == {"fever": True}


async def test_an_event_that_means_nothing_to_us_is_passed_over(exchange: Open) -> None:
    async with exchange() as here:
        call_id = here.open()
        async with here.on_call(call_id) as caller:
            await caller.send({"event": "new thing"})
            await answer_by_keys(caller, "1", "1970", "2")
            await caller.over.wait()
        await left(here)
        assert here.call(call_id).end_reason == "completed"


@pytest.mark.parametrize("first", ["nonsense", json.dumps({"event": "stop"}), json.dumps(media("")), None])
async def test_a_stream_that_does_not_begin_with_its_start_is_closed(
    exchange: Open, first: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "START_SECONDS", 0.2)
    async with (
        exchange() as here,
        connect(here.address, additional_headers={"X-Twilio-Signature": SIGNATURE}) as socket,
    ):
        if first is not None:
            await socket.send(first)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.capability("F2")
async def test_a_connection_that_died_without_a_word_is_lost_and_nobody_is_called_silent(
    exchange: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PING_SECONDS", 0.2)
    async with exchange() as here:
        call_id = here.open()
        async with here.on_call(call_id, talks=False) as caller:
            await caller.hears_out()
            caller.socket.transport.pause_reading()  # the network is gone: nothing is heard, nothing is answered
            await left(here)
        assert [type(event).__name__ for event in here.events(call_id)] == ["CallStarted"]
        assert here.call(call_id).ended_at is None
