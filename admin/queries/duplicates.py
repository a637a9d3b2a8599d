"""Perhaps duplicate people: the next pair to decide about, and what was decided lately."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from admin.policy import Viewer
from admin.queries.paging import AnySelect
from core.areas import within
from core.database import UnitOfWork
from core.users import User
from ivr.calls.model import Call
from tracing.cases.model import Case, Contact
from tracing.people.likeness import Described, Likeness, compare
from tracing.people.model import DuplicateCandidate, NotDuplicate, Person, PersonMerge
from tracing.records.model import Record

_Low, _High = aliased(Person), aliased(Person)
DECIDED = 12
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what is on file, and how much hangs on it."""

    person: Person
    contacts: tuple[tuple[UUID, str | None], ...]  # (contact, number of the case that they met)
    cases: tuple[tuple[UUID, str], ...]
    calls: int
    records: int

    @property
    def weight(self) -> int:
        return len(self.contacts) + len(self.cases) + self.calls + self.records


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries side by side. `key` is the pair's place in the list; `kept` the one that we would keep: more hangs on
    it, or it was there first. `said_two`: somebody found that they are two people."""

    one: Side
    other: Side
    likeness: Likeness
    key: str
    kept: UUID
    said_two: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody said of two entries: `merge` None for "two people"."""

    one: Person
    other: Person
    by: str
    merge: PersonMerge | None


def next_pair(uow: UnitOfWork, viewer: Viewer, after: str = "", person_id: UUID | None = None) -> Pair | None:
    """The most certain pair of the viewer's area behind the place `after`; of one person, if asked."""
    key = (DuplicateCandidate.degree, DuplicateCandidate.points, DuplicateCandidate.low_id, DuplicateCandidate.high_id)
    query = _candidates(viewer).order_by(*(column.desc() for column in key)).limit(1)
    place = _place(after)
    if place is not None:
        query = query.where(tuple_(*key) < tuple_(*place))
    if person_id is not None:
        query = query.where(or_(DuplicateCandidate.low_id == person_id, DuplicateCandidate.high_id == person_id))
    found = uow.session.scalars(query).first()
    return None if found is None else pair_of(uow, viewer, found.low_id, found.high_id)


def count_pairs(uow: UnitOfWork, viewer: Viewer) -> int:
    """How many pairs wait for a decision; no further than `MOST_COUNTED`."""
    some = _candidates(viewer).with_only_columns(DuplicateCandidate.low_id).limit(MOST_COUNTED).subquery()
    return uow.session.scalars(select(func.count()).select_from(some)).one()


def perhaps(uow: UnitOfWork, viewer: Viewer, person_id: UUID) -> list[tuple[Person, int]]:
    """Who is perhaps this person too, with the degree, most certain first."""
    query = _candidates(viewer).where(
        or_(DuplicateCandidate.low_id == person_id, DuplicateCandidate.high_id == person_id)
    )
    found = uow.session.scalars(query.order_by(DuplicateCandidate.points.desc()).limit(DECIDED)).all()
    ids = {row.high_id if row.low_id == person_id else row.low_id: row.degree for row in found}
    people = {person.id: person for person in uow.session.scalars(select(Person).where(Person.id.in_(ids)))}
    return [(people[other], degree) for other, degree in ids.items()]


def pair_of(uow: UnitOfWork, viewer: Viewer, one_id: UUID, other_id: UUID) -> Pair | None:
    """These two side by side; None when one of them is not there, was merged, or is not the viewer's."""
    query = select(Person).where(Person.id.in_((one_id, other_id)), Person.merged_into.is_(None))
    people = uow.session.scalars(query.where(within(Person.area, viewer.area)).order_by(Person.id)).all()
    if len(people) != 2:
        return None
    low, high = people
    one, other = _side(uow, viewer, low), _side(uow, viewer, high)
    likeness = compare(_described(low), _described(high))
    return Pair(
        one=one,
        other=other,
        likeness=likeness,
        key=f"{int(likeness.degree)}.{likeness.points}.{low.id}.{high.id}",
        kept=high.id if other.weight > one.weight else low.id,
        said_two=uow.session.get(NotDuplicate, (low.id, high.id)) is not None,
    )


def decided_lately(uow: UnitOfWork, viewer: Viewer) -> list[Decided]:
    """The newest decisions about people of the viewer's area, newest first."""
    ours = _both_within(viewer)
    merges = uow.session.execute(
        select(PersonMerge, _Low, _High, User.name, PersonMerge.at)
        .join(_Low, _Low.id == PersonMerge.kept_id)
        .join(_High, _High.id == PersonMerge.merged_id)
        .outerjoin(User, User.id == PersonMerge.by)
        .where(PersonMerge.undone_at.is_(None), *ours)
        .order_by(PersonMerge.id.desc())
        .limit(DECIDED)
    )
    twos = uow.session.execute(
        select(NotDuplicate, _Low, _High, User.name, NotDuplicate.at)
        .join(_Low, _Low.id == NotDuplicate.low_id)
        .join(_High, _High.id == NotDuplicate.high_id)
        .outerjoin(User, User.id == NotDuplicate.by)
        .where(_Low.merged_into.is_(None), _High.merged_into.is_(None), *ours)
        .order_by(NotDuplicate.at.desc(), NotDuplicate.low_id)
        .limit(DECIDED)
    )
    found = sorted([*merges, *twos], key=lambda row: row[4], reverse=True)[:DECIDED]
    return [
        Decided(one, other, by or "", said if isinstance(said, PersonMerge) else None)
        for said, one, other, by, _ in found
    ]


def _both_within(viewer: Viewer) -> list[ColumnElement[bool]]:
    return [within(_Low.area, viewer.area), within(_High.area, viewer.area)]


def _candidates(viewer: Viewer) -> AnySelect:
    return (
        select(DuplicateCandidate)
        .join(_Low, _Low.id == DuplicateCandidate.low_id)
        .join(_High, _High.id == DuplicateCandidate.high_id)
        .where(_Low.merged_into.is_(None), _High.merged_into.is_(None), *_both_within(viewer))
    )


def _described(person: Person) -> Described:
    return Described(person.phone, person.name, person.birth_year, person.area, person.sex)


def _side(uow: UnitOfWork, viewer: Viewer, person: Person) -> Side:
    met = (
        select(Contact.id, Case.number)
        .outerjoin(Case, Case.id == Contact.case_id)
        .where(Contact.person_id == person.id, within(Contact.area, viewer.area))
    )
    cases = select(Case.id, Case.number).where(Case.person_id == person.id, within(Case.area, viewer.area))
    counts = [
        uow.session.scalars(select(func.count()).where(table.person_id == person.id)).one() for table in (Call, Record)
    ]
    return Side(
        person,
        tuple((row[0], row[1]) for row in uow.session.execute(met.order_by(Contact.id).limit(DECIDED))),
        tuple((row[0], row[1]) for row in uow.session.execute(cases.order_by(Case.id).limit(DECIDED))),
        *counts,
    )


def _place(text: str) -> tuple[int, int, UUID, UUID] | None:
    """A pair's place from an address; what is none begins at the start."""
    try:
        degree, points, low, high = text.split(".")
        return int(degree), int(points), UUID(low), UUID(high)
    except ValueError:
        return None
