"""Who can be booked, and who is on duty."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Text, column, select, text

from core.areas import holds
from core.database import UnitOfWork
from telehealth.slots import Hours, on_duty


@dataclass(frozen=True, slots=True)
class Doctor:
    """An active practitioner and the weekly hours, as the pure rules see them."""

    id: UUID
    name: str
    languages: frozenset[str]
    zone: str
    area: str
    hours: tuple[Hours, ...]

    def on_duty(self, now: datetime) -> bool:
        return on_duty(self.hours, self.zone, now)


# All doctors as one text: the same text always means the same doctors, so what was made of it is remembered, and
# nobody has to be told when hours change.
_ROSTER = text("""
SELECT json_agg(json_build_array(id, name, languages, zone, area, hours) ORDER BY id)::text AS roster
FROM practitioner JOIN (
    SELECT practitioner_id AS id,
           json_agg(json_build_array(weekday, starts, ends, slot_minutes, valid_from, valid_until) ORDER BY id) AS hours
    FROM weekly_hours GROUP BY practitioner_id
) AS week USING (id)
WHERE active
""")
ROSTER = _ROSTER.columns(column("roster", Text)).scalar_subquery()


def doctors(uow: UnitOfWork) -> tuple[Doctor, ...]:
    """Every active practitioner who has hours."""
    return read_roster(uow.session.scalar(select(ROSTER)))


@lru_cache(maxsize=4)
def read_roster(roster: str | None) -> tuple[Doctor, ...]:
    """The doctors that the query `ROSTER` tells of; None when there are none."""
    return tuple(
        Doctor(UUID(id_), name, frozenset(languages), zone, area, tuple(_hours(*each) for each in hours))
        for id_, name, languages, zone, area, hours in json.loads(roster or "[]")
    )


def _hours(weekday: int, starts: str, ends: str, slot_minutes: int | None, since: str, until: str | None) -> Hours:
    return Hours(
        weekday,
        time.fromisoformat(starts),
        time.fromisoformat(ends),
        slot_minutes,
        date.fromisoformat(since),
        date.fromisoformat(until) if until else None,
    )


def preferred(everybody: Sequence[Doctor], language: str, area: str) -> list[list[Doctor]]:
    """The doctors to ask first, second and third: those who speak the language and serve the area; others who speak the
    language; the rest. A caller whose area is not known is served by everybody. Groups without doctors are left out."""

    def rank(doctor: Doctor) -> int:
        if language not in doctor.languages:
            return 2
        return 0 if area == "" or holds(doctor.area, area) else 1

    groups = [[doctor for doctor in everybody if rank(doctor) == wanted] for wanted in range(3)]
    return [group for group in groups if group]
