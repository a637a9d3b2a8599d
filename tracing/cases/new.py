"""What is told when a case is opened or a contact added, and what of it cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from core.database import UnitOfWork
from core.errors import UserError
from tracing import days
from tracing.cases.axes import CaseClassification, ContactStatus
from tracing.cases.changes import axes_of_case
from tracing.cases.model import Case, Contact
from tracing.people.model import Person


@dataclass(frozen=True, slots=True)
class NewExposure:
    """One time that a contact met the source. What nobody knows is None. `call_id` and `turn`: said in a call."""

    day: date
    kind: str = "person"
    place: str = ""
    venue_id: UUID | None = None
    minutes: int | None = None
    metres: float | None = None
    masked: bool | None = None
    call_id: UUID | None = None
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class NewCase:
    """What is known of a case when it is opened. Without a `number` it gets one of ours."""

    disease: str
    number: str = ""
    person_id: UUID | None = None
    classification: CaseClassification = CaseClassification.CONFIRMED
    onset_on: date | None = None
    sampled_on: date | None = None
    confirmed_on: date | None = None
    area: str = ""

    @property
    def days(self) -> dict[str, date | None]:
        return {"onset_on": self.onset_on, "sampled_on": self.sampled_on, "confirmed_on": self.confirmed_on}


def check_days(uow: UnitOfWork, new: NewCase) -> None:
    """Raises UserError for a day that has not come."""
    if any(day is not None and day > days.today(uow) for day in new.days.values()):
        raise UserError("A day of the case lies in the future.", "Correct the date.")


def check_exposures(uow: UnitOfWork, exposures: Iterable[NewExposure]) -> None:
    """Raises UserError for a day that has not come."""
    if any(each.day > days.today(uow) for each in exposures):
        raise UserError("An exposure lies in the future.", "Correct the date.")


def check_source(
    uow: UnitOfWork, person_id: UUID, disease: str, case_id: UUID | None, source_contact_id: UUID | None
) -> None:
    """Raises UserError unless the person can be a contact of this source."""
    if case_id is not None and source_contact_id is not None:
        raise UserError("A contact has one source: a case or another contact.", "Add one contact for each.")
    if case_id is not None:
        case = uow.session.get(Case, case_id)
        if case is None or case.disease != disease:
            raise UserError("There is no such case of this disease.", "Choose the case again.")
        if not axes_of_case(case).stands:
            raise UserError("This is not a case any more, so nobody is its contact.", "Choose another case.")
        if case.person_id == person_id:
            raise UserError("Nobody is a contact of themselves.", "Choose another person.")
    if source_contact_id is not None:
        above = uow.session.get(Contact, source_contact_id)
        if above is None or above.disease != disease or above.status == ContactStatus.DROPPED:
            raise UserError("There is no such contact of this disease.", "Choose the contact again.")
        if above.person_id == person_id:
            raise UserError("Nobody is a contact of themselves.", "Choose another person.")


def lock_person(uow: UnitOfWork, person_id: UUID) -> Person:
    """The person, locked. Raises UserError for one who is not there, or was merged with another entry."""
    person = uow.session.get(Person, person_id, with_for_update={"key_share": True}, populate_existing=True)
    if person is None or person.merged_into is not None:
        raise UserError("There is no such person.", "They may have been merged with another entry. Look them up again.")
    return person
