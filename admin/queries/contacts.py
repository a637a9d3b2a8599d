"""Contacts: the list that tracers work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from admin.policy import Viewer, scoped
from admin.queries.follow_ups import NOTHING, Glance, glances
from admin.queries.paging import AnySelect, Page, page_of
from core.areas import within
from core.database import UnitOfWork
from tracing.cases.model import Case, Contact
from tracing.people.model import Person
from tracing.teams.model import Team, TeamMember


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A line of a list of contacts. `case_number` is empty when nobody knows whom they met, or when they met another
    contact."""

    id: UUID
    person_id: UUID
    name: str
    birth_year: int | None
    phone: str
    disease: str
    generation: int
    status: str
    follow_up: str
    by_rule: str
    by_hand: str | None
    last_exposed_on: date | None
    area: str
    team: str | None
    case_id: UUID | None
    case_number: str | None
    reported_at: datetime

    @property
    def classification(self) -> str:
        return self.by_rule if self.by_hand is None else self.by_hand


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """What the list is narrowed to; empty means all. `phone` is E.164, `since` and `until` a span of becoming known,
    `mine` the teams that the viewer belongs to."""

    disease: str = ""
    status: str = ""
    follow_up: str = ""
    classification: str = ""
    area: str = ""
    team_id: UUID | None = None
    without_team: bool = False
    mine: bool = False
    name: str = ""
    phone: str = ""
    since: datetime | None = None
    until: datetime | None = None
    case_id: UUID | None = None
    source_contact_id: UUID | None = None


def list_contacts(
    uow: UnitOfWork, viewer: Viewer, wanted: ContactFilter, before: str | None = None, size: int = 50
) -> Page[ContactRow]:
    """The contacts of the viewer's area, newest first."""
    query: AnySelect = (
        select(
            Contact.id,
            Contact.person_id,
            Person.name,
            Person.birth_year,
            Person.phone,
            Contact.disease,
            Contact.generation,
            Contact.status,
            Contact.follow_up,
            Contact.by_rule,
            Contact.by_hand,
            Contact.last_exposed_on,
            Contact.area,
            Team.name,
            Contact.case_id,
            Case.number,
            Contact.reported_at,
        )
        .join(Person, Person.id == Contact.person_id)
        .outerjoin(Team, Team.id == Contact.team_id)
        .outerjoin(Case, Case.id == Contact.case_id)
    )
    query = _found(_narrowed(scoped(query, Contact.area, viewer), viewer, wanted), wanted)
    return page_of(uow, query, Contact.id, before, lambda row: ContactRow(*row), size)


def _narrowed(query: AnySelect, viewer: Viewer, wanted: ContactFilter) -> AnySelect:
    for column, value in (
        (Contact.disease, wanted.disease),
        (Contact.status, wanted.status),
        (Contact.follow_up, wanted.follow_up),
        (func.coalesce(Contact.by_hand, Contact.by_rule), wanted.classification),
    ):
        if value:
            query = query.where(column == value)
    if wanted.area:
        query = query.where(within(Contact.area, wanted.area))
    if wanted.team_id:
        query = query.where(Contact.team_id == wanted.team_id)
    if wanted.without_team:
        query = query.where(Contact.team_id.is_(None))
    if wanted.mine:
        query = query.where(Contact.team_id.in_(own_teams(viewer)))
    if wanted.case_id:
        query = query.where(Contact.case_id == wanted.case_id)
    if wanted.source_contact_id:
        query = query.where(Contact.source_contact_id == wanted.source_contact_id)
    if wanted.since:
        query = query.where(Contact.reported_at >= wanted.since)
    if wanted.until:
        query = query.where(Contact.reported_at < wanted.until)
    return query


def _found(query: AnySelect, wanted: ContactFilter) -> AnySelect:
    # People first: a rare name is then found by its index, however many contacts there are.
    if wanted.phone:
        query = query.where(Contact.person_id.in_(select(Person.id).where(Person.phone == wanted.phone)))
    if wanted.name:
        typed = func.lower(func.immutable_unaccent(wanted.name))
        query = query.where(Contact.person_id.in_(select(Person.id).where(Person.name_search.contains(typed))))
    return query


def own_teams(viewer: Viewer) -> AnySelect:
    """The teams that the viewer is a member of."""
    return select(TeamMember.team_id).where(TeamMember.user_id == viewer.id)


def glances_of(uow: UnitOfWork, rows: Sequence[ContactRow], today: date) -> Mapping[UUID, Glance]:
    """The follow-up of each row, by contact."""
    found = glances(uow, {(row.person_id, row.disease) for row in rows}, today)
    return {row.id: found.get((row.person_id, row.disease), NOTHING) for row in rows}
