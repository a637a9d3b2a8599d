"""Which call a stream belongs to: it names our call, and must be the very call that the carrier gave to it."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import Database
from ivr.calls.model import Call
from ivr.carriers.twilio_streams.codec import Started

log = logging.getLogger(__name__)


class ExpectedCalls:
    """The open calls of these carriers. `executor` runs the look-ups."""

    def __init__(self, database: Database, executor: Executor, *carriers: str) -> None:
        self._database = database
        self._executor = executor
        self._carriers = carriers

    async def __call__(self, started: Started) -> UUID | None:
        """The call the stream belongs to; None for an unknown, ended or foreign one, logged with the reason."""
        try:
            call_id = UUID(started.call_id)
        except ValueError:
            log.warning("event=stream_names_no_call stream=%s", started.stream_sid)
            return None
        loop = asyncio.get_running_loop()
        try:
            reason = await loop.run_in_executor(self._executor, self._why_not, call_id, started.call_sid)
        except (OperationalError, PoolTimeout) as error:
            reason = type(error).__name__
        if reason:
            log.warning("event=stream_unexpected stream=%s call=%s reason=%s", started.stream_sid, call_id, reason)
            return None
        return call_id

    def _why_not(self, call_id: UUID, call_sid: str) -> str:
        query = select(Call.carrier, Call.provider_ref, Call.ended_at).where(Call.id == call_id)
        with self._database.unit() as uow:
            row = uow.session.execute(query).one_or_none()
        if row is None:
            return "unknown_call"
        if row.carrier not in self._carriers:
            return "other_carrier"
        if row.provider_ref != call_sid:
            return "other_call_sid"
        return "ended" if row.ended_at is not None else ""
