"""Everything that was found out about whom a case met, as proposals that a person decides about (N4, N11).

A proposal is a number that the case keyed in, or somebody who was at a venue at the same time, or both. Whoever is on
file already is known by the telephone number; whether it is them, a person decides, for families share telephones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from tracing import days
from tracing.cases.model import Case, Contact, Exposure
from tracing.people.model import Person
from tracing.rules.model import Rule
from tracing.venues.meeting import met_at_venues
from tracing.venues.model import NamedContact, OverlapPutAside, Venue
from tracing.venues.overlap import Met, Window, infectious_window

EVENT = "event"
"""The kind of a venue that is an event, and of an exposure at one."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """What the case keyed in: `day` is when they last met; `day_known` False: the day of the call stands for it, the
    latest that it can be. `contact_id`: whom it became."""

    named_id: UUID
    day: date
    day_known: bool
    said_at: datetime
    call_id: UUID | None
    turn: int | None
    contact_id: UUID | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A day at a venue at the same time. Minutes as told, at least and at most; `after`: they came when the case had
    left, and the air was still infectious. `known`: it stands among the contact's exposures."""

    venue_id: UUID
    venue: str
    is_event: bool
    day: date
    minutes: int
    at_least: int
    at_most: int
    after: bool
    known: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """Somebody whom the case may have met. `people` are those it may be, by the number; `person` the one, if there is
    one only. `likely`: by the rule's minutes, or because the case named them. `contact_id`: a contact of this case
    already. `settled`: nothing of it is new."""

    key: str
    phone: str
    people: tuple[Person, ...]
    keyed: Keyed | None = None
    seen: tuple[Seen, ...] = ()
    contact_id: UUID | None = None
    put_aside: bool = False
    likely: bool = True

    @property
    def person(self) -> Person | None:
        return self.people[0] if len(self.people) == 1 else None

    @property
    def settled(self) -> bool:
        told = self.keyed is None or self.keyed.contact_id is not None
        return self.contact_id is not None and told and all(seen.known for seen in self.seen)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found for a case. `window` is when it was infectious by `rule`; None where nobody can say, and then
    venues were not looked at."""

    rule: Rule | None
    window: Window | None
    proposals: tuple[Proposal, ...] = ()

    @property
    def open(self) -> list[Proposal]:
        return [each for each in self.proposals if not each.settled and not each.put_aside]

    @property
    def put_aside(self) -> list[Proposal]:
        return [each for each in self.proposals if not each.settled and each.put_aside]

    @property
    def settled(self) -> list[Proposal]:
        return [each for each in self.proposals if each.settled]


def find_for(uow: UnitOfWork, case: Case, rule: Rule | None) -> Findings:
    """Keyed numbers first, in the order in which they were said, then people at venues, the longest first. `rule` is
    the rulebook's for the case's disease, area and day; without one venues are not looked at."""
    window = infectious_window(rule, case.onset_on, case.sampled_on, days.zone(uow)) if rule is not None else None
    met: Mapping[UUID, list[Met]] = {}
    if case.person_id is not None and window is not None and rule is not None and rule.infectious is not None:
        met = _by_person(met_at_venues(uow, case.person_id, window, rule.infectious.minutes_after))
    named = uow.session.scalars(
        select(NamedContact).where(NamedContact.case_id == case.id).order_by(NamedContact.said_at, NamedContact.id)
    ).all()
    people = _people(uow, {each.phone for each in named}, met, case.person_id)
    contacts = _contacts(uow, case, people)
    known = _known_exposures(uow, contacts.values())
    venues = _venues(uow, met)
    aside = set(uow.session.scalars(select(OverlapPutAside.person_id).where(OverlapPutAside.case_id == case.id)))
    by_phone: dict[str, list[Person]] = {}
    for person in people.values():
        by_phone.setdefault(person.phone, []).append(person)

    def seen_of(person_id: UUID) -> tuple[Seen, ...]:
        contact = contacts.get(person_id)
        return tuple(_seen(uow, met.get(person_id, ()), venues, known, contact.id if contact else None))

    proposals: list[Proposal] = []
    told: set[UUID] = set()
    for each in named:
        on_number = tuple(by_phone.get(each.phone, ()))
        only = on_number[0].id if len(on_number) == 1 else None
        became = next((c for c in contacts.values() if c.id == each.contact_id), None)
        contact = became or (contacts.get(only) if only else None)
        about = (people[became.person_id],) if became is not None and became.person_id in people else on_number
        if len(about) == 1:
            told.add(about[0].id)
        proposals.append(
            Proposal(
                key=f"n{each.id}",
                phone=each.phone,
                people=about,
                keyed=_keyed(uow, each),
                seen=seen_of(about[0].id) if len(about) == 1 else (),
                contact_id=contact.id if contact else each.contact_id,
                put_aside=each.put_aside_at is not None,
            )
        )
    least = _least_minutes(rule)
    for person_id in met:
        if person_id in told or person_id not in people:
            continue
        contact = contacts.get(person_id)
        seen = seen_of(person_id)
        proposals.append(
            Proposal(
                key=f"p{person_id}",
                phone=people[person_id].phone,
                people=(people[person_id],),
                seen=seen,
                contact_id=contact.id if contact else None,
                put_aside=person_id in aside,
                likely=max(each.minutes for each in seen) >= least,
            )
        )
    return Findings(rule, window, tuple(proposals))


def _least_minutes(rule: Rule | None) -> int:
    """How long somebody was near a case before the definition speaks of a contact; a minute where it says nothing."""
    defined = rule.exposures[1].at_least_minutes if rule is not None and 1 in rule.exposures else None
    return 1 if defined is None else defined


def _by_person(met: Sequence[Met]) -> dict[UUID, list[Met]]:
    by_person: dict[UUID, list[Met]] = {}
    for each in met:
        by_person.setdefault(each.other.person_id, []).append(each)
    return by_person


def _people(uow: UnitOfWork, phones: set[str], met: Mapping[UUID, object], own: UUID | None) -> dict[UUID, Person]:
    """Everybody on the numbers and everybody who was met, by id, but for the case's own person."""
    found = uow.session.scalars(
        select(Person)
        .where(Person.phone.in_(phones) | Person.id.in_(met), Person.merged_into.is_(None))
        .order_by(Person.id)
    )
    return {person.id: person for person in found if person.id != own}


