"""When a day is over: visits that brought nothing get their result, and what follows from the day follows.

Each follow-up knows the first day that nobody settled yet (`FollowUp.settle_next`). Days are settled one after another,
also those that a scheduler slept through; a day of which a call still goes on waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import cast, exists, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from core.database import Database, UnitOfWork
from core.ids import new_id
from ivr.campaigns.model import Attempt, Target, TargetState
from tracing import days
from tracing.cases.axes import FollowUpStatus
from tracing.cases.changes import happen_if_possible, lock_contacts
from tracing.cases.model import Contact, ContactChange
from tracing.followup.called import RESULTS
from tracing.followup.knowing import MISSED, OnFile, on_file
from tracing.followup.loss import close_day
from tracing.followup.model import FollowUp, FollowUpVisit, PeriodAdjustment
from tracing.followup.period import Extended, Period
from tracing.followup.plan import plan
from tracing.followup.planning import replan
from tracing.followup.visits import VisitOutcome, VisitResult
from tracing.people.model import Person
from tracing.rules.rulebook import shipped

_BATCH = 100
# Nobody called at any hour: noon, so that the day is the department's in every zone.
_NOON = time(12)


def settle_days(database: Database) -> int:
    """The tick: settle the days that are over, in batches, each a transaction of its own; returns how many. Safe to run
    in many places at once; a day settled twice is as one settled once."""
    settled = 0
    while True:
        with database.unit() as uow:
            batch = _open_days(uow)
            for person_id, disease, day in batch:
                _settle(uow, person_id, disease, day)
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


def _settle(uow: UnitOfWork, person_id: UUID, disease: str, day: date) -> None:
    contacts = lock_contacts(uow, [person_id], disease)
    each = on_file(uow, [person_id], contacts, disease)[person_id]
    current = each.current
    if current is None or current.settle_next != day:
        return  # somebody else was faster
    _fill_in(uow, person_id, disease, day)
    made = plan(shipped(), disease, each.known) if each.known is not None else None
    followed = [contact for contact in each.active if contact.follow_up == FollowUpStatus.FOLLOW_UP]
    if made is None or made.period is None or not followed:
        current.settle_next = None
        return
    current.settle_next = day + timedelta(days=1)
    _follow(uow, each, day, made.period, followed)
    replan(uow, person_id, disease)


def _follow(uow: UnitOfWork, each: OnFile, day: date, period: Period, followed: Sequence[Contact]) -> None:
    """What follows from the day, written down."""
    contact = followed[0]
    since = _followed_since(uow, followed)
    what = close_day(day, period, _results(uow, contact.person_id, contact.disease, max(since.date(), period.first)))
    if isinstance(what, Extended):
        row = insert(PeriodAdjustment).values(
            id=new_id(),
            person_id=contact.person_id,
            disease=contact.disease,
            kind=MISSED,
            day=what.missed,
            at=uow.now(),
        )
        uow.session.execute(row.on_conflict_do_nothing())
    elif what is not None:
        for one in followed:
            happen_if_possible(uow, one, what, by=None, why=f"{day}")


def _fill_in(uow: UnitOfWork, person_id: UUID, disease: str, day: date) -> None:
    """A visit without a result did not take place: we did not call, or no call got through. One that was dialed in vain
    has its result from the call."""
    for visit in uow.session.scalars(
        select(FollowUpVisit)
        .where(FollowUpVisit.person_id == person_id, FollowUpVisit.disease == disease)
        .where(FollowUpVisit.day <= day, FollowUpVisit.result.is_(None))
        .order_by(FollowUpVisit.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        visit.result = VisitOutcome.NOT_PERFORMED
    uow.session.flush()


def _followed_since(uow: UnitOfWork, followed: Iterable[Contact]) -> datetime:
    """When the follow-up last began: what was before somebody was found again says nothing of today."""
    began = (
        select(ContactChange.at)
        .where(ContactChange.contact_id.in_([contact.id for contact in followed]))
        .where(ContactChange.what == "follow_up", ContactChange.after == cast(FollowUpStatus.FOLLOW_UP, JSONB))
        .order_by(ContactChange.at.desc())
        .limit(1)
    )
    found = uow.session.scalar(began)
    return days.local(uow, found or min(contact.reported_at for contact in followed))


def _results(uow: UnitOfWork, person_id: UUID, disease: str, since: date) -> list[VisitResult]:
    """Every try of the visits since a day, with its hour: of a visit in vain each dial counts by itself."""
    visits = uow.session.scalars(
        select(FollowUpVisit)
        .where(FollowUpVisit.person_id == person_id, FollowUpVisit.disease == disease, FollowUpVisit.day >= since)
        .where(FollowUpVisit.result.is_not(None))
    ).all()
    tries = _dials(uow, [visit.target_id for visit in visits if visit.target_id is not None])
    found = []
    for visit in visits:
        outcome = VisitOutcome(str(visit.result))
        noon = datetime.combine(visit.day, _NOON, days.zone(uow))
        at = days.local(uow, visit.at) if visit.at is not None else noon
        dials = tries.get(visit.target_id, []) if outcome is VisitOutcome.UNAVAILABLE and visit.target_id else []
        # A visit noted on a later day belongs to its own.
        own = [moment for moment in dials or [at] if moment.date() == visit.day] or [noon]
        found += [VisitResult(moment, outcome) for moment in own]
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
