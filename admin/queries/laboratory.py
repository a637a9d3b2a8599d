"""Laboratory tests that wait for their result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from admin.policy import Viewer
from admin.queries.paging import AnySelect, Page, page_of
from core.areas import within
from core.database import UnitOfWork
from tracing.cases.model import Case, Contact, LabTest
from tracing.laboratory import Result
from tracing.people.model import Person


@dataclass(frozen=True, slots=True)
class TestRow:
    """A test, whose it is, and the contact or the case that it was taken for."""

    id: UUID
    name: str
    birth_year: int | None
    disease: str
    kind: str
    sampled_on: date
    laboratory: str
    contact_id: UUID | None
    case_id: UUID | None
    case_number: str | None


def list_waiting(uow: UnitOfWork, viewer: Viewer, before: str | None = None) -> Page[TestRow]:
    """The tests of the viewer's area without a result, the newest first."""
    query = _tests(viewer).where(LabTest.result == Result.PENDING)
    return page_of(uow, query, LabTest.id, before, lambda row: TestRow(*row))


def find_test(uow: UnitOfWork, viewer: Viewer, test_id: UUID) -> TestRow | None:
    """The test, None when there is none or it is not the viewer's to see."""
    found = uow.session.execute(_tests(viewer).where(LabTest.id == test_id)).first()
    return TestRow(*found) if found else None


def _tests(viewer: Viewer) -> AnySelect:
    return (
        select(
            LabTest.id,
            Person.name,
            Person.birth_year,
            LabTest.disease,
            LabTest.kind,
            LabTest.sampled_on,
            LabTest.laboratory,
            LabTest.contact_id,
            LabTest.case_id,
            Case.number,
        )
        .join(Person, Person.id == LabTest.person_id)
        .outerjoin(Contact, Contact.id == LabTest.contact_id)
        .outerjoin(Case, Case.id == LabTest.case_id)
        .where(_seen(viewer))
    )


def _seen(viewer: Viewer) -> ColumnElement[bool]:
    """A test lies where the contact or the case lies that it was taken for."""
    return or_(within(Contact.area, viewer.area), within(Case.area, viewer.area))