def _contacts(uow: UnitOfWork, case: Case, people: Mapping[UUID, Person]) -> dict[UUID, Contact]:
    found = uow.session.scalars(select(Contact).where(Contact.case_id == case.id, Contact.person_id.in_(people)))
    return {contact.person_id: contact for contact in found}


def _known_exposures(uow: UnitOfWork, contacts: Collection[Contact]) -> set[tuple[UUID, date, UUID]]:
    ids = [contact.id for contact in contacts]
    found = select(Exposure.contact_id, Exposure.day, Exposure.venue_id).where(
        Exposure.contact_id.in_(ids), Exposure.venue_id.is_not(None)
    )
    return {(row.contact_id, row.day, row.venue_id) for row in uow.session.execute(found)}


def _venues(uow: UnitOfWork, met: Mapping[UUID, Sequence[Met]]) -> dict[UUID, tuple[str, str]]:
    """Name and kind of the venues where they met."""
    ids = {each.other.venue_id for meetings in met.values() for each in meetings}
    found = uow.session.execute(select(Venue.id, Venue.name, Venue.kind).where(Venue.id.in_(ids)))
    return {row.id: (row.name, row.kind) for row in found}


def _seen(
    uow: UnitOfWork,
    met: Sequence[Met],
    venues: Mapping[UUID, tuple[str, str]],
    known: set[tuple[UUID, date, UUID]],
    contact_id: UUID | None,
) -> list[Seen]:
    """One line for each venue and day: who came and went twice was there for both times together."""
    days_at: dict[tuple[UUID, date], list[Met]] = {}
    for each in met:
        began = max(each.own.stay.arrived, each.other.stay.arrived)
        days_at.setdefault((each.other.venue_id, days.local(uow, began).date()), []).append(each)
    return [
        Seen(
            venue_id=venue_id,
            venue=venues[venue_id][0],
            is_event=venues[venue_id][1] == EVENT,
            day=day,
            minutes=sum(each.together.minutes for each in meetings),
            at_least=sum(each.together.at_least for each in meetings),
            at_most=sum(each.together.at_most for each in meetings),
            after=all(each.together.after for each in meetings),
            known=contact_id is not None and (contact_id, day, venue_id) in known,
        )
        for (venue_id, day), meetings in days_at.items()
    ]


def _keyed(uow: UnitOfWork, named: NamedContact) -> Keyed:
    said_on = days.local(uow, named.said_at).date()
    return Keyed(
        named_id=named.id,
        day=named.met_on or said_on,
        day_known=named.met_on is not None,
        said_at=named.said_at,
        call_id=named.call_id,
        turn=named.turn,
        contact_id=named.contact_id,
    )
