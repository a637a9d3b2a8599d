"""The observer of calls that writes follow-up visits, in the transaction of the call's end.

To be told after the observer of records, whose answers it reads, and after that of campaigns.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from core.database import UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.model import Call
from ivr.campaigns.following import ending_of
from tracing.followup.called import better, note_answers, record_of, result_of
from tracing.followup.model import FollowUpVisit


class VisitObserver:
    """What a call of follow-up brought stands in its visit, also when the follow-up ended while it was ringing."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """Nothing: a visit is what came of the whole call."""

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        if call.target_id is None:
            return
        visit = uow.session.scalar(
            select(FollowUpVisit)
            .where(FollowUpVisit.target_id == call.target_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if visit is None:
            return
        ending = ending_of(call, state)
        result = result_of(ending.outcome, spoke=ending.may_go_on)
        if result is not None and better(visit.result, result):
            visit.result, visit.at = result, uow.now()
        uow.session.flush()
        record_id = record_of(uow, call)
        if record_id is not None:
            note_answers(uow, visit, record_id)
