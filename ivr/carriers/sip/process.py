"""The SIP process: one gateway on one stack, its sign of life, its ear for orders, and an orderly end."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
import uvloop
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import Database
from core.errors import TracelineError, UserError
from core.heartbeats import beat
from ivr.calls.service import Calls
from ivr.carriers.inbound import Inbound
from ivr.carriers.sip.gateway import Gateway, GatewayPlan
from ivr.carriers.sip.orders import CHANNEL
from ivr.carriers.sip.sources import Network, SourceFilter, addresses_of
from ivr.carriers.sip.stack import SipStack, Trunk
from ivr.carriers.sip.sweep import Sweep

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
LOOK_SECONDS = 1.0
"""How often orders are looked for without being woken."""
RESOLVE_BEATS = 30
"""The trunk's name is looked up again at every so many beats: once a minute."""
LEAVE_SECONDS = 5.0
"""How long running calls may go on when the process is told to end, and then how long their goodbye may take."""
THREADS = 4
"""Units of work at the same time; no more than the database has connections for."""


@dataclass(frozen=True, slots=True)
class SipPlan:
    """What one gateway is to be. `allow`: who may speak SIP to it, beside its trunk."""

    host: str
    port: int
    allow: Sequence[Network]
    trunk: Trunk | None
    hotline: str
    media_bind: str
    most_calls: int


def run_sip(plan: SipPlan, database: Database, calls: Calls, inbound: Inbound) -> None:
    """Run until SIGTERM or SIGINT. `database` must be this process's own. Blocks; call it from the main thread.

    Raises TracelineError when the stack dies, or cannot listen.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="sip") as executor:
        uvloop.run(_Process(plan, database, calls, inbound, executor).run())


class _Process:
    def __init__(
        self, plan: SipPlan, database: Database, calls: Calls, inbound: Inbound, executor: ThreadPoolExecutor
    ) -> None:
        self._plan = plan
        self._database = database
        self._executor = executor
        self._name = f"sip@{socket.gethostname()}:{os.getpid()}"
        trunk = plan.trunk.address if plan.trunk else ""
        told = GatewayPlan(self._name, plan.media_bind, trunk, plan.hotline, plan.most_calls)
        self._gateway = Gateway(told, database, calls, inbound, executor)
        self._stack = SipStack(plan.host, plan.port, plan.trunk, self._gateway.incoming)
        self._sweep = Sweep(database, calls)
        self._stop, self._dead = asyncio.Event(), asyncio.Event()
        self._woken = asyncio.Event()
        self._dropped = 0
        self._trunk_at: tuple[Network, ...] = ()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await loop.run_in_executor(self._executor, self._begin)
        await self._stack.start(self._dead.set)
        sources = SourceFilter(self._plan.host, self._plan.port)
        try:
            if not sources.found:
                raise TracelineError("The SIP stack does not listen.", "Set TRACELINE_SIP_BIND to another address.")
            sources.allow(self._allowed())
            self._gateway.use(self._stack)
            await self._stack.open()
            log.info("event=sip_up address=%s:%s", self._plan.host, self._plan.port)
            await self._serve(sources)
        finally:
            sources.close()
        if self._dead.is_set():
            raise TracelineError("The SIP stack has died.", "It is started again.")
        log.info("event=sip_ending calls=%s", self._gateway.calls)
        self._gateway.accept_no_more()
        await self._gateway.left(LEAVE_SECONDS)
        await self._stack.close()

    async def _serve(self, sources: SourceFilter) -> None:
        """Until told to stop, or until the stack is dead. Whatever ends otherwise raises."""
        works = [self._stop.wait(), self._dead.wait(), self._look(), self._listen(), self._live(sources)]
        if self._stack.registers:
            works.append(self._stack.keep_registered())
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self) -> None:
        """The first sign of life comes before the first claim, or others would take the claim for a dead one's."""
        self._beat()
        self._sweep.end_of(self._name)

    async def _look(self) -> None:
        """Look for orders when woken, and every second."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            try:
                await self._gateway.look()
            except (OperationalError, PoolTimeout) as error:
                log.warning("event=orders_not_seen error=%s", type(error).__name__)

    async def _listen(self) -> None:
        """Be woken by the database; while it is away, looking every second is enough."""
        address = self._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    async for _ in connection.notifies():
                        self._woken.set()
            except psycopg.OperationalError as error:
                log.warning("event=not_woken error=%s", type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _live(self, sources: SourceFilter) -> None:
        """Give signs of life, and keep the filter true to the trunk's addresses."""
        loop = asyncio.get_running_loop()
        for count in itertools.count(1):
            dropped = sources.dropped()
            if dropped != self._dropped:
                log.warning("event=strangers_refused packets=%s", dropped - self._dropped)
                self._dropped = dropped
            if count % RESOLVE_BEATS == 0:
                sources.allow(await loop.run_in_executor(self._executor, self._allowed))
            try:
                await loop.run_in_executor(self._executor, self._beat)
            except SQLAlchemyError as error:
                log.warning("event=heartbeat_missed error=%s", type(error).__name__)
            await asyncio.sleep(BEAT_SECONDS)

    def _beat(self) -> None:
        with self._database.unit() as uow:
            beat(uow, "sip", self._name, self._status())

    def _status(self) -> dict[str, Any]:
        """What the heartbeat tells: `calls` up, `registration` at the trunk, calls `refused` for want of room, and
        packets of `strangers` that were dropped."""
        return {
            "calls": self._gateway.calls,
            "registration": self._stack.registration,
            "refused": self._gateway.refused,
            "strangers": self._dropped,
        }

    def _allowed(self) -> list[Network]:
        """Who may speak SIP to us. A trunk whose name cannot be looked up now keeps the addresses that it had."""
        trunk = self._plan.trunk
        if trunk is not None:
            try:
                self._trunk_at = addresses_of(trunk.address)
            except UserError as error:
                log.warning("event=trunk_unknown why=%s", error.message)
        return [*self._plan.allow, *self._trunk_at]
