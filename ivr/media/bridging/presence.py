"""Who is on the line now, for everybody outside the media processes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from core.database import UnitOfWork
from core.heartbeats import Heartbeat
from flows.engine.state import Answer, State
from ivr.calls.model import Call
from ivr.media.bridging.model import LEG, WaitingLine

FRESH = timedelta(seconds=15)
"""A media process beats every two seconds; of one that has been silent for longer, nobody is on the line."""


@dataclass(frozen=True, slots=True)
class OnLine:
    """A caller in a room: since when, with somebody since when, and where a browser meets them."""

    since: datetime
    talks_since: datetime | None
    address: str


def on_line(uow: UnitOfWork, rooms: Collection[str]) -> dict[str, OnLine]:
    """Those of the rooms in which a caller is, on a media process that is alive."""
    rows = uow.session.execute(
        select(WaitingLine.room, WaitingLine.since, WaitingLine.talks_since, WaitingLine.address)
        .join(Call, Call.id == WaitingLine.call_id)
        .join(Heartbeat, Heartbeat.process == WaitingLine.process)
        .where(WaitingLine.room.in_(rooms), Call.ended_at.is_(None), Heartbeat.at > uow.now() - FRESH)
    )
    return {room: OnLine(since, talks_since, address) for room, since, talks_since, address in rows}


def has_begun(uow: UnitOfWork, call_id: UUID, target: str) -> bool:
    """Whether a call that is to be bridged to `target` has waited there before, and lost its line."""
    room = uow.session.scalar(select(WaitingLine.room).where(WaitingLine.call_id == call_id))
    return room is not None and (room == target or (room.startswith(LEG) and not target.startswith("queue:")))


class LeavesRooms:
    """The observer of calls that takes away what a call leaves behind when its media process dies."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """Answers are none of our business."""

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        uow.session.execute(delete(WaitingLine).where(WaitingLine.call_id == call.id))
