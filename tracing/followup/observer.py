"""The observer of calls that writes follow-up visits, in the transaction of the call's end.

To be told after the observer of records, whose answers it reads, and after that of campaigns.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, select

from core.database import UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.model import Call
from ivr.campaigns.following import ending_of
from ivr.campaigns.model import Campaign, CampaignKind, Target
from tracing import days
from tracing.followup.called import better, note_answers, record_of, result_of, tells_symptoms
from tracing.followup.model import FollowUpVisit
from tracing.followup.stopping import take_off
from tracing.followup.visits import VisitOutcome


class VisitObserver:
    """What a call of follow-up brought stands in its visit, also when the follow-up ended while it was ringing. An
    interview for a list, with somebody who is followed up, is the visit of its day."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """Nothing: a visit is what came of the whole call."""

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        if call.target_id is None:
            return
        own = _first(uow, FollowUpVisit.target_id == call.target_id)
        visits = [own] if own is not None else _of_today(uow, call)
        if not visits:
            return
        ending = ending_of(call, state)
        result = result_of(ending.outcome, spoke=ending.may_go_on)
        record_id = record_of(uow, call)
        for visit in visits:
            if own is None and not _says_something(uow, visit, result, record_id):
                continue
            if result is not None and better(visit.result, result):
                visit.result, visit.at = result, uow.now()
            uow.session.flush()
            if record_id is not None:
                note_answers(uow, visit, record_id)
            if own is None and result is VisitOutcome.COOPERATIVE and visit.target_id is not None:
                take_off(uow, (), [visit.target_id])


def _says_something(uow: UnitOfWork, visit: FollowUpVisit, result: VisitOutcome | None, record_id: UUID | None) -> bool:
    """An interview tells how somebody is if it asked about it; that nobody was reached, any call tells."""
    return result is VisitOutcome.UNAVAILABLE or tells_symptoms(uow, visit, record_id)


def _of_today(uow: UnitOfWork, call: Call) -> list[FollowUpVisit]:
    """Of an interview for a list: for each disease, the first visit of today that is still without a talk."""
    kind = select(Campaign.kind).join(Target, Target.campaign_id == Campaign.id).where(Target.id == call.target_id)
    if call.person_id is None or uow.session.scalar(kind) != CampaignKind.LIST:
        return []
    theirs = (FollowUpVisit.person_id == call.person_id, FollowUpVisit.day == days.today(uow))
    diseases = uow.session.scalars(select(FollowUpVisit.disease).where(*theirs).distinct()).all()
    no_talk = FollowUpVisit.result.is_distinct_from(VisitOutcome.COOPERATIVE)
    first = [_first(uow, *theirs, no_talk, FollowUpVisit.disease == disease) for disease in sorted(diseases)]
    return [visit for visit in first if visit is not None]


def _first(uow: UnitOfWork, *where: ColumnElement[bool]) -> FollowUpVisit | None:
    return uow.session.scalar(
        select(FollowUpVisit)
        .where(*where)
        .order_by(FollowUpVisit.nth)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
