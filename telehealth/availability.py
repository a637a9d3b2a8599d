"""What is taken of the practitioners' time, as the database knows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, String, Uuid, bindparam, func, select, text

from core.database import UnitOfWork
from telehealth.model import LIVE, Appointment, AppointmentState
from telehealth.slots import Slot, between, free_slots

# No appointment is longer, so those that begin earlier than this before a moment are over.
_LONGEST_APPOINTMENT = timedelta(days=1)
_STARTS = func.lower(Appointment.during)
_ENDS = func.upper(Appointment.during)

# The database joins appointments that touch into one piece: a full morning is one piece, not sixteen.
_TAKEN = text("""
SELECT practitioner_id, load, ARRAY(SELECT lower(piece) FROM unnest(busy) AS piece),
       ARRAY(SELECT upper(piece) FROM unnest(busy) AS piece)
FROM (
    SELECT practitioner_id, count(*) FILTER (WHERE lower(during) >= :earliest) AS load,
           range_agg(during) FILTER (WHERE lower(during) < :until) AS busy
    FROM appointment
    WHERE practitioner_id = ANY(:practitioners) AND state = ANY(:live)
      AND lower(during) > :over AND lower(during) < :latest
    GROUP BY practitioner_id
) AS taken
""").bindparams(
    bindparam("practitioners", type_=ARRAY(Uuid)),
    bindparam("live", [str(state) for state in LIVE], type_=ARRAY(String)),
    *(bindparam(name, type_=DateTime(timezone=True)) for name in ("over", "earliest", "until", "latest")),
)


class Taken(NamedTuple):
    """Of one practitioner: how many live appointments begin in the whole time, and when its first part is taken."""

    load: int
    pieces: list[Slot]


def taken(
    uow: UnitOfWork, practitioners: Collection[UUID], earliest: datetime, until: datetime, latest: datetime
) -> dict[UUID, Taken]:
    """By practitioner, how many live appointments begin from `earliest` up to `latest`, and what is taken of the
    time before `until`. A practitioner who has none is left out."""
    rows = uow.session.execute(
        _TAKEN,
        {
            "practitioners": list(practitioners),
            "over": earliest - _LONGEST_APPOINTMENT,
            "earliest": earliest,
            "until": until,
            "latest": latest,
        },
    )
    return {
        practitioner: Taken(load, [_piece(*ends) for ends in zip(starts, stops, strict=True)])
        for practitioner, load, starts, stops in rows
    }


def free(
    uow: UnitOfWork,
    slots: Mapping[UUID, tuple[Slot, ...]],
    busy: Mapping[UUID, Taken],
    earliest: datetime,
    latest: datetime,
    person_id: UUID | None = None,
) -> dict[UUID, list[Slot]]:
    """Of these slots by practitioner, those that begin in this time and are free, for this person too."""
    persons = [] if person_id is None else _booked_by(uow, person_id, earliest, latest)
    nothing = Taken(0, [])
    return {
        practitioner: free_slots(between(each, earliest, latest), busy.get(practitioner, nothing).pieces + persons)
        for practitioner, each in slots.items()
    }


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
    return [_piece(*row) for row in rows]


def _piece(starts: datetime, ends: datetime) -> Slot:
    """In UTC as all slots are: moments in different zones are slow to compare."""
    return Slot(starts.astimezone(UTC), ends.astimezone(UTC))
