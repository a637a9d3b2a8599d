"""Who waits on the line in which room, written down: the console tells of it, and connects a doctor's browser to the
media process where the room is."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import Database, UnitOfWork
from core.ids import new_id
from ivr.calls.model import Call
from ivr.media.bridging.model import LEG, WaitingLine
from ivr.media.turns import TurnsUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Legs:
    """How telephones are rung for rooms: `order(uow, room, number, ring_seconds)`, and `call_off(uow, room)`, harmless
    when the telephone rings no more."""

    order: Callable[[UnitOfWork, str, str, int], object]
    call_off: Callable[[UnitOfWork, str], object]


@dataclass(frozen=True, slots=True)
class Stay:
    """One coming and going of a call in a room. A later one of the same call has another id."""

    id: UUID
    call_id: UUID
    room: str


class Lines(Protocol):
    """What a bridge writes down. Raises `TurnsUnavailable` when the database does not answer; all but `waits` and
    `order` may be repeated."""

    async def waits(self, call_id: UUID, room: str) -> Stay:
        """The call waits in the room from now on."""

    async def talks(self, stay: Stay) -> None:
        """Somebody has come."""

    async def leaves(self, stay: Stay) -> None:
        """The stay is over, and a telephone that rings for it need not ring on. Harmless when another stay of the same
        call has begun."""

    async def order(self, call_id: UUID, number: str, ring_seconds: float) -> Stay | None:
        """Have a telephone rung for the call, which waits from now on in the room that it will come to: the one of
        before if the call had lost its line there. None when no carrier can ring."""


@dataclass(frozen=True, slots=True)
class DatabaseLines:
    """Rows of `waiting_line`. `address` is where a browser reaches this media process, `process` its name in the table
    of heartbeats."""

    database: Database
    executor: Executor
    address: str
    process: str
    legs: Legs | None = None

    async def waits(self, call_id: UUID, room: str) -> Stay:
        return await self._in_thread(lambda uow: self._waits(uow, call_id, room))

    async def talks(self, stay: Stay) -> None:
        def write(uow: UnitOfWork) -> None:
            now = uow.now()
            first = update(Call).where(Call.id == stay.call_id, Call.talked_at.is_(None))
            uow.session.execute(first.values(talked_at=now))
            mine = update(WaitingLine).where(WaitingLine.stay == stay.id, WaitingLine.talks_since.is_(None))
            uow.session.execute(mine.values(talks_since=now))

        await self._in_thread(write)

    async def leaves(self, stay: Stay) -> None:
        def write(uow: UnitOfWork) -> None:
            uow.session.execute(delete(WaitingLine).where(WaitingLine.stay == stay.id))
            again = select(WaitingLine.room).where(WaitingLine.room == stay.room)
            if self.legs is not None and uow.session.scalar(again) is None:
                self.legs.call_off(uow, stay.room)

        await self._in_thread(write)

    async def order(self, call_id: UUID, number: str, ring_seconds: float) -> Stay | None:
        legs = self.legs
        if legs is None:
            return None

        def write(uow: UnitOfWork) -> Stay:
            mine = select(WaitingLine.room).where(WaitingLine.call_id == call_id, WaitingLine.room.startswith(LEG))
            room = uow.session.scalar(mine)
            if room is None:
                room = f"{LEG}{new_id()}"
                legs.order(uow, room, number, math.ceil(ring_seconds))
            # In one transaction with the order, so that a call that loses its line now finds the room again.
            return self._waits(uow, call_id, room)

        return await self._in_thread(write)

    def _waits(self, uow: UnitOfWork, call_id: UUID, room: str) -> Stay:
        uow.session.execute(delete(WaitingLine).where(WaitingLine.call_id == call_id, WaitingLine.room != room))
        stay = Stay(new_id(), call_id, room)
        row = {
            "call_id": call_id,
            "stay": stay.id,
            "address": self.address,
            "process": self.process,
            "since": uow.now(),
            "talks_since": None,
        }
        uow.session.execute(
            insert(WaitingLine).values(room=room, **row).on_conflict_do_update(index_elements=["room"], set_=row)
        )
        return stay

    async def _in_thread(self, work: Callable[[UnitOfWork], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, self._transaction, work)
        except (OperationalError, PoolTimeout) as error:
            raise TurnsUnavailable(type(error).__name__) from error

    def _transaction(self, work: Callable[[UnitOfWork], T]) -> T:
        with self.database.unit() as uow:
            return work(uow)
