"""Offering slots: what a caller is told is free is held for that caller, so that nobody hears "just taken".

No caller waits for another here, and none gets an error. Each slot has an advisory lock that is only ever tried: a slot
that another transaction is about to hold is skipped. What was held and committed after we looked is caught by the
exclusion constraint (`ON CONFLICT DO NOTHING`), and the next slot is tried. Slots that do not match, because hours
changed in between, are caught by the same constraint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, DateTime, Text, Uuid, bindparam, func, select, text, update

from core.database import UnitOfWork
from core.ids import new_id, new_reference
from ivr.calls.model import Call
from telehealth import availability
from telehealth.model import Appointment, AppointmentState
from telehealth.practitioners import ROSTER, Doctor, preferred, read_roster
from telehealth.slots import HORIZON, NOTICE, Candidate, Slot, in_order, slots_from

HOLD_FOR = timedelta(minutes=3)
# Slots are scarce when there are fewer than this many for each call in progress; then a caller is offered one.
SCARCE_PER_CALL = 3
# A call that has not ended after this long is lost, and no competitor for a slot.
_LONGEST_CALL = timedelta(hours=1)
_FIRST_LOOK = timedelta(days=1)
# So many candidates go to the database at once.
_CHUNK = 32
# Expired holds are cancelled by one transaction at a time (the number is arbitrary).
_EXPIRY_LOCK = 7263

_HOLD = text("""
WITH picked AS MATERIALIZED (
    SELECT (CAST(:ids AS uuid[]))[row_number() OVER ()] AS id,
           (CAST(:reference_numbers AS text[]))[row_number() OVER ()] AS reference,
           free.practitioner_id, free.starts, free.ends
    FROM (
        SELECT * FROM unnest(:practitioners, :starts, :ends) AS slot (practitioner_id, starts, ends)
        WHERE pg_try_advisory_xact_lock(
            hashtextextended(CAST(practitioner_id AS text), CAST(extract(epoch FROM starts) AS bigint)))
        LIMIT :wanted
    ) AS free
), held AS (
    INSERT INTO appointment
        (id, practitioner_id, during, state, hold_until, person_id, call_id, reference, language, area, created_at)
    SELECT id, practitioner_id, tstzrange(starts, ends), 'proposed', :hold_until, :person_id, :call_id,
           reference, :language, :area, :now
    FROM picked
    ON CONFLICT DO NOTHING
    RETURNING id, reference
)
SELECT picked.practitioner_id, picked.starts, held.id, held.reference FROM picked LEFT JOIN held USING (id)
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("reference_numbers", type_=ARRAY(Text)),
    bindparam("practitioners", type_=ARRAY(Uuid)),
    bindparam("starts", type_=ARRAY(DateTime(timezone=True))),
    bindparam("ends", type_=ARRAY(DateTime(timezone=True))),
    bindparam("hold_until", type_=DateTime(timezone=True)),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("person_id", type_=Uuid),
    bindparam("call_id", type_=Uuid),
)


