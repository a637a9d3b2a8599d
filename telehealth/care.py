"""Whoever is flagged comes to a doctor: what stands for them, and the queue for those whose calls end with nothing.

A script offers a slot or the queue once all is asked. People hang up before, lines break, and after some tries nobody
calls them again: then they wait in the queue as if the call had come to its end (`QueuesFlagged`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from core.database import Database, UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.model import Call
from ivr.campaigns.model import Target, TargetState
from telehealth import queue
from telehealth.model import WAS_BOOKED, Appointment, AppointmentState, QueueEntry
from telehealth.queue import Urgency
from tracing.records.model import Record, RecordAnswer

_OPEN = (queue.WAITING, queue.TAKEN)
# Why the scripts send somebody to a doctor whose answers ask for one.
_REASONS = {"contact_interview": "contact_with_symptoms", "daily_follow_up": "symptoms_in_follow_up"}
# Who wants none of our calls gets none by the way either; people find them among the flagged.
_UNWANTED = ("refused", "opted_out")
_LOOKED_BACK = timedelta(days=3)
"""For so long after the first answer it is tried; older ones stand among the flagged in the console."""
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Care:
    """Who of the doctors is coming: appointments that stand, a place in the queue, and when somebody last saw them."""

    appointments: tuple[Appointment, ...]
    waiting: bool
    seen_at: datetime | None

    @property
    def stands(self) -> bool:
        return bool(self.appointments) or self.waiting


def care_of(uow: UnitOfWork, record: Record, answers: Iterable[RecordAnswer]) -> Care:
    """What stands for the person of a record, or for its caller when nobody knows who that was."""
    own = {call_id for call_id in (record.call_id, *(answer.call_id for answer in answers)) if call_id is not None}
    booked: list[ColumnElement[bool]] = [Appointment.call_id.in_(own)]
    queued: list[ColumnElement[bool]] = [QueueEntry.call_id.in_(own)]
    if record.person_id is not None:
        booked.append(Appointment.person_id == record.person_id)
        queued.append(QueueEntry.person_id == record.person_id)
    to_come = uow.session.scalars(
        select(Appointment)
        .where(
            or_(*booked),
            WAS_BOOKED,
            Appointment.state.in_((AppointmentState.BOOKED, AppointmentState.ARRIVED)),
            func.upper(Appointment.during) > uow.now(),
        )
        .order_by(func.lower(Appointment.during))
    ).all()
    places = uow.session.execute(select(QueueEntry.state, QueueEntry.done_at).where(or_(*queued))).all()
    kept = select(func.max(func.lower(Appointment.during))).where(
        or_(*booked), Appointment.state == AppointmentState.FULFILLED
    )
    seen = [done_at for state, done_at in places if state == queue.DONE and done_at is not None]
    met = uow.session.scalar(kept)
    return Care(
        tuple(to_come),
        any(state in _OPEN for state, _ in places),
        max([*seen, *([met] if met is not None else [])], default=None),
    )


def needs_doctor(record: Record, answers: Iterable[RecordAnswer], care: Care, call: Call | None) -> bool:
    """Whether somebody is flagged and no doctor is coming: none stands, and none has seen them since. Of a record whose
    wrong person answered nobody knows whom it is about."""
    whose = record.person_id is not None or (call is not None and call.direction == "inbound")
    if not record.flagged or care.stands or not whose:
        return False
    flag = next((a for a in answers if a.field == "flagged" and a.superseded_at is None), None)
    since = flag.at if flag is not None else record.created_at
    return care.seen_at is None or care.seen_at < since


def send_to_doctor(uow: UnitOfWork, record: Record) -> QueueEntry:
    """Put the person of a record into the queue, as its call would have done. Twice is once."""
    red = record.risk == "red"
    return queue.enter(
        uow,
        urgency=Urgency.RED_FLAG if red else Urgency.URGENT,
        reason="red_flag" if red else _REASONS.get(record.form, "reported_symptoms"),
        language=record.language,
        person_id=record.person_id,
        call_id=record.call_id,
        area=record.area,
    )


class QueuesFlagged:
    """The observer of calls that sends whoever is flagged to the doctors when the last of their calls has ended and no
    doctor is coming. To be told after the observers of records and of campaigns: what was said before a line broke
    may flag somebody, and the plan of the campaign says whether there is another try."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """Nothing: the call itself offers a doctor."""

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        own = Record.call_id == call.id
        if call.target_id is not None:
            own = Record.call_id.in_(select(Call.id).where(Call.target_id == call.target_id))
        _queue(uow, own)


def queue_flagged(database: Database) -> int:
    """The tick: the same for those whose campaign gave up without another call, because it was aborted, its time was
    over, or nobody was to be called any more. Returns how many."""
    queued = 0
    while True:
        with database.unit() as uow:
            batch = _queue(uow, Record.created_at > uow.now() - _LOOKED_BACK)
        queued += batch
        if batch < _BATCH:
            return queued


def _queue(uow: UnitOfWork, which: ColumnElement[bool]) -> int:
    """Send the people of those among these records to the doctors who are flagged, whose calls are over, and for whom
    nothing was arranged since. A record that somebody corrected is in people's hands: its page offers the queue."""
    call, again, target = aliased(Call), aliased(Call), aliased(Target)
    queued = select(QueueEntry.id).where(or_(QueueEntry.state.in_(_OPEN), QueueEntry.created_at >= Record.created_at))
    booked = select(Appointment.id).where(WAS_BOOKED, func.upper(Appointment.during) > Record.created_at)
    unwanted = select(again.id).where(again.target_id == call.target_id, again.end_reason.in_(_UNWANTED))
    corrected = select(RecordAnswer.id).where(
        RecordAnswer.record_id == Record.id, RecordAnswer.corrected_by.is_not(None)
    )
    records = uow.session.scalars(
        select(Record)
        .join(call, call.id == Record.call_id)
        .outerjoin(target, target.id == call.target_id)
        .where(
            Record.flagged,
            which,
            call.ended_at.is_not(None),
            or_(target.id.is_(None), target.state == TargetState.DONE),
        )
        .where(func.coalesce(call.end_reason, "").not_in(_UNWANTED), ~unwanted.exists(), ~corrected.exists())
        .where(or_(Record.person_id.is_not(None), and_(call.direction == "inbound", call.remote_number != "")))
        .where(
            *(
                ~arranged.where(whose).exists()
                for arranged, kind in ((queued, QueueEntry), (booked, Appointment))
                for whose in (kind.call_id == Record.call_id, kind.person_id == Record.person_id)
            )
        )
        .order_by(Record.created_at)
        .limit(_BATCH)
        .with_for_update(of=Record, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for record in records:
        send_to_doctor(uow, record)
    return len(records)
