"""The SIP process: one gateway on one stack, its sign of life, its ear for orders, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
import uvloop
from sqlalchemy.exc import SQLAlchemyError

from core.database import Database
from core.errors import TracelineError, UserError
from core.heartbeats import beat
from ivr.calls.service import Calls
from ivr.carriers.inbound import Inbound
from ivr.carriers.sip.gateway import Gateway, GatewayPlan
from ivr.carriers.sip.line import takes_calls
from ivr.carriers.sip.orders import CHANNEL
from ivr.carriers.sip.sources import Network, addresses_of
from ivr.carriers.sip.stack import SipStack, Trunk
from ivr.carriers.sip.sweep import Sweep

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
LOOK_SECONDS = 1.0
"""How often orders are looked for without being woken."""
MEDIA_SECONDS = 1.0
"""How often the media process is asked whether it takes calls."""
RESOLVE_SECONDS = 60.0
"""How often the trunk's name is looked up."""
THREADS = 4
"""Units of work at the same time; no more than the database has connections for."""


@dataclass(frozen=True, slots=True)
class SipPlan:
    """What one gateway is to be. `allow`: who may speak SIP to it, and send it sound, beside its trunk. `media`: who
    may send it sound as well. `kept_free`: places among `most_calls` that are kept for people who ring us.
    `leave_seconds`: how long running calls may go on when the process is told to end."""

    host: str
    port: int
    allow: Sequence[Network]
    trunk: Trunk | None
    hotline: str
    media_bind: str
    most_calls: int
    media: Sequence[Network] = ()
    kept_free: int = 0
    leave_seconds: float = 5.0


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
        told = GatewayPlan(self._name, plan.media_bind, trunk, plan.hotline, plan.most_calls, plan.kept_free)
        self._gateway = Gateway(told, database, calls, inbound, executor)
        self._stack = SipStack(plan.host, plan.port, plan.trunk, self._gateway.incoming)
        self._sweep = Sweep(database, calls)
        self._stop, self._dead = asyncio.Event(), asyncio.Event()
        self._woken = asyncio.Event()
        self._dropped = (0, 0)
        self._trunk_at: tuple[Network, ...] = ()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await loop.run_in_executor(self._executor, self._begin)
        await self._stack.start(self._dead.set)
        try:
            self._stack.allow(*self._allowed())
            self._gateway.use(self._stack)
            await self._stack.open()
            log.info("event=sip_up address=%s:%s", self._plan.host, self._plan.port)
            await self._serve()
        finally:  # people are said goodbye to whatever ends us
            if not self._dead.is_set():
                await self._leave()
        if self._dead.is_set():
            raise TracelineError("The SIP stack has died.", "It is started again.")

    async def _leave(self) -> None:
        log.info("event=sip_ending calls=%s", self._gateway.calls)
        self._gateway.accept_no_more()
        beating = asyncio.ensure_future(self._live())  # or others would take our calls for a dead one's
        await self._gateway.left(self._plan.leave_seconds)
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await self._stack.close()

    async def _serve(self) -> None:
        """Until told to stop, or until the stack is dead. Whatever ends otherwise raises."""
        works: list[Coroutine[Any, Any, object]] = [self._stop.wait(), self._dead.wait()]
        works += [self._look(), self._listen(), self._live(), self._ask_media()]
        if self._plan.trunk is not None:
            works.append(self._resolve(self._plan.trunk))
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
            except SQLAlchemyError as error:
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
            except psycopg.Error as error:
                log.warning("event=not_woken error=%s", type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _live(self) -> None:
        """Give signs of life, and wait for nothing else: whoever is silent is taken for dead, with all calls."""
        loop = asyncio.get_running_loop()
        while True:
            dropped = self._stack.refused_packets()
            if dropped != self._dropped:
                packets, sound = (now - before for now, before in zip(dropped, self._dropped, strict=True))
                log.warning("event=strangers_refused packets=%s sound=%s", packets, sound)
                self._dropped = dropped
            try:
                await loop.run_in_executor(self._executor, self._beat)
            except SQLAlchemyError as error:
                log.warning("event=heartbeat_missed error=%s", type(error).__name__)
            await asyncio.sleep(BEAT_SECONDS)

    async def _ask_media(self) -> None:
        """Nobody is rung whom nobody could talk to."""
        while True:
            up = await takes_calls(self._plan.media_bind)
            if up != self._gateway.media_up:
                log.info("event=media takes_calls=%s", up)
                self._gateway.media_up = up
            await asyncio.sleep(MEDIA_SECONDS)

    async def _resolve(self, trunk: Trunk) -> None:
        """Keep the filter true to the trunk's addresses, which it loses at no failure."""
        while True:
            try:
                self._trunk_at = await addresses_of(trunk.address)
            except UserError as error:
                log.warning("event=trunk_unknown why=%s", error.message)
            self._stack.allow(*self._allowed())
            await asyncio.sleep(RESOLVE_SECONDS)

    def _beat(self) -> None:
        with self._database.unit() as uow:
            beat(uow, "sip", self._name, self._status())

    def _status(self) -> dict[str, Any]:
        """What the heartbeat tells: `calls` up, `room` for those that we make, whether it is `full` for everybody,
        `registration` at the trunk, calls `refused` for want of room, and packets of `strangers` that were dropped, of
        SIP and of `sound`."""
        strangers, sound = self._dropped
        return {
            "calls": self._gateway.calls,
            "room": self._gateway.room,
            "full": self._gateway.full,
            "registration": self._stack.registration,
            "refused": self._gateway.refused,
            "strangers": strangers,
            "sound": sound,
        }

    def _allowed(self) -> tuple[list[Network], list[Network]]:
        """Who may speak SIP to us, and whose sound we take."""
        sip = [*self._plan.allow, *self._trunk_at]
        return sip, [*sip, *self._plan.media]
