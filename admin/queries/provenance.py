"""Where the answers of a record came from: who corrected them, what is left of the sound in which they were said; and
which doctor is coming."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from core.database import UnitOfWork
from core.users import User
from ivr.calls.model import Call
from ivr.messages.model import Kind, VoiceMessageRow
from telehealth.model import WAS_BOOKED, Appointment, AppointmentState, QueueEntry
from tracing.records.model import Record, RecordAnswer

Heard = tuple[UUID, int]
"""A call and its turn."""

OPEN_PLACES = ("waiting", "taken")


def correctors(uow: UnitOfWork, answers: Iterable[RecordAnswer]) -> Mapping[UUID, str]:
    """The names of those who corrected these answers."""
    ids = {answer.corrected_by for answer in answers if answer.corrected_by is not None}
    rows = uow.session.execute(select(User.id, User.name).where(User.id.in_(ids))) if ids else ()
    return {row[0]: row[1] for row in rows}


def sounds(uow: UnitOfWork, answers: Iterable[RecordAnswer]) -> Mapping[Heard, VoiceMessageRow]:
    """The sound of spoken answers, by call and turn; deleted ones too, as the day of their deletion is told."""
    calls = {answer.call_id for answer in answers if answer.source == "speech" and answer.call_id is not None}
    if not calls:
        return {}
    rows = select(VoiceMessageRow).where(VoiceMessageRow.call_id.in_(calls), VoiceMessageRow.kind == Kind.ANSWER)
    rows = rows.order_by(VoiceMessageRow.created_at, VoiceMessageRow.id)
    return {(row.call_id, row.turn): row for row in uow.session.scalars(rows)}


@dataclass(frozen=True, slots=True)
class Care:
    """Who of the doctors is coming: appointments that stand, a place in the queue, and when somebody last saw them."""

    appointments: tuple[Appointment, ...]
    waiting: bool
    seen_at: datetime | None

    @property
    def stands(self) -> bool:
        return bool(self.appointments) or self.waiting


def care_of(uow: UnitOfWork, record: Record, calls: Iterable[UUID]) -> Care:
    """What stands for the person of a record, or for its caller when nobody knows who that was."""
    own = list(calls)
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
    seen = [done_at for state, done_at in places if state == "done" and done_at is not None]
    met = uow.session.scalar(kept)
    return Care(
        tuple(to_come),
        any(state in OPEN_PLACES for state, _ in places),
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
