"""Venues: the list, and who was at one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from admin.policy import Viewer, scoped
from admin.queries.paging import AnySelect, Page, page_of
from core.database import UnitOfWork
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.venues.model import Venue, VenueVisit
from tracing.venues.naming import CONFIRMED

RECENT = timedelta(days=60)
MOST_CASES = 50


def called(name: str) -> ColumnElement[bool]:
    """The condition that a person's name holds this, however it is typed."""
    return Person.name_search.contains(func.lower(func.immutable_unaccent(name)))


@dataclass(frozen=True, slots=True)
class VenueRow:
    """A line of the list of venues."""

    id: UUID
    name: str
    kind: str
    address: str
    area: str


def list_venues(
    uow: UnitOfWork, viewer: Viewer, name: str = "", kind: str = "", before: str | None = None
) -> Page[VenueRow]:
    """The venues of the viewer's area, those entered last first. `name` is part of one, without diacritics."""
    query: AnySelect = select(Venue.id, Venue.name, Venue.kind, Venue.address, Venue.area)
    query = scoped(query, Venue.area, viewer)
    if name:
        query = query.where(Venue.name_search.contains(func.lower(func.immutable_unaccent(name))))
    if kind:
        query = query.where(Venue.kind == kind)
    return page_of(uow, query, Venue.id, before, lambda row: VenueRow(*row))


def count_visits(uow: UnitOfWork, venue_ids: Sequence[UUID], now: datetime) -> Mapping[UUID, int]:
    """How many visits of the last 60 days are on file, by venue."""
    found = uow.session.execute(
        select(VenueVisit.venue_id, func.count().label("visits"))
        .where(VenueVisit.venue_id.in_(venue_ids), VenueVisit.arrived_at >= now - RECENT)
        .group_by(VenueVisit.venue_id)
    )
    return {row.venue_id: row.visits for row in found}


def find_venue(uow: UnitOfWork, viewer: Viewer, venue_id: UUID) -> Venue | None:
    """The venue, None when there is none or it is not the viewer's to see."""
    return uow.session.scalar(scoped(select(Venue).where(Venue.id == venue_id), Venue.area, viewer))


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit. Who lives outside the viewer's area has no name here, and no number."""

    id: UUID
    arrived_at: datetime
    left_at: datetime
    uncertain_minutes: int
    source: str
    person_id: UUID | None
    name: str
    birth_year: int | None


def list_visits(uow: UnitOfWork, viewer: Viewer, venue_id: UUID, before: str | None = None) -> Page[VisitRow]:
    """The visits of the viewer's people to a venue, those entered last first."""
    query: AnySelect = (
        select(
            VenueVisit.id,
            VenueVisit.arrived_at,
            VenueVisit.left_at,
            VenueVisit.uncertain_minutes,
            VenueVisit.source,
            Person.id,
            Person.name,
            Person.birth_year,
        )
        .join(Person, Person.id == VenueVisit.person_id)
        .where(VenueVisit.venue_id == venue_id)
    )
    return page_of(uow, scoped(query, Person.area, viewer), VenueVisit.id, before, lambda row: VisitRow(*row))


@dataclass(frozen=True, slots=True)
class CaseThere:
    """A confirmed case who was at a venue, and the last time."""

    id: UUID
    number: str
    name: str
    last: datetime


def cases_there(uow: UnitOfWork, viewer: Viewer, venue_id: UUID, now: datetime) -> list[CaseThere]:
    """The viewer's confirmed cases who were there in the last 60 days, the last first."""
    query = (
        select(Case.id, Case.number, Person.name, func.max(VenueVisit.arrived_at).label("last"))
        .join(VenueVisit, VenueVisit.person_id == Case.person_id)
        .join(Person, Person.id == Case.person_id)
        .where(VenueVisit.venue_id == venue_id, VenueVisit.arrived_at >= now - RECENT, CONFIRMED)
        .group_by(Case.id, Case.number, Person.name)
        .order_by(func.max(VenueVisit.arrived_at).desc())
        .limit(MOST_CASES)
    )
    return [CaseThere(*row) for row in uow.session.execute(scoped(query, Case.area, viewer))]
