"""Booking under contention: many callers at the same moment, few slots."""

from __future__ import annotations

import time as timer
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import time, timedelta
from uuid import UUID

from sqlalchemy import func, select

from core.bench import Bench
from core.database import Database, UnitOfWork
from ivr.calls.model import Call, ScriptRevision
from telehealth.appointments import Outcome, book
from telehealth.holds import offer
from telehealth.model import Appointment, AppointmentState, Practitioner, WeeklyHours

_SLOT_MINUTES = 10
_SLOTS_A_DAY = 30
_DAYS = 5


@dataclass(frozen=True, slots=True)
class BookingFigures:
    """What was measured. A caller is one offer and, when something was offered, one booking, each a transaction.
    `bookings_per_second` counts bookings when there are slots for everybody."""

    callers: int
    slots: int
    booked: int
    errors: int
    seconds: float
    callers_per_second: float
    bookings_per_second: float


def measure_booking(database: Database, callers: int = 500, slots: int = 50, workers: int = 8) -> BookingFigures:
    """Let `callers` compete for `slots`, then as many for slots enough. Leaves its rows: use a scratch database."""
    booked, errors, seconds = _compete(database, callers, slots, workers)
    all_booked, more_errors, all_seconds = _compete(database, callers, callers * 4, workers)
    return BookingFigures(
        callers=callers,
        slots=slots,
        booked=booked,
        errors=errors + more_errors,
        seconds=round(seconds, 3),
        callers_per_second=round(callers / seconds, 1),
        bookings_per_second=round(all_booked / all_seconds, 1),
    )


def _compete(database: Database, callers: int, slots: int, workers: int) -> tuple[int, int, float]:
    """How many were booked, how many callers met an error, and how long it took."""
    with database.unit() as uow:
        doctors = _clinic(uow, slots)
        calls = [_call(uow) for _ in range(callers)]
    started = timer.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        done = [pool.submit(_caller, database, call) for call in calls]
    errors = sum(1 for each in done if each.exception() is not None)
    seconds = timer.perf_counter() - started
    with database.unit() as uow:
        booked = uow.session.scalar(
            select(func.count())
            .select_from(Appointment)
            .where(Appointment.practitioner_id.in_(doctors), Appointment.state == AppointmentState.BOOKED)
        )
        for doctor in uow.session.scalars(select(Practitioner).where(Practitioner.id.in_(doctors))):
            doctor.active = False
        for call in uow.session.scalars(select(Call).where(Call.id.in_(calls))):
            call.ended_at = uow.now()
    return booked or 0, errors, seconds


def _caller(database: Database, call_id: UUID) -> Outcome | None:
    with database.unit() as uow:
        offers = offer(uow, language="vi", call_id=call_id)
    if not offers:
        return None
    with database.unit() as uow:
        return book(uow, offers[-1].appointment_id, call_id=call_id).outcome


def _clinic(uow: UnitOfWork, slots: int) -> list[UUID]:
    """Practitioners who together have exactly that many slots in the next days, at most 30 a day each."""
    first = (uow.now() + timedelta(days=1)).date()
    doctors: list[UUID] = []
    whole, rest = divmod(slots, _SLOTS_A_DAY)
    for n, own in enumerate([_SLOTS_A_DAY] * whole + [rest] * bool(rest)):
        if n % _DAYS == 0:
            doctor = Practitioner(name="bench", languages=["vi"], zone="UTC", area="", active=True)
            uow.session.add(doctor)
            uow.session.flush()
            doctors.append(doctor.id)
        minutes = 8 * 60 + own * _SLOT_MINUTES
        uow.session.add(
            WeeklyHours(
                practitioner_id=doctors[-1],
                weekday=(first + timedelta(days=n % _DAYS)).weekday(),
                starts=time(8),
                ends=time(minutes // 60, minutes % 60),
                slot_minutes=_SLOT_MINUTES,
                valid_from=first,
            )
        )
    return doctors


def _call(uow: UnitOfWork) -> UUID:
    if uow.session.get(ScriptRevision, "bench") is None:
        uow.session.add(ScriptRevision(revision="bench", script="bench", source="{}", created_at=uow.now()))
        uow.session.flush()
    call = Call(
        direction="inbound",
        carrier="bench",
        remote_number="+84912345678",
        script="bench",
        revision="bench",
        language="vi",
        context={},
        script_state={},
        area="",
        created_at=uow.now(),
    )
    uow.session.add(call)
    uow.session.flush()
    return call.id


benches: dict[str, Bench] = {"booking": lambda empty: asdict(measure_booking(empty.database))}
