"""Cases: the list, and what their page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CompoundSelect, func, select

from admin.policy import Viewer, scoped
from admin.queries.paging import AnySelect, Page, page_of
from core.areas import within
from core.database import UnitOfWork
from core.users import User
from tracing.cases.model import Case, Contact, ContactChange, LabTest
from tracing.people.model import Person


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A line of the list of cases. One that a list only named has no person."""

    id: UUID
    disease: str
    number: str
    person_id: UUID | None
    name: str
    birth_year: int | None
    by_rule: str
    by_hand: str | None
    outcome: str
    onset_on: date | None
    confirmed_on: date | None
    area: str
    reported_at: datetime

    @property
    def classification(self) -> str:
        return self.by_rule if self.by_hand is None else self.by_hand


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What the list is narrowed to; empty means all. `text` is part of a number or a name, without diacritics."""

    disease: str = ""
    classification: str = ""
    outcome: str = ""
    area: str = ""
    text: str = ""
    phone: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_cases(
    uow: UnitOfWork, viewer: Viewer, wanted: CaseFilter, before: str | None = None, size: int = 50
) -> Page[CaseRow]:
    """The cases of the viewer's area, newest first."""
    query: AnySelect = select(
        Case.id,
        Case.disease,
        Case.number,
        Case.person_id,
        func.coalesce(Person.name, ""),
        Person.birth_year,
        Case.by_rule,
        Case.by_hand,
        Case.outcome,
        Case.onset_on,
        Case.confirmed_on,
        Case.area,
        Case.reported_at,
    ).outerjoin(Person, Person.id == Case.person_id)
    query = scoped(query, Case.area, viewer)
    for column, value in (
        (Case.disease, wanted.disease),
        (func.coalesce(Case.by_hand, Case.by_rule), wanted.classification),
        (Case.outcome, wanted.outcome),
    ):
        if value:
            query = query.where(column == value)
    if wanted.area:
        query = query.where(within(Case.area, wanted.area))
    if wanted.since:
        query = query.where(Case.reported_at >= wanted.since)
    if wanted.until:
        query = query.where(Case.reported_at < wanted.until)
    if wanted.phone:
        query = query.where(Case.person_id.in_(select(Person.id).where(Person.phone == wanted.phone)))
    if wanted.text:
        query = query.where(Case.id.in_(_called(wanted.text)))
    return page_of(uow, query, Case.id, before, lambda row: CaseRow(*row), size)


def _called(text: str) -> CompoundSelect[UUID]:
    """Cases whose number holds the text, and those of people whose name does: a union, for an index each."""
    typed = func.lower(func.immutable_unaccent(text))
    by_number = select(Case.id).where(Case.number.icontains(text, autoescape=True))
    by_name = select(Case.id).join(Person, Person.id == Case.person_id).where(Person.name_search.contains(typed))
    return by_number.union(by_name)


def count_contacts(uow: UnitOfWork, viewer: Viewer, case_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many contacts of the viewer's area each of these cases has."""
    query = select(Contact.case_id, func.count()).where(Contact.case_id.in_(case_ids)).group_by(Contact.case_id)
    return {case_id: count for case_id, count in uow.session.execute(scoped(query, Contact.area, viewer)) if case_id}


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case, whose it is, and the contact they were before, if that lies in the viewer's area."""

    case: Case
    person: Person | None
    was: Contact | None


def find_case(uow: UnitOfWork, viewer: Viewer, case_id: UUID) -> CasePage | None:
    """The case, None when there is none or it is not the viewer's to see."""
    query = select(Case, Person).outerjoin(Person, Person.id == Case.person_id).where(Case.id == case_id)
    found = uow.session.execute(scoped(query, Case.area, viewer)).first()
    if found is None:
        return None
    was = uow.session.scalar(
        scoped(select(Contact).where(Contact.became_case_id == case_id), Contact.area, viewer)
        .order_by(Contact.id)
        .limit(1)
    )
    return CasePage(found[0], found[1], was)


@dataclass(frozen=True, slots=True)
class Change:
    """A line of history: what was changed from what to what, why, by whom (empty: a rule) and when."""

    line: ContactChange
    by: str


def history_of(uow: UnitOfWork, *, case_id: UUID | None = None, contact_id: UUID | None = None) -> list[Change]:
    """Everything that changed about a case or a contact, newest first."""
    of = ContactChange.case_id == case_id if case_id else ContactChange.contact_id == contact_id
    query = (
        select(ContactChange, User.name)
        .outerjoin(User, User.id == ContactChange.by)
        .where(of)
        .order_by(ContactChange.at.desc(), ContactChange.id.desc())
    )
    return [Change(line, name or "") for line, name in uow.session.execute(query)]


def tests_of(uow: UnitOfWork, person_id: UUID, disease: str) -> Sequence[LabTest]:
    """The laboratory tests of a person for a disease, newest sample first."""
    query = select(LabTest).where(LabTest.person_id == person_id, LabTest.disease == disease)
    return uow.session.scalars(query.order_by(LabTest.sampled_on.desc(), LabTest.id.desc())).all()
