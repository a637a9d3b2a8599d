"""Appointments: booked from a hold, moved, cancelled, and carried forward to their end.

The database forbids that a practitioner's or a person's appointments overlap; here a refusal becomes an outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.errors import ExclusionViolation
from sqlalchemy import DateTime, Uuid, bindparam, case, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from core.database import UnitOfWork
from core.errors import UserError
from telehealth.holds import lock_slot, release_for_call
from telehealth.model import Appointment, AppointmentState

# Forward only (FHIR R4 AppointmentStatus). What is not here is over.
FORWARD: dict[str, tuple[AppointmentState, ...]] = {
    AppointmentState.PROPOSED: (AppointmentState.BOOKED, AppointmentState.CANCELLED),
    AppointmentState.BOOKED: (
        AppointmentState.ARRIVED,
        AppointmentState.FULFILLED,
        AppointmentState.NO_SHOW,
        AppointmentState.CANCELLED,
    ),
    AppointmentState.ARRIVED: (AppointmentState.FULFILLED, AppointmentState.CANCELLED),
}


class Outcome(StrEnum):
    """`taken`: somebody else has the slot. `refused`: not this caller's to book, or the person is busy then."""

    BOOKED = "booked"
    TAKEN = "taken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Booking:
    """What came of it; `appointment` is there when it was booked."""

    outcome: Outcome
    appointment: Appointment | None = None


def book(
    uow: UnitOfWork,
    appointment_id: UUID,
    *,
    call_id: UUID | None = None,
    person_id: UUID | None = None,
    reason: str = "",
) -> Booking:
    """Book a hold of this call, and give back the call's other holds.

    A hold that has expired is still booked when nobody has taken the slot since. Booking twice is booking once.
    """
    if person_id is None and call_id is not None:
        booked = _book_for_stranger(uow, appointment_id, call_id, reason)
        if booked is not None:
            return Booking(Outcome.BOOKED, booked)
    held = _locked(uow, appointment_id)
    if held is None or held.call_id != call_id:
        return Booking(Outcome.REFUSED)
    if held.state == AppointmentState.BOOKED:
        return Booking(Outcome.BOOKED, held)
    if held.hold_until is None or held.state not in (AppointmentState.PROPOSED, AppointmentState.CANCELLED):
        return Booking(Outcome.REFUSED)
    outcome = _claim(uow, held, person_id or held.person_id)
    if outcome is not Outcome.BOOKED:
        return Booking(outcome)
    if reason:
        held.reason = reason
    if call_id is not None:
        release_for_call(uow, call_id, but=held.id)
    return Booking(Outcome.BOOKED, held)


def move(uow: UnitOfWork, appointment_id: UUID, to_hold: UUID, *, call_id: UUID | None = None) -> Booking:
    """Put a booked appointment onto the slot of a hold of this call. It keeps its reference number, which the person
    has written down; when the new slot cannot be had, the appointment stays where it was."""
    appointment, held = _locked(uow, appointment_id), _locked(uow, to_hold)
    if appointment is None or appointment.state != AppointmentState.BOOKED:
        return Booking(Outcome.REFUSED)
    if held is None or held.hold_until is None or held.call_id != call_id:
        return Booking(Outcome.REFUSED)
    if held.state not in (AppointmentState.PROPOSED, AppointmentState.CANCELLED) or not _may_take(uow, held):
        return Booking(Outcome.TAKEN)
    _lock_person(uow, appointment.person_id)
    violated = _saved(
        uow,
        (held, {"state": AppointmentState.CANCELLED}),
        (appointment, {"practitioner_id": held.practitioner_id, "during": held.during}),
    )
    if violated is not None:
        return Booking(violated)
    if call_id is not None:
        release_for_call(uow, call_id)
    return Booking(Outcome.BOOKED, appointment)


def upcoming(uow: UnitOfWork, person_id: UUID) -> Appointment | None:
    """The person's next booked appointment that has not begun."""
    starts = func.lower(Appointment.during)
    return uow.session.scalars(
        select(Appointment)
        .where(
            Appointment.person_id == person_id,
            Appointment.state == AppointmentState.BOOKED,
            starts > uow.now(),
        )
        .order_by(starts)
        .limit(1)
    ).first()


