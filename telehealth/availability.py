"""What is taken of the practitioners' time, as the database knows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from core.database import UnitOfWork
from telehealth.model import LIVE, Appointment, AppointmentState
from telehealth.slots import Slot, between, free_slots

# No appointment is longer, so those that begin earlier than this before a moment are over.
_LONGEST_APPOINTMENT = timedelta(days=1)
_STARTS = func.lower(Appointment.during)
_ENDS = func.upper(Appointment.during)


def load(uow: UnitOfWork, practitioners: Collection[UUID], earliest: datetime, latest: datetime) -> Counter[UUID]:
    """How many live appointments each practitioner has that begin in this time."""
    rows = uow.session.execute(
        select(Appointment.practitioner_id, func.count())
        .where(
            Appointment.practitioner_id == func.any(list(practitioners)),
            Appointment.state.in_(LIVE),
            earliest <= _STARTS,
            latest > _STARTS,
        )
        .group_by(Appointment.practitioner_id)
    )
    return Counter({row[0]: row[1] for row in rows})


def free(
    uow: UnitOfWork,
    slots: Mapping[UUID, tuple[Slot, ...]],
    earliest: datetime,
    latest: datetime,
    person_id: UUID | None = None,
) -> dict[UUID, list[Slot]]:
    """Of these slots by practitioner, those that begin in this time and are free, for this person too."""
    taken = _taken(uow, list(slots), earliest, latest)
    persons = [] if person_id is None else _booked_by(uow, person_id, earliest, latest)
    return {
        practitioner: free_slots(between(each, earliest, latest), taken.get(practitioner, []) + persons)
        for practitioner, each in slots.items()
    }


def _taken(uow: UnitOfWork, practitioners: list[UUID], earliest: datetime, latest: datetime) -> dict[UUID, list[Slot]]:
    """The live appointments by practitioner; gathered by the database, because a day has hundreds."""
    rows = uow.session.execute(
        select(Appointment.practitioner_id, func.array_agg(_STARTS), func.array_agg(_ENDS))
        .where(
            Appointment.practitioner_id == func.any(practitioners),
            Appointment.state.in_(LIVE),
            earliest - _LONGEST_APPOINTMENT < _STARTS,
            latest > _STARTS,
        )
        .group_by(Appointment.practitioner_id)
    )
    return {row[0]: [Slot(*each) for each in zip(row[1], row[2], strict=True)] for row in rows}


def _booked_by(uow: UnitOfWork, person_id: UUID, earliest: datetime, latest: datetime) -> list[Slot]:
    """What the person has booked; holds do not count, a caller has several at a time."""
    rows = uow.session.execute(
        select(_STARTS, _ENDS).where(
            Appointment.person_id == person_id,
            Appointment.state.in_(LIVE),
            Appointment.state != AppointmentState.PROPOSED,
            earliest - _LONGEST_APPOINTMENT < _STARTS,
            latest > _STARTS,
        )
    )
    return [Slot(row[0], row[1]) for row in rows]
