"""The media process as a whole: its sign of life, its orderly end, its death in mid call."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from core.database import Database
from core.heartbeats import Heartbeat
from core.settings import Settings
from ivr.calls.model import Call
from ivr.media.bench.caller import StreamCaller, on_call
from ivr.media.bench.exchange import SIGNATURE, Exchange, Plan, media_process

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture
def plan(settings: Settings, database_url: str, korean_model: Path) -> Plan:
    """By keys only: loading a model takes longer than these tests."""
    return Plan(database_url, settings.home, {"ko": korean_model}, workers=0)


@pytest.fixture
def running(plan: Plan) -> Iterator[Exchange]:
    with media_process(plan) as exchange:
        yield exchange


async def until_status(database: Database, calls: int) -> dict[str, object]:
    """The sign of life that tells of so many calls."""
    async with asyncio.timeout(20):
        while True:
            with database.unit() as uow:
                status = uow.session.scalar(select(Heartbeat.status).where(Heartbeat.kind == "media"))
            if status is not None and status["calls"] == calls:
                return dict(status)
            await asyncio.sleep(0.1)


async def first_question(caller: StreamCaller) -> None:
    async with asyncio.timeout(30):
        await caller.hears_out()


def stored(database: Database, call_id: str) -> Call:
    with database.unit() as uow:
        call = uow.session.get(Call, UUID(call_id))
        assert call is not None
        return call


@pytest.mark.capability("C10")
async def test_it_tells_how_it_fares(running: Exchange, database: Database) -> None:
    call_id, sid = await asyncio.to_thread(running.open_call)
    async with on_call(running.address, SIGNATURE, call_id, sid) as caller:
        await first_question(caller)
        await caller.press("1")
        await caller.wait_for_sound(10)
        status = await until_status(database, 1)
        assert status["accepts"] is True
        assert status["frames_dropped"] == 0
        assert status["recogniser"] == []
        assert set(status["latency"]) == {"speech", "keys"}  # type: ignore[call-overload]


@pytest.mark.capability("F2")
async def test_told_to_end_it_leaves_its_calls_to_their_webhooks(running: Exchange, database: Database) -> None:
    call_id, sid = await asyncio.to_thread(running.open_call)
    async with on_call(running.address, SIGNATURE, call_id, sid) as caller:
        await first_question(caller)
        os.kill(running.pid, signal.SIGTERM)
        async with asyncio.timeout(10):
            await caller.over.wait()
        assert caller.close_code is None  # closed in order
    assert await asyncio.to_thread(running.wait_until_gone, 15) == 0
    call = stored(database, call_id)
    assert (call.ended_at, call.next_turn) == (None, 1)


@pytest.mark.capability("F2")
async def test_killed_in_mid_call_nothing_is_lost_and_another_process_goes_on(plan: Plan, database: Database) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(media_process(plan))
        call_id, sid = await asyncio.to_thread(first.open_call)
        async with on_call(first.address, SIGNATURE, call_id, sid) as caller:
            await first_question(caller)
            caller.forget()
            await caller.press("1")
            await caller.wait_for_sound(10)
            os.kill(first.pid, signal.SIGKILL)
            async with asyncio.timeout(10):
                await caller.over.wait()
        second = stack.enter_context(media_process(plan))
        async with on_call(second.address, SIGNATURE, call_id, sid) as caller:
            await first_question(caller)
            await caller.press("2")
            await caller.wait_for_sound(10)
            await caller.stop()
            async with asyncio.timeout(10):
                await caller.over.wait()
        call = stored(database, call_id)
    answers = {name: answer["value"] for name, answer in call.script_state["answers"].items()}
    assert answers == {"a1": True, "a2": False}
