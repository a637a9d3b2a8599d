"""Who is the same person: same telephone number, same name without diacritics, same birth year.

A family shares a number, so the number alone says nothing. A list without birth years matches the one person of that
name on that number, if there is only one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from tracing.people.model import Person
from tracing.people.names import plain


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What matching needs of a person."""

    id: UUID
    name: str
    birth_year: int | None


@dataclass(slots=True)
class Roster:
    """The people on some numbers, to match against; those made meanwhile are added."""

    by_phone: dict[str, list[KnownPerson]] = field(default_factory=lambda: defaultdict(list))

    def add(self, phone: str, person_id: UUID, name: str, birth_year: int | None) -> None:
        self.by_phone[phone].append(KnownPerson(person_id, plain(name), birth_year))

    def match(self, phone: str, name: str, birth_year: int | None) -> UUID | None:
        """The person this is, if we know them."""
        return same_person(self.by_phone.get(phone, ()), name, birth_year)

    def learn(self, phone: str, person_id: UUID, birth_year: int | None) -> None:
        """Someone who was matched without a birth year has one from now on: whoever has another is somebody else."""
        people = self.by_phone[phone]
        for at, person in enumerate(people):
            if person.id == person_id and person.birth_year is None:
                people[at] = replace(person, birth_year=birth_year)


def same_person(people: Sequence[KnownPerson], name: str, birth_year: int | None) -> UUID | None:
    """Which of the people on one number has this name and birth year. None for none, and for more than one."""
    written = plain(name)
    alike = [person for person in people if person.name == written]
    exact = [person for person in alike if person.birth_year == birth_year]
    if not exact:
        exact = [person for person in alike if person.birth_year is None or birth_year is None]
    return exact[0].id if len(exact) == 1 else None


def load_roster(uow: UnitOfWork, phones: Collection[str]) -> Roster:
    """Everybody on these numbers (E.164)."""
    roster = Roster()
    rows = uow.session.execute(
        select(Person.phone, Person.id, Person.name, Person.birth_year)
        .where(Person.phone.in_(set(phones)))
        .order_by(Person.id)
    )
    for phone, person_id, name, birth_year in rows:
        roster.add(phone, person_id, name, birth_year)
    return roster


def find_by_phone(uow: UnitOfWork, phone: str) -> list[Person]:
    """Everybody on this number (E.164), the newest first."""
    return list(uow.session.scalars(select(Person).where(Person.phone == phone).order_by(Person.id.desc())))
