"""People: found by name or number, and everything about one of them in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from admin.policy import Viewer, scoped
from admin.queries.paging import AnySelect, Page, page_of
from core.areas import within
from core.database import UnitOfWork
from core.rights import Right
from core.tables import Base
from core.users import User
from ivr.calls.model import Call
from telehealth.model import WAS_BOOKED, Appointment, QueueEntry
from tracing.cases.model import Case, Contact, LabTest
from tracing.followup.model import FollowUp
from tracing.people.merging import latest
from tracing.people.model import Dose, Person, PersonMerge
from tracing.records.model import Record
from tracing.venues.model import Venue, VenueVisit

MOST_OF_A_KIND = 100


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A line of the list of people."""

    id: UUID
    name: str
    birth_year: int | None
    phone: str
    area: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a person. `row` is what is on file of it, `more` what goes with it; `entry` is the
    merged entry that it stayed with, if it did."""

    at: datetime
    kind: str  # of `people_labels.KINDS`
    row: Any
    more: Any = None
    entry: UUID | None = None


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A merge of the person, and whether it is the one that can be undone now."""

    merge: PersonMerge
    other: Person
    by: str
    undone_by: str
    can_be_undone: bool


def list_people(
    uow: UnitOfWork, viewer: Viewer, name: str, phone: str, before: str | None = None, size: int = 50
) -> Page[PersonRow]:
    """People of the viewer's area, newest first: those with the name (without diacritics), or with the number."""
    query: AnySelect = select(Person.id, Person.name, Person.birth_year, Person.phone, Person.area, Person.created_at)
    query = scoped(query, Person.area, viewer).where(Person.merged_into.is_(None))
    if name:
        query = query.where(Person.name_search.contains(func.lower(func.immutable_unaccent(name))))
    if phone:
        stands = func.coalesce(_Entry.merged_into, _Entry.id)
        query = query.where(Person.id.in_(select(stands).where(_Entry.phone == phone)))
    return page_of(uow, query, Person.id, before, lambda row: PersonRow(*row), size)


_Entry = aliased(Person)


def find_person(uow: UnitOfWork, viewer: Viewer, person_id: UUID) -> Person | None:
    """The entry, None when there is none or it is not the viewer's to see."""
    query = select(Person).where(Person.id == person_id, within(Person.area, viewer.area))
    return uow.session.scalars(query).first()


def entries_of(uow: UnitOfWork, viewer: Viewer, person_id: UUID) -> Sequence[Person]:
    """The entries that were merged into this one, those that the viewer may see."""
    merged = select(Person).where(Person.merged_into == person_id, within(Person.area, viewer.area))
    return uow.session.scalars(merged.order_by(Person.id)).all()


def merges_of(uow: UnitOfWork, viewer: Viewer, person_id: UUID) -> list[MergeRow]:
    """The merges that this person was kept in, newest first, with those of what was merged before."""
    family = select(Person.id).where(or_(Person.id == person_id, Person.merged_into == person_id))
    user, undoer = aliased(User), aliased(User)
    found = uow.session.execute(
        select(PersonMerge, Person, user.name, undoer.name)
        .join(Person, Person.id == PersonMerge.merged_id)
        .outerjoin(user, user.id == PersonMerge.by)
        .outerjoin(undoer, undoer.id == PersonMerge.undone_by)
        .where(PersonMerge.kept_id.in_(family), within(Person.area, viewer.area))
        .order_by(PersonMerge.id.desc())
        .limit(MOST_OF_A_KIND)
    )
    return [
        MergeRow(merge, other, by or "", undone or "", merge.undone_at is None and latest(uow, merge) == merge.id)
        for merge, other, by, undone in found
    ]


def history(uow: UnitOfWork, viewer: Viewer, people: Sequence[UUID], zone: ZoneInfo) -> list[Moment]:
    """Everything about these entries of one person that the viewer may see, newest first; of each kind the newest
    hundred."""
    return sorted(_moments(uow, viewer, people, zone), key=lambda moment: moment.at, reverse=True)


def _moments(uow: UnitOfWork, viewer: Viewer, people: Sequence[UUID], zone: ZoneInfo) -> Iterator[Moment]:
    def found(
        kind: str,
        query: AnySelect,
        owner: InstrumentedAttribute[Any],
        area: InstrumentedAttribute[str] | None = None,
        at: Callable[[Any], datetime | date | None] = lambda row: row.created_at,
    ) -> Iterator[Moment]:
        key = Base.metadata.tables[owner.class_.__tablename__].c.id
        query = query.where(owner.in_(people)).order_by(key.desc()).limit(MOST_OF_A_KIND)
        if area is not None:
            query = scoped(query, area, viewer)
        for row, *more in uow.session.execute(query):
            stayed = getattr(row, owner.key)
            moment = _as_moment(at(row) or row.created_at, zone)
            yield Moment(moment, kind, row, more[0] if more else None, stayed if stayed != people[0] else None)

    met = select(Contact, Case.number).outerjoin(Case, Case.id == Contact.case_id)
    yield from found("contact", met, Contact.person_id, Contact.area, lambda row: row.reported_at)
    yield from found("case", select(Case), Case.person_id, Case.area, lambda row: row.reported_at)
    yield from found(
        "follow_up",
        select(FollowUp).where(FollowUp.superseded_at.is_(None)),
        FollowUp.person_id,
        None,
        lambda row: row.at,
    )
    yield from found("test", select(LabTest), LabTest.person_id, None, lambda row: row.sampled_on)
    yield from found("dose", select(Dose), Dose.person_id, None, lambda row: row.given_on)
    was_at = select(VenueVisit, Venue.name).join(Venue, Venue.id == VenueVisit.venue_id)
    yield from found("place", was_at, VenueVisit.person_id, Venue.area, lambda row: row.arrived_at)
    if viewer.may(Right.CALLS_SEE):
        yield from found("call", select(Call), Call.person_id, Call.area)
    if viewer.may(Right.RECORDS_SEE):
        yield from found("record", select(Record), Record.person_id, Record.area)
    if viewer.may(Right.APPOINTMENTS_SEE):
        booked = select(Appointment).where(WAS_BOOKED)
        yield from found("appointment", booked, Appointment.person_id, Appointment.area, lambda row: row.during.lower)
        yield from found("queue", select(QueueEntry), QueueEntry.person_id, QueueEntry.area)


def _as_moment(at: datetime | date, zone: ZoneInfo) -> datetime:
    """A day stands at its beginning, on the department's clock."""
    return at if isinstance(at, datetime) else datetime.combine(at, time(), zone)
