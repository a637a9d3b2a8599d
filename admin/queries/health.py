"""How processes, models and carriers fare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from core.database import UnitOfWork
from core.heartbeats import Heartbeat
from core.outbox import OutboxRow
from ivr.calls.model import Call

# A process beats every few seconds. Silent this long, it counts as gone; this long, it is no longer listed.
SILENT_AFTER = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(hours=1)
EXPECTED = ("web", "media", "worker", "scheduler")


@dataclass(frozen=True, slots=True)
class Process:
    """A process by its last sign of life."""

    beat: Heartbeat
    alive: bool


def list_processes(uow: UnitOfWork) -> tuple[Sequence[Process], Sequence[str]]:
    """The processes seen lately, and the kinds of which none is alive."""
    now = uow.now()
    rows = uow.session.scalars(
        select(Heartbeat).where(Heartbeat.at > now - FORGOTTEN_AFTER).order_by(Heartbeat.kind, Heartbeat.process)
    ).all()
    processes = [Process(row, row.at > now - SILENT_AFTER) for row in rows]
    alive = {process.beat.kind for process in processes if process.alive}
    return processes, [kind for kind in EXPECTED if kind not in alive]


@dataclass(frozen=True, slots=True)
class CarrierHealth:
    """What a carrier did in the last hour."""

    name: str
    calls: int
    answered: int
    trouble: int
    live: int
    last_at: datetime | None


def list_carriers(uow: UnitOfWork, known: Sequence[str]) -> list[CarrierHealth]:
    """Every known carrier, whether or not it had calls. Counts only: no area is needed."""
    since = uow.now() - timedelta(hours=1)
    rows = uow.session.execute(
        select(
            Call.carrier,
            func.count(),
            func.count().filter(Call.answered_at.is_not(None)),
            func.count().filter(Call.failure_reason.in_(("provider_error", "lost"))),
            func.count().filter(Call.ended_at.is_(None)),
            func.max(Call.created_at),
        )
        .where(Call.created_at > since)
        .group_by(Call.carrier)
    )
    found = {row[0]: CarrierHealth(*row) for row in rows}
    names = [*known, *sorted(found.keys() - set(known))]
    return [found.get(name) or CarrierHealth(name, 0, 0, 0, 0, None) for name in names]


@dataclass(frozen=True, slots=True)
class OutboxHealth:
    """Jobs that were due and are not done, and how long the oldest has been due."""

    waiting: int
    oldest: datetime | None


def outbox_health(uow: UnitOfWork) -> OutboxHealth:
    """What the workers are behind with."""
    row = uow.session.execute(
        select(func.count(), func.min(OutboxRow.due_at)).where(
            OutboxRow.done_at.is_(None), OutboxRow.due_at <= uow.now()
        )
    ).one()
    return OutboxHealth(*row)
