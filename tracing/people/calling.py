"""Calls to two entries that turn out to be one person: what is on the line goes on, and nobody is called twice for one
thing.

The caller has locked the calls and targets of both (`tracing.people.locking`).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, exists, select

from core.database import UnitOfWork
from ivr.campaigns.model import Target, TargetState
from ivr.campaigns.words import GIVEN_UP, Disposition
from tracing.followup.model import FollowUpVisit
from tracing.people.journal import Journal


def join_visits(uow: UnitOfWork, journal: Journal, goes: UUID, stays: UUID) -> None:
    """Visits of one day: two that are still to come are one. A visit that has happened, or whose call is on the line,
    is kept, as another visit of that day if need be."""
    there = {(v.disease, v.day, v.nth): v for v in _visits(uow, stays)}
    going = _visits(uow, goes)
    used = [(v.disease, v.day, v.nth) for v in [*there.values(), *going]]
    for visit in going:
        other = there.get((visit.disease, visit.day, visit.nth))
        if other is None:
            continue
        if not _has_begun(uow, visit):
            _strike(uow, journal, visit)
        elif not _has_begun(uow, other):
            _strike(uow, journal, other)
        else:
            free = max(nth for disease, day, nth in used if (disease, day) == (visit.disease, visit.day)) + 1
            used.append((visit.disease, visit.day, free))
            journal.change("follow_up_visit", visit.id, {"nth": free})


def join_targets(uow: UnitOfWork, journal: Journal, goes: UUID, stays: UUID) -> None:
    """Targets of one campaign and script: one call. The one that is on the line, or was answered, or came furthest is
    that of the person; the other stays with the entry that goes, and is not dialed any more. Calls of follow-up go by
    their visits."""
    of_visit = exists().where(FollowUpVisit.target_id == Target.id)
    found = select(Target).where(~of_visit).execution_options(populate_existing=True)
    mine = {(t.campaign_id, t.script): t for t in _newest_last(uow, found.where(Target.person_id == stays))}
    for target in _newest_last(uow, found.where(Target.person_id == goes)):
        other = mine.get((target.campaign_id, target.script))
        if other is None:
            continue
        first, second = sorted((other, target), key=_claim)
        if second.state != TargetState.DONE:
            _call_off(uow, journal, second)
        if target.script is None:  # a list names a person once
            if first is target:
                journal.move("target", "person_id", [target.id], None)
                journal.move("target", "person_id", [other.id], goes)
                journal.move("target", "person_id", [target.id], stays)
            journal.leave("target", second.id)


def _newest_last(uow: UnitOfWork, query: Select[Target]) -> Sequence[Target]:
    """Of several calls that are owed, the newest counts."""
    return uow.session.scalars(query.order_by(Target.id)).all()


_OVER = frozenset(Disposition) - GIVEN_UP - {Disposition.OVERDUE, Disposition.CALLED_OFF}


def _claim(target: Target) -> tuple[int, int]:
    """The smaller, the more it is this target that counts."""
    if target.state == TargetState.CALLING:
        return 0, 0
    if target.state == TargetState.DONE:
        return (1 if target.disposition in _OVER else 3), 0
    return 2, -len((target.resume_state or {}).get("answers", ()))


def _visits(uow: UnitOfWork, person: UUID) -> Sequence[FollowUpVisit]:
    found = select(FollowUpVisit).where(FollowUpVisit.person_id == person).order_by(FollowUpVisit.id)
    return uow.session.scalars(found.execution_options(populate_existing=True)).all()


def _has_begun(uow: UnitOfWork, visit: FollowUpVisit) -> bool:
    if visit.result is not None:
        return True
    target = uow.session.get(Target, visit.target_id) if visit.target_id is not None else None
    return target is not None and target.state != TargetState.WAITING


def _strike(uow: UnitOfWork, journal: Journal, visit: FollowUpVisit) -> None:
    target = uow.session.get(Target, visit.target_id) if visit.target_id is not None else None
    journal.remove("follow_up_visit", visit.id)
    if target is not None:
        _call_off(uow, journal, target)


def _call_off(uow: UnitOfWork, journal: Journal, target: Target) -> None:
    """Nobody dials it any more. One that is on the line ends as it ends, and then its last moment has passed."""
    if target.state == TargetState.CALLING:
        journal.change("target", target.id, {"last_moment": uow.now()})
    else:
        ended = {"state": TargetState.DONE, "disposition": Disposition.CALLED_OFF, "done_at": uow.now()}
        journal.change("target", target.id, ended, whole=True)
