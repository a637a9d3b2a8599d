"""Who on file resembles somebody: the people to compare with are found by number, and by name with birth year.

Everybody on the number is compared. Away from the number only those are who have the same words in their name, in any
order and without diacritics, and the same birth year: anything less resembles thousands. Both are look-ups in an index,
so that the cost of a question does not grow with the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from uuid import UUID

from sqlalchemy import Integer, String, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from core.database import UnitOfWork
from core.encryption import EncryptedText
from tracing.people.likeness import Degree, Described, Likeness, compare
from tracing.people.model import Person
from tracing.people.names import plain

__all__ = ["Degree", "Described", "Resemblance", "resembling", "resembling_many"]

# How many of one name and birth year are compared. More of them in one district say nothing about who is who.
MOST_NAMESAKES = 40
MOST_ON_NUMBER = 200  # a hostel's telephone: whoever is on it is compared with so many
_MOST_WORDS = 4  # in any order; a longer name only as it stands, or the orders would be too many
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Somebody on file who resembles the person asked for. `id` is the entry that stands, when the one that resembles
    was merged into another; `described` is what is on file of the one that resembles."""

    id: UUID
    described: Described
    likeness: Likeness

    @property
    def degree(self) -> Degree:
        return self.likeness.degree


def resembling(
    uow: UnitOfWork, phone: str, name: str, birth_year: int | None, area: str = "", sex: str | None = None
) -> list[Resemblance]:
    """Everybody on file who resembles this person, most alike first. `CERTAIN` ones are those that an import takes for
    the same; the others are for a person to decide."""
    return resembling_many(uow, [Described(phone, name, birth_year, area, sex)])[0]


def resembling_many(uow: UnitOfWork, people: Sequence[Described]) -> list[list[Resemblance]]:
    """The same for many, in their order; two questions to the database for each 2,000."""
    found: list[list[Resemblance]] = []
    rest = iter(people)
    while batch := list(islice(rest, _BATCH)):
        found += _batch(uow, batch)
    return found


def _batch(uow: UnitOfWork, people: Sequence[Described]) -> list[list[Resemblance]]:
    by_phone = _on_numbers(uow, {person.phone for person in people if person.phone})
    by_name = _namesakes(uow, people)
    return [
        _alike(person, [*by_phone.get(person.phone, ()), *by_name.get((plain(person.name), person.birth_year), ())])
        for person in people
    ]


_Known = tuple[UUID, Described]
_COLUMNS = (
    func.coalesce(Person.merged_into, Person.id).label("stands"),
    Person.phone,
    Person.name,
    Person.birth_year,
    Person.area,
    Person.sex,
)


def _on_numbers(uow: UnitOfWork, phones: set[str]) -> dict[str, list[_Known]]:
    found: dict[str, list[_Known]] = defaultdict(list)
    numbers = bindparam("phones", sorted(phones), ARRAY(EncryptedText))
    asked = func.unnest(numbers).table_valued("phone").render_derived(name="asked")
    there = select(*_COLUMNS).where(Person.phone == asked.c.phone).limit(MOST_ON_NUMBER).lateral("there")
    for row in uow.session.execute(select(there).select_from(asked.join(there, true()))):
        found[row.phone].append((row.stands, Described(*row[1:])))
    return found


def _namesakes(uow: UnitOfWork, people: Iterable[Described]) -> dict[tuple[str, int | None], list[_Known]]:
    """Those with the same words in their name and the same birth year, by (name without diacritics, year)."""
    asked = {(plain(person.name), person.birth_year) for person in people if person.birth_year is not None}
    rows = [(name, written, year) for name, year in sorted(asked) if name for written in orders(name)]
    found: dict[tuple[str, int | None], list[_Known]] = defaultdict(list)
    if not rows:
        return found
    # Sent as three arrays: the statement stays the same however many are asked for.
    asked_for = (
        func.unnest(
            bindparam("names", [row[0] for row in rows], ARRAY(String)),
            bindparam("written", [row[1] for row in rows], ARRAY(String)),
            bindparam("years", [row[2] for row in rows], ARRAY(Integer)),
        )
        .table_valued("name", "written", "year")
        .render_derived(name="asked")
    )
    alike = (
        select(*_COLUMNS)
        .where(Person.name_search == asked_for.c.written, Person.birth_year == asked_for.c.year)
        .limit(MOST_NAMESAKES)
        .lateral("alike")
    )
    for row in uow.session.execute(select(asked_for.c.name.label("asked_name"), alike).join(alike, true())):
        found[row.asked_name, row.birth_year].append((row.stands, Described(*row[2:])))
    return found


def orders(name: str) -> list[str]:
    """The words of a plain name in every order: in Vietnamese the family name comes first, in English last."""
    words = name.split()
    if len(words) > _MOST_WORDS:
        return [name]
    return sorted({" ".join(order) for order in permutations(words)})


def _alike(person: Described, known: Iterable[_Known]) -> list[Resemblance]:
    best: dict[UUID, Resemblance] = {}
    for stands, described in known:
        likeness = compare(person, described)
        before = best.get(stands)
        if likeness.degree > Degree.UNLIKELY and (before is None or likeness.points > before.likeness.points):
            best[stands] = Resemblance(stands, described, likeness)
    return sorted(best.values(), key=lambda one: (-one.degree, -one.likeness.points, one.id))
