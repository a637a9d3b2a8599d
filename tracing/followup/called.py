"""What a call of follow-up was: the result of its visit, and the symptoms that were told.

Several calls may be made for one visit; what the best of them brought stays: somebody who answered in the evening has
not been unavailable in the morning.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from ivr.calls.model import Call
from ivr.campaigns.words import Outcome
from tracing.followup.model import FollowUp, FollowUpVisit
from tracing.followup.visits import VisitOutcome
from tracing.records.model import Record, RecordAnswer
from tracing.rules.model import Assessment, Sign
from tracing.rules.risk import LOW, assess
from tracing.rules.rulebook import shipped

log = logging.getLogger(__name__)

RESULTS: Mapping[str, VisitOutcome] = {
    Outcome.COMPLETED: VisitOutcome.COOPERATIVE,
    Outcome.REFUSED: VisitOutcome.UNCOOPERATIVE,
    Outcome.INELIGIBLE: VisitOutcome.UNAVAILABLE,
    Outcome.WRONG_PERSON: VisitOutcome.UNAVAILABLE,
    Outcome.CALLBACK: VisitOutcome.UNAVAILABLE,
    Outcome.BREAKOFF: VisitOutcome.UNAVAILABLE,  # unless they had said who they are
    Outcome.MACHINE: VisitOutcome.UNAVAILABLE,
    Outcome.BUSY: VisitOutcome.UNAVAILABLE,
    Outcome.NO_ANSWER: VisitOutcome.UNAVAILABLE,
    Outcome.REJECTED: VisitOutcome.UNAVAILABLE,
    Outcome.UNREACHABLE: VisitOutcome.UNAVAILABLE,
}
"""What a call that ended so says about the person. Calls that the network did not put through say nothing: they are
not in it, and a day with no others is one on which we did not call."""
_RANK = {
    None: -1,
    VisitOutcome.NOT_PERFORMED: 0,
    VisitOutcome.UNAVAILABLE: 1,
    VisitOutcome.UNCOOPERATIVE: 2,
    VisitOutcome.COOPERATIVE: 3,
}


def result_of(outcome: str, spoke: bool) -> VisitOutcome | None:
    """What a call that ended with `outcome` makes of its visit; None: nothing. `spoke`: the person had said who they
    are and answered."""
    if outcome == Outcome.BREAKOFF and spoke:
        return VisitOutcome.UNCOOPERATIVE
    return RESULTS.get(outcome)


def better(before: str | None, now: VisitOutcome) -> bool:
    """Whether `now` says more than what stands."""
    return _RANK[now] > _RANK[None if before is None else VisitOutcome(before)]


def note_answers(uow: UnitOfWork, visit: FollowUpVisit, record_id: UUID) -> None:
    """Symptoms and risk of the visit, from the answers of its record that count now, as the rulebook of the follow-up
    has them. Also after somebody corrected an answer."""
    answers = _answers(uow, record_id)
    visit.record_id = record_id
    assessment = _assessment(uow, visit)
    if assessment is None:
        return
    visit.symptoms = _symptoms(assessment, answers)
    try:
        level = assess(assessment, answers).level
        # Who hung up after one "no" is not well: a low risk needs a whole talk.
        visit.risk = level if level != LOW or visit.result == VisitOutcome.COOPERATIVE else None
    except UserError:  # an answer that no form would take, kept as it was given: the call ends all the same
        log.warning("event=risk_unknown visit=%s", visit.id)
        visit.risk = None


def tells_symptoms(uow: UnitOfWork, visit: FollowUpVisit, record_id: UUID | None) -> bool:
    """Whether the record answers anything that the visit would have asked."""
    assessment = _assessment(uow, visit)
    if assessment is None or record_id is None:
        return False
    answers = _answers(uow, record_id)
    return any(sign.id in answers for sign in _signs(assessment))


def visit_of_record(uow: UnitOfWork, record_id: UUID) -> FollowUpVisit | None:
    """The visit that brought a record, locked."""
    return uow.session.scalar(
        select(FollowUpVisit)
        .where(FollowUpVisit.record_id == record_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def record_of(uow: UnitOfWork, call: Call) -> UUID | None:
    """The record that the calls of this call's target filled, if it is the person's."""
    return uow.session.scalar(
        select(Record.id)
        .join(Call, Call.id == Record.call_id)
        .where(Call.target_id == call.target_id, Record.person_id == call.person_id)
        .order_by(Record.created_at.desc())
        .limit(1)
    )


def _assessment(uow: UnitOfWork, visit: FollowUpVisit) -> Assessment | None:
    """That of the rule which the follow-up cites."""
    rule = uow.session.scalar(
        select(FollowUp.rule)
        .where(FollowUp.person_id == visit.person_id, FollowUp.disease == visit.disease)
        .order_by(FollowUp.at.desc(), FollowUp.id.desc())
        .limit(1)
    )
    return next((each.assessment for each in shipped().rules if each.name == rule), None)


def _answers(uow: UnitOfWork, record_id: UUID) -> dict[str, Any]:
    current = select(RecordAnswer.field, RecordAnswer.value).where(
        RecordAnswer.record_id == record_id, RecordAnswer.superseded_at.is_(None)
    )
    return {row.field: row.value for row in uow.session.execute(current)}


def _signs(assessment: Assessment) -> list[Sign]:
    return [*assessment.red_flags, *(sign for group in assessment.symptoms for sign in group.symptoms)]


def _symptoms(assessment: Assessment, answers: Mapping[str, Any]) -> list[str]:
    return [sign.id for sign in _signs(assessment) if answers.get(sign.id) is True]
