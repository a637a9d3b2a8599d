"""Who is the same person beyond doubt, for lists that nobody looks through: what `tracing.people.likeness` calls
certain, where it is so of one person only.

A family shares a number, so the number alone says nothing. A list without birth years matches the one person of that
name on that number, if there is only one. Who was merged into another is that other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import func, select

from core.database import UnitOfWork
from tracing.people.likeness import Sign, compare_years, is_certain
from tracing.people.model import Person
from tracing.people.names import plain

_STANDS = func.coalesce(Person.merged_into, Person.id)


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
    certain: dict[Sign, set[UUID]] = defaultdict(set)
    for person in people:
        year = compare_years(person.birth_year, birth_year)
        if person.name == written and is_certain((Sign.SAME_PHONE, Sign.SAME_NAME, year)):
            unknown_to_both = person.birth_year is birth_year is None
            certain[Sign.SAME_YEAR if unknown_to_both else year].add(person.id)
    found = certain[Sign.SAME_YEAR] or certain[Sign.NO_YEAR]
    return next(iter(found)) if len(found) == 1 else None


def load_roster(uow: UnitOfWork, phones: Collection[str]) -> Roster:
    """Everybody on these numbers (E.164)."""
    roster = Roster()
    rows = uow.session.execute(
        select(Person.phone, _STANDS, Person.name, Person.birth_year)
        .where(Person.phone.in_(set(phones)))
        .order_by(Person.id)
    )
    for phone, person_id, name, birth_year in rows:
        roster.add(phone, person_id, name, birth_year)
    return roster


def find_by_phone(uow: UnitOfWork, phone: str) -> list[Person]:
    """Everybody on this number (E.164), the newest first; for an entry that was merged, the one that stands."""
    on_number = select(_STANDS).where(Person.phone == phone)
    return list(uow.session.scalars(select(Person).where(Person.id.in_(on_number)).order_by(Person.id.desc())))
