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
from ivr.media.bridging.model import WaitingLine
from ivr.media.turns import TurnsUnavailable

LEG = "leg:"
"""How rooms begin in which a caller waits for a telephone that we ring."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Legs:
    """How telephones are rung for rooms: `order(uow, room, number, ring_seconds)`, and `call_off(uow, room)`, harmless
    when the telephone rings no more."""

    order: Callable[[UnitOfWork, str, str, int], object]
    call_off: Callable[[UnitOfWork, str], object]


class Lines(Protocol):
    """What a bridge writes down. Raises `TurnsUnavailable` when the database does not answer."""

    async def waits(self, call_id: UUID, room: str) -> UUID:
        """The call waits in the room from now on. Returns the name of this stay."""

    async def talks(self, stay: UUID) -> None:
        """Somebody has come."""

    async def leaves(self, stay: UUID, room: str) -> None:
        """The stay is over, and a telephone that rings for it need not ring on. Harmless when another stay of the same
        call has begun."""

    async def order(self, call_id: UUID, number: str, ring_seconds: float) -> str | None:
        """Have a telephone rung for the call. Returns the room it will come to: the one of before if the call had lost
        its line there. None when no carrier can ring."""


@dataclass(frozen=True, slots=True)
class DatabaseLines:
    """Rows of `waiting_line`. `address` is where a browser reaches this media process, `process` its name in the table
    of heartbeats."""

    database: Database
    executor: Executor
    address: str
    process: str
    legs: Legs | None = None

    async def waits(self, call_id: UUID, room: str) -> UUID:
        stay = new_id()
        values = {"call_id": call_id, "stay": stay, "address": self.address, "process": self.process}

        def write(uow: UnitOfWork) -> UUID:
            uow.session.execute(delete(WaitingLine).where(WaitingLine.call_id == call_id, WaitingLine.room != room))
            row = {**values, "since": uow.now(), "talks_since": None}
            uow.session.execute(
                insert(WaitingLine).values(room=room, **row).on_conflict_do_update(index_elements=["room"], set_=row)
            )
            return stay

        return await self._in_thread(write)

    async def talks(self, stay: UUID) -> None:
        def write(uow: UnitOfWork) -> None:
            mine = update(WaitingLine).where(WaitingLine.stay == stay, WaitingLine.talks_since.is_(None))
            uow.session.execute(mine.values(talks_since=uow.now()))

        await self._in_thread(write)

    async def leaves(self, stay: UUID, room: str) -> None:
        def write(uow: UnitOfWork) -> None:
            mine = delete(WaitingLine).where(WaitingLine.stay == stay)
            left = uow.session.scalar(mine.returning(WaitingLine.room))
            if left is not None and self.legs is not None and room.startswith(LEG):
                self.legs.call_off(uow, room)

        await self._in_thread(write)

    async def order(self, call_id: UUID, number: str, ring_seconds: float) -> str | None:
        legs = self.legs
        if legs is None:
            return None

        def write(uow: UnitOfWork) -> str:
            mine = select(WaitingLine.room).where(WaitingLine.call_id == call_id, WaitingLine.room.startswith(LEG))
            room = uow.session.scalar(mine)
            if room is None:
                room = f"{LEG}{new_id()}"
                legs.order(uow, room, number, math.ceil(ring_seconds))
            return room

        return await self._in_thread(write)

    async def _in_thread(self, work: Callable[[UnitOfWork], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, self._transaction, work)
        except (OperationalError, PoolTimeout) as error:
            raise TurnsUnavailable(type(error).__name__) from error

    def _transaction(self, work: Callable[[UnitOfWork], T]) -> T:
        with self.database.unit() as uow:
            return work(uow)
