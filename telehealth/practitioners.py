"""Who can be booked, and who is on duty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.areas import holds
from core.database import UnitOfWork
from telehealth.model import Practitioner, WeeklyHours
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


def doctors(uow: UnitOfWork) -> list[Doctor]:
    """Every active practitioner who has hours."""
    rows = uow.session.execute(
        select(
            Practitioner.id,
            Practitioner.name,
            Practitioner.languages,
            Practitioner.zone,
            Practitioner.area,
            WeeklyHours.weekday,
            WeeklyHours.starts,
            WeeklyHours.ends,
            WeeklyHours.slot_minutes,
            WeeklyHours.valid_from,
            WeeklyHours.valid_until,
        )
        .join(WeeklyHours, WeeklyHours.practitioner_id == Practitioner.id)
        .where(Practitioner.active)
    ).all()
    hours: dict[UUID, list[Hours]] = defaultdict(list)
    people = {}
    for each, name, languages, zone, area, *rest in rows:
        people[each] = (name, frozenset(languages), zone, area)
        hours[each].append(Hours(*rest))
    return [Doctor(each, *person, tuple(hours[each])) for each, person in sorted(people.items())]


def preferred(everybody: Sequence[Doctor], language: str, area: str) -> list[list[Doctor]]:
    """The doctors to ask first, second and third: those who speak the language and serve the area; others who speak the
    language; the rest. A caller whose area is not known is served by everybody. Groups without doctors are left out."""

    def rank(doctor: Doctor) -> int:
        if language not in doctor.languages:
            return 2
        return 0 if area == "" or holds(doctor.area, area) else 1

    groups = [[doctor for doctor in everybody if rank(doctor) == wanted] for wanted in range(3)]
    return [group for group in groups if group]
