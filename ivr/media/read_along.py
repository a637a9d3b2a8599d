"""Captions: a call to be read along while it is held, in the very words of its transcript (`ivr.calls.transcript`).

They are read from the call's log after each turn, so they say what is on file and nothing else; each has its `number`
in the transcript, by which a telephone that comes back knows what it has shown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Protocol
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import Database
from flows.engine.events import Event
from ivr.calls.log import Aside, read_log
from ivr.calls.transcript import Utterance, transcript
from ivr.lines.protocol import Caption
from ivr.media.turns import Next, Recorded, Spoken, Turns

log = logging.getLogger(__name__)


class Reader(Protocol):
    """Whoever reads along: a line whose ticket asks for it."""

    async def caption(self, caption: Caption) -> None: ...


class CaptionedTurns:
    """Turns of one call, each told to its reader once it is taken. A caption that cannot be read is left out: the call
    matters more, and the next turn brings it."""

    def __init__(self, turns: Turns, reader: Reader, database: Database, executor: Executor) -> None:
        self._turns = turns
        self._reader = reader
        self._database = database
        self._executor = executor
        self._told = 0

    async def begin(self, call_id: UUID) -> Next:
        step = await self._turns.begin(call_id)
        await self._tell(call_id)
        return step

    async def take(
        self, call_id: UUID, turn: int, event: Event | Recorded | Spoken, asides: Sequence[Aside] = ()
    ) -> Next:
        step = await self._turns.take(call_id, turn, event, asides)
        await self._tell(call_id)
        return step

    async def remark(self, call_id: UUID, asides: Sequence[Aside]) -> None:
        await self._turns.remark(call_id, asides)

    def at(self) -> str:
        return self._turns.at()

    async def _tell(self, call_id: UUID) -> None:
        loop = asyncio.get_running_loop()
        try:
            lines = await loop.run_in_executor(self._executor, self._transcript, call_id)
        except (OperationalError, PoolTimeout) as error:
            log.warning("event=captions_late call=%s error=%s", call_id, type(error).__name__)
            return
        for number, line in enumerate(lines[self._told :], self._told):
            await self._reader.caption(
                Caption(line.who, line.kind, line.text, {**line.data, "turn": line.turn, "number": number})
            )
        self._told = len(lines)

    def _transcript(self, call_id: UUID) -> Sequence[Utterance]:
        with self._database.unit() as uow:
            return transcript(read_log(uow, call_id))
