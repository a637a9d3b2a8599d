"""When a day is over: visits that brought nothing get their result, and what follows from the day follows.

Each follow-up knows the first day that nobody settled yet (`FollowUp.settle_next`). Days are settled one after another,
also those that a scheduler slept through; a day of which a call still goes on waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import cast, exists, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from core.database import Database, UnitOfWork
from core.ids import new_id
from ivr.campaigns.model import Attempt, Target, TargetState
from tracing import days
from tracing.cases.axes import FollowUpStatus
from tracing.cases.changes import happen_if_possible, lock_contacts
from tracing.cases.events import Lost, PeriodCompleted
from tracing.cases.model import Contact, ContactChange
from tracing.followup.called import RESULTS
from tracing.followup.knowing import MISSED, on_file
from tracing.followup.loss import close_day
from tracing.followup.model import FollowUp, FollowUpVisit, PeriodAdjustment
from tracing.followup.period import Extended, Period
from tracing.followup.plan import plan
from tracing.followup.planning import replan_people
from tracing.followup.visits import VisitOutcome, VisitResult
from tracing.people.model import Person
from tracing.rules.rulebook import shipped

_BATCH = 500
# Nobody called at any hour: noon, so that the day is the department's in every zone.
_NOON = time(12)


def settle_days(database: Database) -> int:
    """The tick: settle the days that are over, in batches, each a transaction of its own; returns how many. Safe to run
    in many places at once; a day settled twice is as one settled once."""
    settled = 0
    while True:
        with database.unit() as uow:
            batch = _open_days(uow)
            for disease in sorted({disease for _, disease, _ in batch}):
                _settle(uow, disease, {person: day for person, of, day in batch if of == disease})
        settled += len(batch)
        if not batch:
            return settled


def _open_days(uow: UnitOfWork) -> list[tuple[UUID, str, date]]:
    """Whose first open day is over and has no call going on. The people are locked, before their contacts as
    everywhere."""
    calling = exists().where(
        FollowUpVisit.person_id == FollowUp.person_id,
        FollowUpVisit.disease == FollowUp.disease,
        FollowUpVisit.day == FollowUp.settle_next,
        Target.id == FollowUpVisit.target_id,
        Target.state == TargetState.CALLING,
    )
    due = (
        select(FollowUp.person_id, FollowUp.disease, FollowUp.settle_next)
        .join(Person, Person.id == FollowUp.person_id)
        .where(FollowUp.superseded_at.is_(None), FollowUp.settle_next < days.today(uow), ~calling)
        .order_by(FollowUp.settle_next, FollowUp.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True, key_share=True, of=Person)
    )
    return [(person, disease, day) for person, disease, day in uow.session.execute(due) if day is not None]


def _settle(uow: UnitOfWork, disease: str, open_days: Mapping[UUID, date]) -> None:
    """Settle the first open day of each of these people."""
    contacts = lock_contacts(uow, open_days.keys(), disease)
    found = on_file(uow, open_days.keys(), contacts, disease)
    still_open = {
        person_id: day
        for person_id, day in open_days.items()
        if (current := found[person_id].current) is not None and current.settle_next == day
    }
    _fill_in(uow, disease, still_open)
    going_on = {}
    for person_id, day in still_open.items():
        each = found[person_id]
        assert each.current is not None
        made = plan(shipped(), disease, each.known) if each.known is not None else None
        followed = [contact for contact in each.active if contact.follow_up == FollowUpStatus.FOLLOW_UP]
        if made is None or made.period is None or not followed:
            each.current.settle_next = None
        else:
            each.current.settle_next = day + timedelta(days=1)
            going_on[person_id] = _GoingOn(day, made.period, followed)
    since = _followed_since(uow, [contact for one in going_on.values() for contact in one.followed])
    results = _results(uow, disease, {person_id: one.period.first for person_id, one in going_on.items()})
    changed = set()
    for person_id, one in going_on.items():
        began = max((since[contact.id] for contact in one.followed if contact.id in since), default=date.min)
        talks = [talk for talk in results.get(person_id, ()) if talk.day >= began]
        what = close_day(one.day, one.period, talks)
        if what is not None:
            changed.add(person_id)
            _write(uow, person_id, disease, one.followed, what)
    replan_people(uow, changed, disease)


@dataclass(frozen=True, slots=True)
class _GoingOn:
    """A follow-up that goes on: the day to settle, its period, and the contacts who are followed up."""

    day: date
    period: Period
    followed: Sequence[Contact]


def _write(
    uow: UnitOfWork,
    person_id: UUID,
    disease: str,
    followed: Iterable[Contact],
    what: Extended | PeriodCompleted | Lost,
) -> None:
    if isinstance(what, Extended):
        row = insert(PeriodAdjustment).values(
            id=new_id(), person_id=person_id, disease=disease, kind=MISSED, day=what.missed, at=uow.now()
        )
        uow.session.execute(row.on_conflict_do_nothing())
    else:
        for contact in followed:
            happen_if_possible(uow, contact, what, by=None, why="rule")


def _fill_in(uow: UnitOfWork, disease: str, open_days: Mapping[UUID, date]) -> None:
    """A visit without a result did not take place: we did not call, or no call got through. One that was dialed in vain
    has its result from the call."""
    for day in sorted(set(open_days.values())):
        people = [person_id for person_id, its in open_days.items() if its == day]
        uow.session.execute(
            update(FollowUpVisit)
            .where(FollowUpVisit.person_id.in_(people), FollowUpVisit.disease == disease)
            .where(FollowUpVisit.day <= day, FollowUpVisit.result.is_(None))
            .values(result=VisitOutcome.NOT_PERFORMED)
            .execution_options(synchronize_session=False)
        )


def _followed_since(uow: UnitOfWork, followed: Sequence[Contact]) -> dict[UUID, date]:
    """The day on which each contact's follow-up last began: what was before somebody was found again says nothing of
    today."""
    began = (
        select(ContactChange.contact_id, func.max(ContactChange.at))
        .where(ContactChange.contact_id.in_([contact.id for contact in followed]))
        .where(ContactChange.what == "follow_up", ContactChange.after == cast(FollowUpStatus.FOLLOW_UP, JSONB))
        .group_by(ContactChange.contact_id)
    )
    return {
        contact_id: days.local(uow, at).date()
        for contact_id, at in uow.session.execute(began)
        if contact_id is not None
    }


def _results(uow: UnitOfWork, disease: str, since: Mapping[UUID, date]) -> dict[UUID, list[VisitResult]]:
    """Every try of the visits since a day, with its hour: of a visit in vain each dial counts by itself."""
    earliest = min(since.values(), default=date.max)
    visits = uow.session.scalars(
        select(FollowUpVisit)
        .where(FollowUpVisit.person_id.in_(since), FollowUpVisit.disease == disease, FollowUpVisit.day >= earliest)
        .where(FollowUpVisit.result.is_not(None))
        .execution_options(populate_existing=True)
    ).all()
    tries = _dials(uow, [visit.target_id for visit in visits if visit.target_id is not None])
    found: dict[UUID, list[VisitResult]] = {}
    for visit in visits:
        outcome = VisitOutcome(str(visit.result))
        noon = datetime.combine(visit.day, _NOON, days.zone(uow))
        at = days.local(uow, visit.at) if visit.at is not None else noon
        dials = tries.get(visit.target_id, []) if outcome is VisitOutcome.UNAVAILABLE and visit.target_id else []
        # A visit noted on a later day belongs to its own.
        own = [moment for moment in dials or [at] if moment.date() == visit.day] or [noon]
        found.setdefault(visit.person_id, []).extend(VisitResult(moment, outcome) for moment in own)
    return found


def _dials(uow: UnitOfWork, targets: Sequence[UUID]) -> dict[UUID, list[datetime]]:
    """When each of these was dialed in vain."""
    vain = [outcome for outcome, result in RESULTS.items() if result is VisitOutcome.UNAVAILABLE]
    found: dict[UUID, list[datetime]] = {}
    for attempt in uow.session.scalars(
        select(Attempt).where(Attempt.target_id.in_(targets), Attempt.outcome.in_(vain)).order_by(Attempt.number)
    ):
        if attempt.placing_at is not None:
            found.setdefault(attempt.target_id, []).append(days.local(uow, attempt.placing_at))
    return found
