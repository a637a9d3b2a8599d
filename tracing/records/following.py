"""What follows outside of a record when one of its answers is corrected: the visit that it brought, the exposure that
it told of, and the period of follow-up."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from core.database import UnitOfWork
from core.errors import UserError
from tracing import days
from tracing.cases.changes import lock_contacts
from tracing.cases.model import Contact, Exposure
from tracing.followup.called import note_answers, visit_of_record
from tracing.followup.planning import replan
from tracing.records.model import Record, RecordAnswer

EXPOSED_ON = "exposure_date"
"""The field of a form that says when somebody met the case last."""


def follow(uow: UnitOfWork, record: Record, field: str, before: Any, answer: RecordAnswer) -> None:
    """Carry a correction to where the answer had gone. A record of nobody has gone nowhere. Raises UserError for an
    exposure in the future.

    Locks the person's contacts before the visit, as planning does."""
    if record.person_id is None:
        return
    of_person = (
        select(Contact.disease).where(Contact.person_id == record.person_id).distinct().order_by(Contact.disease)
    )
    diseases = uow.session.scalars(of_person).all()
    for disease in diseases:
        lock_contacts(uow, [record.person_id], disease)
    if field == EXPOSED_ON:
        _move_exposures(uow, record, day_of(before), day_of(answer.value))
    for disease in diseases:
        replan(uow, record.person_id, disease)
    visit = visit_of_record(uow, record.id)
    if visit is not None:
        note_answers(uow, visit, record.id)


def _move_exposures(uow: UnitOfWork, record: Record, before: date | None, after: date | None) -> None:
    """Exposures that calls of this record told of are on the corrected day. Where another is known of that day already,
    the contact keeps that one, and the one that was told stays as it is."""
    if after is not None and after > days.today(uow):
        raise UserError("An exposure lies in the future.", "Correct the date.")
    if before is None or after is None:
        return
    calls = select(RecordAnswer.call_id).where(RecordAnswer.record_id == record.id, RecordAnswer.call_id.is_not(None))
    other = aliased(Exposure)
    known = select(other.id).where(
        other.contact_id == Exposure.contact_id, other.day == after, other.kind == Exposure.kind
    )
    moved = uow.session.scalars(
        update(Exposure)
        .where(
            Exposure.call_id.in_(calls),
            Exposure.day == before,
            Exposure.contact_id.in_(select(Contact.id).where(Contact.person_id == record.person_id)),
            ~known.exists(),
        )
        .values(day=after)
        .returning(Exposure.contact_id),
        execution_options={"synchronize_session": False},
    ).all()
    days_of = {
        column: select(edge(Exposure.day)).where(Exposure.contact_id == Contact.id).scalar_subquery()
        for column, edge in (("first_exposed_on", func.min), ("last_exposed_on", func.max))
    }
    uow.session.execute(
        update(Contact).where(Contact.id.in_(moved)).values(days_of),
        execution_options={"synchronize_session": False},
    )


def day_of(value: Any) -> date | None:
    """The day of an answer; None for one that is none: what was keyed is kept even when it does not fit."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
