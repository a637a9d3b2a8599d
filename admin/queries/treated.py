"""What a doctor sees beyond their own area: those whom they are to treat.

The robot books a caller with a doctor of another district when nobody nearer is free, and a caller of whom no area is
known with any (`telehealth.practitioners.preferred`); a doctor is on duty for the callers of the area they serve, and
for everybody who has waited too long (`telehealth.queue.watch`). They see these appointments and places in the queue,
and the records and voice messages of the calls behind them.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, ScalarSelect, Select, and_, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, aliased

from admin.policy import Viewer
from core.areas import within, within_row
from core.rights import Right
from ivr.calls.model import Call
from telehealth.model import WAS_BOOKED, Appointment, Practitioner, QueueEntry
from tracing.records.model import Record, RecordAnswer

# States of a place in the queue that is not over.
OPEN = ("waiting", "taken")
# The practitioner that the viewer is, whatever practitioners the query is about.
_Me = aliased(Practitioner)


def record_of(call_id: InstrumentedAttribute[Any]) -> ScalarSelect[UUID]:
    """The record that a call's answers went into. Not `Record.call_id`: a call that goes on where an earlier one was
    broken off fills the earlier one's record."""
    return select(RecordAnswer.record_id).where(RecordAnswer.call_id == call_id).limit(1).scalar_subquery()


def seen_appointments(viewer: Viewer) -> ColumnElement[bool]:
    """Appointments of the viewer's area, and the viewer's own."""
    return or_(within(Appointment.area, viewer.area), Appointment.practitioner_id.in_(_own(viewer)))


def seen_queue(viewer: Viewer) -> ColumnElement[bool]:
    """Places in the queue of the viewer's area, and those that are the viewer's to take or taken by them."""
    return or_(within(QueueEntry.area, viewer.area), _to_treat(viewer))


def seen_records(viewer: Viewer) -> ColumnElement[bool]:
    """Records of the viewer's area, and of those whom they are to treat."""
    inside = within(Record.area, viewer.area)
    if not viewer.may(Right.APPOINTMENTS_SEE):
        return inside
    theirs = RecordAnswer.call_id.in_(_calls(viewer))
    return or_(inside, Record.id.in_(select(RecordAnswer.record_id).where(theirs)))


def seen_messages(viewer: Viewer) -> ColumnElement[bool]:
    """Voice messages in calls (joined) of the viewer's area, and of those whom they are to treat."""
    inside = within(Call.area, viewer.area)
    if not viewer.may(Right.APPOINTMENTS_SEE):
        return inside
    return or_(inside, Call.id.in_(_calls(viewer)))


def _calls(viewer: Viewer) -> CompoundSelect[UUID | None]:
    """The calls of those whom the viewer is to treat."""
    return union(
        select(Appointment.call_id).where(Appointment.practitioner_id.in_(_own(viewer)), WAS_BOOKED),
        select(QueueEntry.call_id).where(_to_treat(viewer)),
    )


def _own(viewer: Viewer) -> Select[UUID]:
    return select(_Me.id).where(_Me.user_id == viewer.id)


def _to_treat(viewer: Viewer) -> ColumnElement[bool]:
    serves = _own(viewer).where(
        _Me.active,
        or_(
            QueueEntry.area == "",
            QueueEntry.escalated_at.is_not(None),
            within_row(QueueEntry.area, _Me.area),
        ),
    )
    own = _own(viewer)
    mine = or_(QueueEntry.taken_by.in_(own), QueueEntry.was_with.in_(own))
    return or_(mine, and_(QueueEntry.state.in_(OPEN), serves.exists()))
