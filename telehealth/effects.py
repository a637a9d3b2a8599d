"""What scripts may ask of telehealth, carried out inside the turn's transaction.

| effect | arguments | outcomes and results |
|---|---|---|
| `telehealth.offer_slots` | | `offered` {slots: [{id, spoken, when}]}, `none` |
| `telehealth.book` | slot, reason | `booked` {appointment, when, at, reference, spoken}, `taken`, `refused` |
| `telehealth.upcoming` | | `found` (as `booked`), `none` |
| `telehealth.move` | appointment, slot | `moved` (as `booked`), `taken`, `refused` |
| `telehealth.cancel` | appointment | `cancelled`, `refused` |
| `telehealth.urgent` | reason | `queued` {position, entry, call_back}, `no_doctor` (the same) |
| `telehealth.queue` | reason | `queued` {position, entry, call_back}, `no_doctor` (the same) |

`spoken` says the time in every language, `when` of a booking in the call's; `when` of a slot and `at` are ISO 8601 in
the practitioner's zone. Who can be called on no number is offered no slots, since the doctor calls. `entry` is the
place in the queue, `call_back` whether there is a number to call. `no_doctor`: nobody who serves the caller's area is
on duty now, for a red flag: nobody anywhere; the caller is queued all the same, so that nobody is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from core.areas import holds
from core.database import UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.model import Call
from telehealth import appointments, queue
from telehealth.appointments import Booking, Outcome
from telehealth.holds import offer, release_for_call
from telehealth.model import Appointment, AppointmentState, Practitioner
from telehealth.practitioners import doctors
from telehealth.queue import Urgency
from telehealth.wording import local_time, spoken_time, spoken_times
from tracing.people.model import Person


def register(effects: Effects) -> None:
    """Register all of them. Called once, by the composition root."""
    handlers: Mapping[str, Callable[[EffectRequest], EffectResult]] = {
        "telehealth.offer_slots": offer_slots,
        "telehealth.book": book,
        "telehealth.upcoming": upcoming,
        "telehealth.move": move,
        "telehealth.cancel": cancel,
        "telehealth.urgent": lambda request: _enter_queue(request, Urgency.RED_FLAG),
        "telehealth.queue": lambda request: _enter_queue(request, Urgency.URGENT),
    }
    for name, handler in handlers.items():
        effects.register(name, handler)


class ReleaseHolds:
    """The observer of calls that gives back what a call holds when it ends."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """Answers are none of our business."""

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        release_for_call(uow, call.id)


def offer_slots(request: EffectRequest) -> EffectResult:
    call = request.call
    if not _can_be_called(request):
        return EffectResult("none")
    offers = offer(
        request.uow, language=request.state.language, person_id=call.person_id, call_id=call.id, area=call.area
    )
    if not offers:
        return EffectResult("none")
    slots = [
        {
            "id": str(each.appointment_id),
            "spoken": spoken_times(each.slot.starts, each.doctor.zone),
            "when": local_time(each.slot.starts, each.doctor.zone),
        }
        for each in offers
    ]
    return EffectResult("offered", {"slots": slots})


def book(request: EffectRequest) -> EffectResult:
    slot = _id(request, "slot")
    if slot is None:
        return EffectResult(Outcome.REFUSED)
    booking = appointments.book(
        request.uow,
        slot,
        call_id=request.call.id,
        person_id=request.call.person_id,
        reason=_text(request, "reason"),
    )
    return _result(request, booking, "booked")


def upcoming(request: EffectRequest) -> EffectResult:
    person_id = request.call.person_id
    appointment = appointments.upcoming(request.uow, person_id) if person_id else None
    return EffectResult("none") if appointment is None else EffectResult("found", _told(request, appointment))


def move(request: EffectRequest) -> EffectResult:
    appointment, slot = _own(request), _id(request, "slot")
    if appointment is None or slot is None:
        return EffectResult(Outcome.REFUSED)
    booking = appointments.move(request.uow, appointment.id, slot, call_id=request.call.id)
    return _result(request, booking, "moved")


def cancel(request: EffectRequest) -> EffectResult:
    appointment = _own(request)
    if appointment is None:
        return EffectResult(Outcome.REFUSED)
    appointments.cancel(request.uow, appointment.id)
    return EffectResult("cancelled")


def _enter_queue(request: EffectRequest, urgency: Urgency) -> EffectResult:
    uow, call = request.uow, request.call
    entry = queue.enter(
        uow,
        urgency=urgency,
        reason=_text(request, "reason"),
        language=request.state.language,
        person_id=call.person_id,
        call_id=call.id,
        area=call.area,
    )
    on_duty = [doctor for doctor in doctors(uow) if doctor.on_duty(uow.now())]
    # Those whose queue this caller stands in: the console shows a doctor who waits in the area they serve.
    somebody = any(call.area == "" or holds(doctor.area, call.area) for doctor in on_duty)
    if on_duty and not somebody and urgency is Urgency.RED_FLAG:
        entry.escalated_at, somebody = uow.now(), True  # an emergency waits for no area's doctor
    result = {"position": queue.position(uow, entry), "entry": str(entry.id), "call_back": call.remote_number != ""}
    return EffectResult("queued" if somebody else "no_doctor", result)


def _can_be_called(request: EffectRequest) -> bool:
    """Whether there is a number to call this caller on: theirs now, or the one that is known of the person."""
    call = request.call
    if call.remote_number or call.person_id is None:
        return call.remote_number != ""
    person = request.uow.session.get(Person, call.person_id)
    return person is not None and bool(person.phone)


def _result(request: EffectRequest, booking: Booking, done: str) -> EffectResult:
    if booking.appointment is None:
        return EffectResult(booking.outcome)
    return EffectResult(done, _told(request, booking.appointment))


def _told(request: EffectRequest, appointment: Appointment) -> dict[str, Any]:
    zone = request.uow.session.get_one(Practitioner, appointment.practitioner_id).zone
    starts = appointment.during.lower
    assert starts is not None
    return {
        "appointment": str(appointment.id),
        "when": spoken_time(starts, zone, request.state.language),
        "at": local_time(starts, zone),
        "reference": appointment.reference,
        "spoken": spoken_times(starts, zone),
    }


def _own(request: EffectRequest) -> Appointment | None:
    """The booked appointment that the script names, if it is the caller's: a script's values are not trusted."""
    appointment_id, call = _id(request, "appointment"), request.call
    if appointment_id is None:
        return None
    appointment = request.uow.session.get(Appointment, appointment_id, with_for_update=True, populate_existing=True)
    if appointment is None or appointment.state != AppointmentState.BOOKED:
        return None
    same_person = call.person_id is not None and appointment.person_id == call.person_id
    return appointment if same_person or appointment.call_id == call.id else None


def _id(request: EffectRequest, name: str) -> UUID | None:
    try:
        return UUID(_text(request, name))
    except ValueError:
        return None


def _text(request: EffectRequest, name: str) -> str:
    value = request.arguments.get(name)
    return "" if value is None else str(value)
