"""A follow-up that somebody made in person, written down by hand.

Rows are locked in the order of `tracing.cases.changes`: person, then contacts; visits after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing import days
from tracing.cases.axes import ContactStatus, FollowUpStatus
from tracing.cases.events import FoundAgain
from tracing.cases.model import Contact
from tracing.cases.service import change_contact
from tracing.followup.model import FollowUpVisit
from tracing.followup.stopping import take_off
from tracing.followup.visits import VisitOutcome
from tracing.people.model import Person

VISIT = "visit"


@dataclass(frozen=True, slots=True)
class VisitInPerson:
    """What came of it; `symptoms` are ids of the rule's signs. `day` is a day on the department's calendar."""

    day: date
    outcome: VisitOutcome
    symptoms: Sequence[str] = ()
    note: str = ""


def note_visit(uow: UnitOfWork, contact_id: UUID, made: VisitInPerson, *, by: UUID) -> FollowUpVisit:
    """Write down a visit of a contact. It takes the place of a call of that day that has not been made, and nobody is
    called for that one any more; the same visit, sent twice, is one. Whoever was lost and has been met is found again.

    Raises UserError for a day to come, and for somebody who is not an active contact.
    """
    contact = uow.session.get_one(Contact, contact_id)
    uow.session.execute(select(Person.id).where(Person.id == contact.person_id).with_for_update(key_share=True))
    if contact.status != ContactStatus.ACTIVE:
        raise UserError("They are no active contact, and are not followed up.", "Take the contact up again first.")
    if made.day > days.today(uow):
        raise UserError("The visit lies in the future.", "Enter the day on which it was made.")
    visits = _of_day(uow, contact, made.day)
    known = next((visit for visit in visits if visit.how == VISIT and _told(visit) == _told_of(made)), None)
    if known is not None:
        return known
    visit = next((each for each in visits if each.result is None), None)
    if visit is None:
        visit = FollowUpVisit(
            id=new_id(),
            person_id=contact.person_id,
            disease=contact.disease,
            day=made.day,
            nth=max((each.nth for each in visits), default=0) + 1,
        )
        uow.session.add(visit)
    elif visit.target_id is not None:
        take_off(uow, (), {visit.target_id})
    visit.result, visit.how, visit.note = made.outcome, VISIT, made.note
    visit.symptoms, visit.by, visit.at = list(made.symptoms), by, uow.now()
    uow.session.flush()
    if contact.follow_up == FollowUpStatus.LOST and made.outcome.reached:
        change_contact(uow, contact_id, FoundAgain(), by=by, why=made.note)
    return visit


def _of_day(uow: UnitOfWork, contact: Contact, day: date) -> Sequence[FollowUpVisit]:
    query = select(FollowUpVisit).where(
        FollowUpVisit.person_id == contact.person_id,
        FollowUpVisit.disease == contact.disease,
        FollowUpVisit.day == day,
    )
    return uow.session.scalars(query.order_by(FollowUpVisit.nth).with_for_update()).all()


def _told(visit: FollowUpVisit) -> tuple[str | None, list[str], str]:
    return visit.result, list(visit.symptoms), visit.note


def _told_of(made: VisitInPerson) -> tuple[str | None, list[str], str]:
    return str(made.outcome), list(made.symptoms), made.note