# How many calls are in progress, whether any hold has expired, whether this call was offered anything before; and who
# works here, asked along with it because every question costs the caller a way to the database and back.
_SITUATION = select(
    select(func.count())
    .where(Call.ended_at.is_(None), Call.created_at > bindparam("since", type_=DateTime(timezone=True)))
    .scalar_subquery(),
    select(Appointment.id)
    .where(
        Appointment.state == AppointmentState.PROPOSED,
        Appointment.hold_until <= bindparam("now", type_=DateTime(timezone=True)),
    )
    .exists(),
    select(Appointment.id).where(Appointment.call_id == bindparam("call_id", type_=Uuid)).exists(),
    ROSTER,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot held for a caller."""

    appointment_id: UUID
    doctor: Doctor
    slot: Slot
    reference: str


@dataclass(frozen=True, slots=True)
class _Caller:
    language: str
    person_id: UUID | None
    call_id: UUID | None
    area: str


def offer(
    uow: UnitOfWork,
    *,
    language: str,
    person_id: UUID | None = None,
    call_id: UUID | None = None,
    area: str = "",
    count: int = 3,
) -> list[Offer]:
    """Hold up to `count` slots for `HOLD_FOR` and return them, earliest first; empty when there is none.

    Doctors who speak the language come first (`practitioners.preferred`), and among them the one with the least
    appointments. A caller who asks again hears other times, as long as there are others; the holds of the first offer
    are given back. When slots are scarce (`SCARCE_PER_CALL`) one caller holds only one.
    """
    calls, some_expired, asked_before, everybody = _situation(uow, call_id)
    if some_expired:
        expire_holds(uow)
    heard = _take_back(uow, call_id) if call_id is not None and asked_before else set()
    caller = _Caller(language, person_id, call_id, area)
    for choice in preferred(everybody, language, area):
        offers = _offer_from(uow, choice, caller, count, calls, heard)
        if offers:
            return sorted(offers, key=lambda each: each.slot)
    return []


def expire_holds(uow: UnitOfWork) -> int:
    """Cancel the holds whose time is over; returns how many. `offer` does it by itself.

    One transaction at a time does it, and the others wait for its commit: two that each cancelled a part could wait
    for each other's slots, and one that did not wait would tell a caller that nothing is free.
    """
    uow.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _EXPIRY_LOCK})
    # A hold that is locked is being booked at this moment.
    over = (
        select(Appointment.id)
        .where(Appointment.state == AppointmentState.PROPOSED, Appointment.hold_until <= uow.now())
        .with_for_update(skip_locked=True)
    )
    return len(_cancel(uow, Appointment.id.in_(over)))


def release_for_call(uow: UnitOfWork, call_id: UUID, but: UUID | None = None) -> int:
    """Give back what a call holds, all but the appointment `but`; returns how many were given back."""
    conditions = [Appointment.call_id == call_id, Appointment.state == AppointmentState.PROPOSED]
    if but is not None:
        conditions.append(Appointment.id != but)
    return len(_cancel(uow, *conditions))


def scarce(free: int, calls: int) -> bool:
    """Whether so many free slots are too few for the calls in progress; then a caller is offered one."""
    return free < SCARCE_PER_CALL * calls


def lock_slot(uow: UnitOfWork, practitioner_id: UUID, starts: datetime) -> bool:
    """Try the lock of one slot, until the end of the transaction. False: another transaction is about to take it."""
    key = func.hashtextextended(str(practitioner_id), int(starts.timestamp()))
    return bool(uow.session.scalar(select(func.pg_try_advisory_xact_lock(key))))


def _cancel(uow: UnitOfWork, *conditions: ColumnElement[bool]) -> Sequence[UUID]:
    return uow.session.scalars(
        update(Appointment)
        .where(*conditions)
        .values(state=AppointmentState.CANCELLED)
        .returning(Appointment.id)
        .execution_options(synchronize_session="fetch")
    ).all()


def _take_back(uow: UnitOfWork, call_id: UUID) -> set[tuple[UUID, datetime]]:
    """What this call was offered before; what of it is still held is given back."""
    release_for_call(uow, call_id)
    heard = uow.session.execute(
        select(Appointment.practitioner_id, func.lower(Appointment.during)).where(Appointment.call_id == call_id)
    )
    return {(practitioner, starts) for practitioner, starts in heard}


def _situation(uow: UnitOfWork, call_id: UUID | None) -> tuple[int, bool, bool, tuple[Doctor, ...]]:
    """How many calls are in progress, whether any hold has expired, whether this call was offered anything before, and
    the doctors."""
    now = uow.now()
    values = {"now": now, "since": now - _LONGEST_CALL, "call_id": call_id}
    calls, expired, asked_before, roster = uow.session.execute(_SITUATION, values).one()
    return calls, expired, asked_before, read_roster(roster)


def _offer_from(
    uow: UnitOfWork,
    choice: Sequence[Doctor],
    caller: _Caller,
    count: int,
    calls: int,
    heard: set[tuple[UUID, datetime]],
) -> list[Offer]:
    """Hold slots of these doctors."""
    earliest, latest = uow.now() + NOTICE, uow.now() + HORIZON
    slots = {doctor.id: slots_from(doctor.hours, doctor.zone, earliest, latest) for doctor in choice}
    # Looks ahead only as far as it must: the first day, then all.
    soon = min((each[0].starts for each in slots.values() if each), default=earliest) + _FIRST_LOOK
    busy = availability.taken(uow, slots.keys(), earliest, soon, latest)
    load = {practitioner: each.load for practitioner, each in busy.items()}
    wanted = 1 if scarce(sum(map(len, slots.values())) - sum(load.values()), calls) else count
    known: list[list[Candidate]] = []

    def new() -> Iterator[list[Candidate]]:
        """What the caller has not heard."""
        for begin, end in (earliest, soon), (soon, latest):
            taken = busy if begin == earliest else availability.taken(uow, slots.keys(), begin, end, latest)
            free = availability.free(uow, slots, taken, begin, end, caller.person_id)
            for candidates in in_order(free, load):
                known.append([each for each in candidates if (each[0], each[1].starts) in heard])
                yield [each for each in candidates if (each[0], each[1].starts) not in heard]

    return _hold(uow, new(), wanted, caller, choice) or _hold(uow, known, wanted, caller, choice)


def _hold(
    uow: UnitOfWork, rounds: Iterable[list[Candidate]], wanted: int, caller: _Caller, choice: Sequence[Doctor]
) -> list[Offer]:
    by_id = {doctor.id: doctor for doctor in choice}
    offers: list[Offer] = []
    for candidates in rounds:
        times = {each.slot.starts for each in offers}
        left = [each for each in candidates if each[1].starts not in times]
        while left and len(offers) < wanted:
            chunk, missing = left[:_CHUNK], wanted - len(offers)
            slots = {(practitioner, slot.starts): slot for practitioner, slot in chunk}
            picked = _insert(uow, chunk, missing, caller)
            for practitioner, starts, appointment_id, reference in picked:
                slot = slots.pop((practitioner, starts))
                if appointment_id is not None:
                    offers.append(Offer(appointment_id, by_id[practitioner], slot, reference))
            # Fewer than asked for: all others of the chunk are being held by somebody at this moment.
            rest = [] if len(picked) < missing else [(each, slot) for (each, _), slot in slots.items()]
            left = [*rest, *left[_CHUNK:]]
        if len(offers) == wanted:
            break
    return offers


def _insert(
    uow: UnitOfWork, chunk: Sequence[Candidate], wanted: int, caller: _Caller
) -> Sequence[tuple[UUID, datetime, UUID | None, str]]:
    rows = uow.session.execute(
        _HOLD,
        {
            "ids": [new_id() for _ in range(wanted)],
            "reference_numbers": [new_reference() for _ in range(wanted)],
            "practitioners": [practitioner for practitioner, _ in chunk],
            "starts": [slot.starts for _, slot in chunk],
            "ends": [slot.ends for _, slot in chunk],
            "wanted": wanted,
            "hold_until": uow.now() + HOLD_FOR,
            "person_id": caller.person_id,
            "call_id": caller.call_id,
            "language": caller.language,
            "area": caller.area,
            "now": uow.now(),
        },
    )
    return [(practitioner, starts, held, reference) for practitioner, starts, held, reference in rows]
