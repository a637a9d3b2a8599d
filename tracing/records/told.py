"""When somebody was last near the case, as they told it in the interview: a proposal, until a person enters it.

It is no exposure by itself. People mistake days, and by the rule one day may begin a follow-up anew or end it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from core.database import UnitOfWork
from tracing import days
from tracing.cases.axes import ContactStatus
from tracing.cases.model import Contact
from tracing.cases.service import NewExposure, add_exposure
from tracing.records.following import EXPOSED_ON, day_of
from tracing.records.model import Record, RecordAnswer

EXPOSED_AT = "exposure_place"
"""The field of a form that says where."""
_HOME = "home"
_SAID_IN_A_CALL = "call"


@dataclass(frozen=True, slots=True)
class ToldExposure:
    """A day later than all that is on file of this contact. `place` is a word of the form, empty where nobody told."""

    day: date
    place: str
    form: str
    record_id: UUID
    call_id: UUID | None
    turn: int | None


def told_exposure(uow: UnitOfWork, contact: Contact) -> ToldExposure | None:
    """The newest that an active contact has told since they were reported; None when nothing newer than what is on
    file was told."""
    if contact.status != ContactStatus.ACTIVE:
        return None
    place = aliased(RecordAnswer)
    found = uow.session.execute(
        select(RecordAnswer, Record, place.value)
        .join(Record, Record.id == RecordAnswer.record_id)
        .outerjoin(
            place,
            (place.record_id == Record.id) & (place.field == EXPOSED_AT) & place.superseded_at.is_(None),
        )
        .where(Record.person_id == contact.person_id, Record.created_at >= contact.reported_at)
        .where(RecordAnswer.field == EXPOSED_ON, RecordAnswer.superseded_at.is_(None))
        .order_by(Record.created_at.desc(), Record.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    answer, record, where = found
    day = day_of(answer.value)
    if day is None or day > days.today(uow) or (contact.last_exposed_on is not None and day <= contact.last_exposed_on):
        return None
    return ToldExposure(day, str(where or ""), record.form, record.id, answer.call_id, answer.turn)


def enter_told(uow: UnitOfWork, contact: Contact, told: ToldExposure, *, by: UUID, place: str = "") -> None:
    """What was told becomes an exposure that leads to its call; a correction of the answer moves it. `place`: where, in
    words."""
    at_home = told.place == _HOME
    exposure = NewExposure(
        day=told.day,
        kind="household" if at_home else "person",
        place="" if at_home else place,
        call_id=told.call_id,
        turn=told.turn,
    )
    add_exposure(uow, contact, exposure, source=_SAID_IN_A_CALL, by=by)
