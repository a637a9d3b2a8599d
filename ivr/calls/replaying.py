"""Stored calls made again, many at a time: reads logs, rows and revisions, and leaves the rest to `replay`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.database import UnitOfWork
from core.errors import TracelineError
from ivr.calls.log import LogLine
from ivr.calls.model import Call, CallEvent
from ivr.calls.replay import Replay, Row, replay
from ivr.calls.revisions import Revisions

CALLS_AT_ONCE = 200
"""Calls whose logs are read in one statement."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one stored call. `trouble` says why it could not be made again, in a sentence; empty if it was."""

    call_id: UUID
    replay: Replay
    trouble: str = ""

    @property
    def same(self) -> bool:
        return self.replay.same and not self.trouble

    def __str__(self) -> str:
        """One line, and one more for each thing that differs. They hold what was said: not for a process's log."""
        if self.trouble:
            return f"{self.call_id}: cannot be made again. {self.trouble}"
        if self.same:
            return f"{self.call_id}: the same, {self.replay.turns} turns"
        return "\n".join([f"{self.call_id}: differs", *(f"  {difference}" for difference in self.replay.differences)])


def stored_calls(uow: UnitOfWork, since: datetime | None = None) -> list[UUID]:
    """The ids of all calls (opened since then), in the order in which they were opened."""
    query = select(Call.id).order_by(Call.created_at, Call.id)
    if since is not None:
        query = query.where(Call.created_at >= since)
    return list(uow.session.scalars(query))


def replay_stored(uow: UnitOfWork, revisions: Revisions, ids: Sequence[UUID]) -> Iterator[Replayed]:
    """Make these calls again, those that are still in progress as far as they have come. Changes nothing. An id that
    is no call's is told as trouble."""
    for first in range(0, len(ids), CALLS_AT_ONCE):
        some = ids[first : first + CALLS_AT_ONCE]
        found = {row.id: row for row in uow.session.execute(_logs(some))}
        for call_id in some:
            yield _replayed(uow, revisions, call_id, found.get(call_id))


def _replayed(uow: UnitOfWork, revisions: Revisions, call_id: UUID, row: Any) -> Replayed:
    if row is None:
        return Replayed(call_id, Replay(0), "There is no such call.")
    lines = [
        LogLine(seq, turn, datetime.fromisoformat(at), kind, data) for seq, turn, at, kind, data in row.lines or ()
    ]
    if not any(line.kind == "opened" for line in lines):
        return Replayed(call_id, Replay(0), "Its log does not say how it was opened.")
    came_to = Row(row.script_state, row.language, row.end_reason or "")
    try:
        return Replayed(call_id, replay(partial(revisions.at, uow), lines, came_to))
    except TracelineError as error:
        return Replayed(call_id, Replay(0), str(error))


def _logs(ids: Sequence[UUID]) -> Select[Any]:
    """Row and log of each call in one statement, so that a turn taken meanwhile is in both or in neither."""
    line = CallEvent.__table__.c
    packed = func.json_build_array(line.seq, line.turn, line.at, line.kind, line.data)
    lines = (
        select(func.json_agg(aggregate_order_by(packed, line.seq)))
        .where(line.call_id == Call.id)
        .correlate(Call)
        .scalar_subquery()
    )
    columns = (Call.id, Call.script_state, Call.language, Call.end_reason, lines.label("lines"))
    return select(*columns).where(Call.id.in_(ids))
