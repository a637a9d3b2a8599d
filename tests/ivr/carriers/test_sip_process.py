"""The SIP process: what goes on whatever hangs or breaks beside it, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest
from baresip.errors import BaresipError, CommandQueueFull, CommandTimeout, StaleHandleError
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError

from core.clock import SystemClock
from core.database import Database
from core.heartbeats import Heartbeat
from core.installation import free_bind
from ivr.calls.service import Calls
from ivr.carriers.sip import process as processes
from ivr.carriers.sip.gateway import Gateway
from ivr.carriers.sip.process import SipPlan, run_sip
from ivr.carriers.sip.stack import SipCall, Trunk
from tests.ivr.carriers.conftest import Hotline
from tests.peers.office import until
from tests.ports import free_port


@pytest.fixture
def real_time(database_url: str) -> Iterator[Database]:
    database = Database(database_url, SystemClock())
    yield database
    database.close()


def plan(trunk: Trunk | None = None) -> SipPlan:
    allow = (IPv4Network("127.0.0.1"),)
    return SipPlan("127.0.0.1", free_port(), allow, trunk, "+842373850115", free_bind(), 5, leave_seconds=0)


def run_until(seen: Callable[[], object], database: Database, calls: Calls, trunk: Trunk | None = None) -> None:
    """Run the process until this is seen, and tell it to end."""

    def watch() -> None:
        try:
            until(seen, 20)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    watching = threading.Thread(target=watch)
    watching.start()
    run_sip(plan(trunk), database, calls, Hotline())
    watching.join()


def beats(database: Database) -> list[Any]:
    with database.unit() as uow:
        return list(uow.session.scalars(select(Heartbeat.at)))


@pytest.mark.capability("I11", "N12")
def test_a_name_server_that_does_not_answer_silences_nobody(
    real_time: Database, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    async def never(trunk: str) -> tuple[IPv4Network, ...]:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    monkeypatch.setattr(processes, "addresses_of", never)
    monkeypatch.setattr(processes, "BEAT_SECONDS", 0.05)
    seen: set[Any] = set()
    run_until(
        lambda: asked.is_set() and (seen.update(beats(real_time)) or len(seen) > 3),
        real_time,
        calls,
        Trunk("trunk.example.vn"),
    )
    assert len(seen) > 3


def test_whatever_the_database_says_orders_are_looked_for_again(
    real_time: Database, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    async def look(gateway: Gateway) -> None:
        looks.append(1)
        raise InterfaceError("SELECT", {}, Exception())

    monkeypatch.setattr(Gateway, "look", look)
    monkeypatch.setattr(processes, "LOOK_SECONDS", 0.05)
    run_until(lambda: len(looks) > 2, real_time, calls)


def test_a_gateway_that_breaks_says_goodbye_first(
    real_time: Database, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[float] = []

    async def broken(bind: str) -> bool:
        raise ZeroDivisionError

    async def leave(gateway: Gateway, seconds: float) -> None:
        left.append(seconds)

    monkeypatch.setattr(processes, "takes_calls", broken)
    monkeypatch.setattr(Gateway, "left", leave)
    with pytest.raises(ZeroDivisionError):
        run_sip(plan(), real_time, calls, Hotline())
    assert left == [0]


class _Commands:
    """The stack's end of a call, whose commands fail so."""

    call_id, peer, headers = "known@phone", "", {}

    def __init__(self, *failures: BaresipError) -> None:
        self.failures = list(failures)
        self.given = 0

    async def hangup(self) -> None:
        self.given += 1
        if self.failures:
            raise self.failures.pop(0)


@pytest.mark.capability("I11")
@pytest.mark.parametrize(
    ("failures", "given", "dead"),
    [
        ((CommandQueueFull(), CommandQueueFull()), 3, False),
        ((CommandTimeout(),), 1, True),
        ((StaleHandleError(),), 1, False),
    ],
    ids=["a full stack is told again", "a stack that stands still is dead", "who has gone has gone"],
)
def test_nobody_stays_connected_to_nobody(failures: tuple[BaresipError, ...], given: int, dead: bool) -> None:
    stalled: list[bool] = []
    commands: Any = _Commands(*failures)
    asyncio.run(SipCall(commands, lambda: stalled.append(True)).hang_up())
    assert (commands.given, bool(stalled)) == (given, dead)
