"""One contact, with everything that is on file about this person and this disease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from admin.policy import Viewer, scoped
from core.areas import within
from core.database import UnitOfWork
from core.users import User
from ivr.calls.model import Call
from tracing.cases.model import Case, Contact, Exposure
from tracing.followup.model import FollowUp, FollowUpVisit, Quarantine
from tracing.people.model import Dose, Person
from tracing.records.model import Record
from tracing.teams.model import Team
from tracing.venues.model import Venue


@dataclass(frozen=True, slots=True)
class Source:
    """Whom the contact met: a case or another contact. `seen`: it lies in the viewer's area, so its page opens and the
    name may be shown."""

    label: str
    case_id: UUID | None
    contact_id: UUID | None
    seen: bool


@dataclass(frozen=True, slots=True)
class ContactPage:
    """A contact, who it is, whom they met, and the team that works on them."""

    contact: Contact
    person: Person
    source: Source | None
    team: Team | None


def find_contact(uow: UnitOfWork, viewer: Viewer, contact_id: UUID) -> ContactPage | None:
    """The contact, None when there is none or it is not the viewer's to see."""
    met, met_person = aliased(Contact), aliased(Person)
    query = (
        select(
            Contact, Person, Team, Case, within(Case.area, viewer.area), met, met_person, within(met.area, viewer.area)
        )
        .join(Person, Person.id == Contact.person_id)
        .outerjoin(Team, Team.id == Contact.team_id)
        .outerjoin(Case, Case.id == Contact.case_id)
        .outerjoin(met, met.id == Contact.source_contact_id)
        .outerjoin(met_person, met_person.id == met.person_id)
        .where(Contact.id == contact_id)
    )
    # What an outer join did not find is None, which the types of the columns do not say.
    found: Any = uow.session.execute(scoped(query, Contact.area, viewer)).first()
    if found is None:
        return None
    contact, person, team, case, case_seen, source, source_person, source_seen = found
    if case is not None:
        return ContactPage(contact, person, Source(case.number, case.id, None, bool(case_seen)), team)
    if source is not None:
        label = source_person.name if source_seen else ""
        return ContactPage(contact, person, Source(label, None, source.id, bool(source_seen)), team)
    return ContactPage(contact, person, None, team)


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A follow-up of one day, the call that made it and who wrote it down."""

    visit: FollowUpVisit
    call_id: UUID | None
    by: str


def visits_of(uow: UnitOfWork, person_id: UUID, disease: str) -> list[VisitRow]:
    """All visits of a person for a disease, in the order of days."""
    dialed = (
        select(Call.id)
        .where(Call.target_id == FollowUpVisit.target_id)
        .order_by(Call.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(FollowUpVisit, func.coalesce(dialed, Record.call_id), User.name)
        .outerjoin(Record, Record.id == FollowUpVisit.record_id)
        .outerjoin(User, User.id == FollowUpVisit.by)
        .where(FollowUpVisit.person_id == person_id, FollowUpVisit.disease == disease)
        .order_by(FollowUpVisit.day, FollowUpVisit.nth)
    )
    return [VisitRow(visit, call_id, name or "") for visit, call_id, name in uow.session.execute(query)]


@dataclass(frozen=True, slots=True)
class ExposureRow:
    """One exposure, the venue's name if it was at one, and who wrote it down."""

    exposure: Exposure
    venue: str
    by: str


def exposures_of(uow: UnitOfWork, contact_id: UUID) -> list[ExposureRow]:
    """How and when a contact met the source, newest first."""
    query = (
        select(Exposure, Venue.name, User.name)
        .outerjoin(Venue, Venue.id == Exposure.venue_id)
        .outerjoin(User, User.id == Exposure.by)
        .where(Exposure.contact_id == contact_id)
        .order_by(Exposure.day.desc(), Exposure.id.desc())
    )
    return [ExposureRow(exposure, venue or "", name or "") for exposure, venue, name in uow.session.execute(query)]


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period of follow-up that holds or held, and who set it (empty: a rule)."""

    period: FollowUp
    by: str


def periods_of(uow: UnitOfWork, person_id: UUID, disease: str) -> list[PeriodRow]:
    """Every period there was, newest first."""
    query = (
        select(FollowUp, User.name)
        .outerjoin(User, User.id == FollowUp.by)
        .where(FollowUp.person_id == person_id, FollowUp.disease == disease)
        .order_by(FollowUp.at.desc(), FollowUp.id.desc())
    )
    return [PeriodRow(period, name or "") for period, name in uow.session.execute(query)]


@dataclass(frozen=True, slots=True)
class Order:
    """An order of quarantine: its parts in order of days, and who gave it (empty: a rule)."""

    parts: Sequence[Quarantine]
    by: str

    @property
    def head(self) -> Quarantine:
        return self.parts[0]


def orders_of(uow: UnitOfWork, person_id: UUID, disease: str) -> list[Order]:
    """Every order of quarantine there was, newest first."""
    query = (
        select(Quarantine, User.name)
        .outerjoin(User, User.id == Quarantine.by)
        .where(Quarantine.person_id == person_id, Quarantine.disease == disease)
        .order_by(Quarantine.at.desc(), Quarantine.order_id.desc(), Quarantine.first_day)
    )
    orders: dict[UUID, tuple[list[Quarantine], str]] = {}
    for part, name in uow.session.execute(query):
        orders.setdefault(part.order_id, ([], name or ""))[0].append(part)
    return [Order(parts, by) for parts, by in orders.values()]


def doses_of(uow: UnitOfWork, person_id: UUID, disease: str) -> Sequence[Dose]:
    """The doses of vaccine of a person, the first one first."""
    query = select(Dose).where(Dose.person_id == person_id, Dose.disease == disease).order_by(Dose.number)
    return uow.session.scalars(query).all()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The other contacts and the cases that this person is, in the viewer's area: (contact, number of the case)."""

    contacts: Sequence[tuple[Contact, str]]
    cases: Sequence[Case]


def elsewhere(uow: UnitOfWork, viewer: Viewer, person_id: UUID, but: Contact | Case) -> Elsewhere:
    """What else this person is, oldest first."""
    contacts = select(Contact, func.coalesce(Case.number, "")).outerjoin(Case, Case.id == Contact.case_id)
    contacts = scoped(contacts.where(Contact.person_id == person_id), Contact.area, viewer).order_by(Contact.id)
    cases = scoped(select(Case).where(Case.person_id == person_id), Case.area, viewer).order_by(Case.id)
    return Elsewhere(
        [(contact, number) for contact, number in uow.session.execute(contacts) if contact is not but],
        [case for case in uow.session.scalars(cases) if case is not but],
    )
