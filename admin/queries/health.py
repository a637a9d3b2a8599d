"""How processes, models and carriers fare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from audio.models.registry import Model
from core.database import UnitOfWork
from core.heartbeats import Heartbeat
from core.outbox import OutboxRow
from ivr.calls.model import Call

# A process beats every few seconds. Silent this long, it counts as gone; this long, it is no longer listed.
SILENT_AFTER = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(hours=1)
# What every installation runs, and what runs unless it is switched off.
EXPECTED = ("web", "media", "worker", "slow-worker", "scheduler")
SIP = "sip"


@dataclass(frozen=True, slots=True)
class Process:
    """A process by its last sign of life."""

    beat: Heartbeat
    alive: bool


def list_processes(uow: UnitOfWork, sip: bool) -> tuple[Sequence[Process], Sequence[str]]:
    """The processes seen lately, and the kinds of which none is alive although one should be. `sip`: whether telephone
    lines are switched on."""
    now = uow.now()
    rows = uow.session.scalars(
        select(Heartbeat).where(Heartbeat.at > now - FORGOTTEN_AFTER).order_by(Heartbeat.kind, Heartbeat.process)
    ).all()
    processes = [Process(row, row.at > now - SILENT_AFTER) for row in rows]
    alive = {process.beat.kind for process in processes if process.alive}
    expected = (*EXPECTED, SIP) if sip else EXPECTED
    return processes, [kind for kind in expected if kind not in alive]


def full_gateways(processes: Sequence[Process]) -> list[Process]:
    """The living SIP gateways that have no room for another call: people who ring may hear the busy tone."""
    return [one for one in processes if one.alive and one.beat.kind == SIP and one.beat.status.get("full")]


@dataclass(frozen=True, slots=True)
class SpeechHealth:
    """Whether callers may answer in a language by voice. `state`: `ready`, or why they answer by keys only: `no_model`,
    `switched_off`, `no_media`, `loading` (or another state of the recogniser that is not ready)."""

    language: str
    state: str
    model: str = ""
    workers: int = 0
    wanted: int = 0
    sessions: int = 0
    crashes: int = 0
    refused: int = 0
    """Answers left to keys because a recogniser more would have made others late."""
    load_percent: int = 0
    """How much of the recognisers' time goes into listening now, where they are busiest."""
    error: str = ""
    certain: bool = True
    """Whether an answer can be settled by voice alone; else every yes to a read-back goes by keys."""

    @property
    def ready(self) -> bool:
        return self.state == "ready"


def speech_of(
    language: str, processes: Sequence[Process], models: Mapping[str, Model], recogniser_workers: int
) -> SpeechHealth:
    """What the living media processes say of a language; when none does, what is known of its model here. Pure."""
    media = [process.beat for process in processes if process.alive and process.beat.kind == "media"]
    told = [one for beat in media for one in beat.status.get("recogniser", ()) if one["language"] == language]
    if told:
        workers, wanted, sessions, crashes = (
            sum(one[name] for one in told) for name in ("workers", "wanted", "sessions", "crashes")
        )
        refused = sum(one.get("refused", 0) for one in told)
        load = round(100 * max(one.get("load", 0.0) for one in told))
        state = next((one["state"] for one in told if one["state"] == "ready"), told[0]["state"])
        known = (told[0]["model"], workers, wanted, sessions, crashes, refused, load)
        error = told[0]["last_error"] if state == "failed" else ""
        return SpeechHealth(language, state, *known, error, all(one.get("certain", True) for one in told))
    model = models.get(language)
    if model is None:
        return SpeechHealth(language, "no_model")
    if not recogniser_workers:
        return SpeechHealth(language, "switched_off", model.name)
    return SpeechHealth(language, "loading" if media else "no_media", model.name)


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
            func.count().filter(Call.failure_reason.in_(("provider_error", "lost", "not_dialed"))),
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
