"""Appointments by day, and who waits for a doctor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from admin.policy import Viewer
from admin.queries.paging import AnySelect
from admin.queries.treated import OPEN, record_of, seen_appointments, seen_queue
from core.areas import within
from core.database import UnitOfWork
from ivr.calls.model import Call
from telehealth.model import WAS_BOOKED, Appointment, AppointmentState, Practitioner, QueueEntry
from tracing.people.model import Person
from tracing.records.model import Record

SHOWN_STATES = (
    AppointmentState.BOOKED,
    AppointmentState.ARRIVED,
    AppointmentState.FULFILLED,
    AppointmentState.NO_SHOW,
    AppointmentState.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """An appointment with its people. A caller whom nobody knows has no name."""

    id: UUID
    reference: str
    starts: datetime
    ends: datetime
    state: str
    reason: str
    language: str
    practitioner: str
    person_id: UUID | None
    name: str
    phone: str | None
    call_id: UUID | None
    record_id: UUID | None
    risk: str | None


def list_appointments(
    uow: UnitOfWork, viewer: Viewer, since: datetime, until: datetime, practitioner_id: UUID | None = None
) -> Sequence[AppointmentRow]:
    """What was booked and begins in the span, earliest first; holds are not appointments yet."""
    starts = func.lower(Appointment.during)
    query: AnySelect = (
        select(
            Appointment.id,
            Appointment.reference,
            starts,
            func.upper(Appointment.during),
            Appointment.state,
            Appointment.reason,
            Appointment.language,
            Practitioner.name,
            Appointment.person_id,
            func.coalesce(Person.name, ""),
            func.coalesce(Person.phone, Call.remote_number, type_=Person.phone.type),
            Appointment.call_id,
            Record.id,
            Record.risk,
        )
        .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
        .outerjoin(Person, Person.id == Appointment.person_id)
        .outerjoin(Call, Call.id == Appointment.call_id)
        .outerjoin(Record, Record.id == record_of(Appointment.call_id))
        .where(starts >= since, starts < until, Appointment.state.in_(SHOWN_STATES), WAS_BOOKED)
        .where(seen_appointments(viewer))
        .order_by(starts)
    )
    if practitioner_id is not None:
        query = query.where(Appointment.practitioner_id == practitioner_id)
    return [AppointmentRow(*row) for row in uow.session.execute(query)]


def find_appointment(uow: UnitOfWork, viewer: Viewer, appointment_id: UUID) -> Appointment | None:
    """The appointment, None when there is none or it is not the viewer's to see."""
    return uow.session.scalar(select(Appointment).where(Appointment.id == appointment_id, seen_appointments(viewer)))


def list_practitioners(uow: UnitOfWork, viewer: Viewer) -> Sequence[Practitioner]:
    """Practitioners of the viewer's area, and the one that the viewer is, by name."""
    seen = or_(within(Practitioner.area, viewer.area), Practitioner.user_id == viewer.id)
    query = select(Practitioner).where(Practitioner.active, seen).order_by(Practitioner.name)
    return uow.session.scalars(query).all()


def own_practitioner(uow: UnitOfWork, viewer: Viewer) -> Practitioner | None:
    """The practitioner that the viewer is; one who was taken off still finishes what they have taken."""
    return uow.session.scalar(select(Practitioner).where(Practitioner.user_id == viewer.id))


def may_take(uow: UnitOfWork, viewer: Viewer) -> bool:
    """Whether the viewer is a practitioner, and has not been taken off."""
    own = own_practitioner(uow, viewer)
    return own is not None and own.active


@dataclass(frozen=True, slots=True)
class QueueRow:
    """Somebody who waits for a doctor's voice, or is with one."""

    id: UUID
    urgency: int
    state: str
    reason: str
    language: str
    created_at: datetime
    practitioner: str
    practitioner_id: UUID | None
    name: str
    rang_from: str | None
    known_phone: str | None
    call_id: UUID | None
    record_id: UUID | None
    tries: int
    call_after: datetime | None

    @property
    def phone(self) -> str | None:
        """Where they are called back: "this number", they were told; only without one, what is known of them."""
        return self.rang_from or self.known_phone


def _queue(viewer: Viewer) -> AnySelect:
    return (
        select(
            QueueEntry.id,
            QueueEntry.urgency,
            QueueEntry.state,
            QueueEntry.reason,
            QueueEntry.language,
            QueueEntry.created_at,
            func.coalesce(Practitioner.name, ""),
            QueueEntry.taken_by,
            func.coalesce(Person.name, ""),
            Call.remote_number,
            Person.phone,
            QueueEntry.call_id,
            Record.id,
            QueueEntry.tries,
            QueueEntry.call_after,
        )
        .outerjoin(Person, Person.id == QueueEntry.person_id)
        .outerjoin(Call, Call.id == QueueEntry.call_id)
        .outerjoin(Practitioner, Practitioner.id == QueueEntry.taken_by)
        .outerjoin(Record, Record.id == record_of(QueueEntry.call_id))
        .where(seen_queue(viewer))
    )


def list_queue(uow: UnitOfWork, viewer: Viewer) -> Sequence[QueueRow]:
    """Those who wait or talk, by urgency, then by how long they have waited."""
    query = _queue(viewer).where(QueueEntry.state.in_(OPEN)).order_by(QueueEntry.urgency, QueueEntry.created_at)
    return [QueueRow(*row) for row in uow.session.execute(query)]


def find_queue_row(uow: UnitOfWork, viewer: Viewer, entry_id: UUID) -> QueueRow | None:
    """One place as in the list, also one that is over."""
    row = uow.session.execute(_queue(viewer).where(QueueEntry.id == entry_id)).one_or_none()
    return QueueRow(*row) if row is not None else None


def find_queue_entry(uow: UnitOfWork, viewer: Viewer, entry_id: UUID) -> QueueEntry | None:
    """The entry, None when there is none or it is not the viewer's to see."""
    return uow.session.scalar(select(QueueEntry).where(QueueEntry.id == entry_id, seen_queue(viewer)))


def count_waiting(uow: UnitOfWork, viewer: Viewer) -> int:
    """How many wait for a doctor now."""
    query = select(func.count()).select_from(QueueEntry).where(QueueEntry.state == "waiting", seen_queue(viewer))
    return uow.session.scalar(query) or 0