def change_state(uow: UnitOfWork, appointment_id: UUID, to: AppointmentState) -> Appointment:
    """Carry an appointment forward. Raises UserError for a step back, or for one that is over."""
    appointment = _locked(uow, appointment_id)
    if appointment is None:
        raise UserError("There is no such appointment.", "Look it up in the list again.")
    if to not in FORWARD.get(appointment.state, ()):
        raise UserError(
            f"An appointment that is {appointment.state} cannot become {to}.", "Reload the page to see how it stands."
        )
    appointment.hold_until = None
    appointment.state = to
    return appointment


def cancel(uow: UnitOfWork, appointment_id: UUID) -> Appointment:
    """Cancel; the slot is free again at once. Raises UserError when the appointment is over."""
    return change_state(uow, appointment_id, AppointmentState.CANCELLED)


_OTHER = aliased(Appointment)
_HELD = bindparam("held", type_=Uuid)
_IS_HELD = Appointment.id == _HELD
_BOOK_FOR_STRANGER = (
    update(Appointment)
    .where(
        Appointment.call_id == bindparam("call", type_=Uuid),
        Appointment.state == AppointmentState.PROPOSED,
        select(_OTHER.id)
        .where(
            _OTHER.id == _HELD,
            _OTHER.call_id == bindparam("call", type_=Uuid),
            _OTHER.state == AppointmentState.PROPOSED,
            _OTHER.person_id.is_(None),
            func.lower(_OTHER.during) > bindparam("now", type_=DateTime(timezone=True)),
        )
        .exists(),
    )
    .values(
        state=case((_IS_HELD, AppointmentState.BOOKED), else_=AppointmentState.CANCELLED),
        hold_until=case((_IS_HELD, None), else_=Appointment.hold_until),
        reason=case(
            (_IS_HELD, func.coalesce(func.nullif(bindparam("why"), ""), Appointment.reason)), else_=Appointment.reason
        ),
    )
    .returning(Appointment)
)


def _book_for_stranger(uow: UnitOfWork, appointment_id: UUID, call_id: UUID, reason: str) -> Appointment | None:
    """The usual case in one statement: a hold that stands, of a caller whom nobody knows. Nothing can forbid it: the
    slot is the caller's already, and nobody's other appointments are in the way. None when it is not that case."""
    rows = uow.session.scalars(
        _BOOK_FOR_STRANGER,
        {"held": appointment_id, "call": call_id, "now": uow.now(), "why": reason},
        execution_options={"synchronize_session": False, "populate_existing": True},
    )
    return next((row for row in rows if row.id == appointment_id), None)


def _claim(uow: UnitOfWork, held: Appointment, person_id: UUID | None) -> Outcome:
    if not _may_take(uow, held):
        return Outcome.TAKEN
    if person_id is None and held.state == AppointmentState.PROPOSED:
        # Nothing can forbid it: the slot is ours already, and nobody's other appointments are in the way.
        held.state, held.hold_until = AppointmentState.BOOKED, None
        return Outcome.BOOKED
    _lock_person(uow, person_id)
    changes = {"state": AppointmentState.BOOKED, "person_id": person_id, "hold_until": None}
    return _saved(uow, (held, changes)) or Outcome.BOOKED


def _may_take(uow: UnitOfWork, held: Appointment) -> bool:
    """Whether the slot of a hold can still be tried for: not when it has begun, nor while another is taking it."""
    starts = held.during.lower
    assert starts is not None
    if starts <= uow.now():
        return False
    return held.state == AppointmentState.PROPOSED or lock_slot(uow, held.practitioner_id, starts)


def _lock_person(uow: UnitOfWork, person_id: UUID | None) -> None:
    """Bookings of one person come one after another: two at once would wait for each other in the constraint."""
    if person_id is not None:
        uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(person_id), 0))))


def _saved(uow: UnitOfWork, *changes: tuple[Appointment, dict[str, Any]]) -> Outcome | None:
    """Write the changes one by one; None when they stand. When a constraint forbids it, none of them does."""
    try:
        with uow.session.begin_nested():
            for appointment, values in changes:
                for name, value in values.items():
                    setattr(appointment, name, value)
                uow.session.flush()
    except IntegrityError as error:
        if not isinstance(error.orig, ExclusionViolation):
            raise
        own = error.orig.diag.constraint_name == "ex_appointment_person"
        return Outcome.REFUSED if own else Outcome.TAKEN
    return None


def _locked(uow: UnitOfWork, appointment_id: UUID) -> Appointment | None:
    return uow.session.get(Appointment, appointment_id, with_for_update=True, populate_existing=True)
