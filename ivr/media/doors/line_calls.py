"""The calls behind lines: which may be connected, and what becomes of one whose line is lost for good."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from websockets.frames import CloseCode

from core.database import Database
from core.receipts import claim
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.lines.presence import lines_up
from ivr.lines.protocol import CALL_OVER
from ivr.lines.tickets import CallTicket, Ticket
from ivr.media.doors.server import Refused

log = logging.getLogger(__name__)

RETURN_SECONDS = 30.0
"""How long a telephone may take to come back to a call after its line was lost."""


class LineCalls:
    """`here` tells the calls that are up in this process; `executor` runs what is asked of the database."""

    def __init__(
        self, database: Database, calls: Calls, executor: Executor, here: Callable[[], Collection[UUID]]
    ) -> None:
        self._database = database
        self._calls = calls
        self._executor = executor
        self._here = here
        self._waiting: dict[UUID, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def awaited(self) -> frozenset[UUID]:
        """The calls whose line was lost, and may come back."""
        return frozenset(self._waiting)

    async def why_not(self, token: str, ticket: Ticket) -> Refused | None:
        """Why this ticket lets nobody in: it was used before, or its call is over or unknown. None: it does, once."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, self._why_not, token, ticket)
        except (OperationalError, PoolTimeout) as error:
            log.warning("event=line_without_database error=%s", type(error).__name__)
            return Refused("The call cannot be looked up now.", CloseCode.TRY_AGAIN_LATER)

    def lost(self, call_id: UUID) -> None:
        """The line of a call is lost. If none comes back in time, to whichever media process, the call is ended."""
        loop = asyncio.get_running_loop()
        before = self._waiting.pop(call_id, None)
        if before is not None:
            before.cancel()
        self._waiting[call_id] = loop.call_later(RETURN_SECONDS, self._end_soon, call_id)

    async def close(self) -> None:
        """Wait for no line any more: the calls that were waiting are the reaper's now."""
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
        await asyncio.gather(*self._ending)

    def _end_soon(self, call_id: UUID) -> None:
        del self._waiting[call_id]
        if call_id in self._here():
            return
        task = asyncio.get_running_loop().create_task(self._end(call_id))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self, call_id: UUID) -> None:
        loop = asyncio.get_running_loop()
        try:
            ended = await loop.run_in_executor(self._executor, self._end_unless_up, call_id)
        except (OperationalError, PoolTimeout) as error:
            log.warning("event=lost_call_left_to_reaper call=%s error=%s", call_id, type(error).__name__)
            return
        if ended:
            log.warning("event=line_never_came_back call=%s", call_id)

    def _end_unless_up(self, call_id: UUID) -> bool:
        with self._database.unit() as uow:
            if call_id in lines_up(uow):
                return False
            return self._calls.end(uow, call_id, "failed", state=CallState.FAILED, failure_reason=FailureReason.LOST)

    def _why_not(self, token: str, ticket: Ticket) -> Refused | None:
        with self._database.unit() as uow:
            if not claim(uow, f"line:{hashlib.sha256(token.encode()).hexdigest()}").fresh:
                return Refused("The ticket for this line has been used.")
            if not isinstance(ticket, CallTicket):
                return None
            call = uow.session.get(Call, ticket.call)
            if call is None:
                return Refused("There is no such call.")
            return Refused("The call is over.", CALL_OVER) if call.ended_at is not None else None
