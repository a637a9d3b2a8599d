"""What the laboratory says: samples that were taken, and their results.

A result never changes what somebody is by itself: a positive one of a contact proposes that they became a case, and a
person decides (`points_to_a_case`). Rows are locked in the order of `tracing.cases.changes`: person, then contacts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing import days
from tracing.cases.axes import ContactStatus
from tracing.cases.changes import note_change
from tracing.cases.model import Case, Contact, LabTest
from tracing.people.model import Person
from tracing.people.names import tidy


class Kind(StrEnum):
    PCR = "pcr"
    ANTIGEN = "antigen"
    IGM = "igm"


class Result(StrEnum):
    PENDING = "pending"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class NewTest:
    """A sample that was taken of a contact or of a case. `sampled_on` is a day on the department's calendar."""

    kind: Kind
    sampled_on: date
    laboratory: str = ""


def add_test(uow: UnitOfWork, about: Contact | Case, test: NewTest, *, by: UUID) -> tuple[LabTest, bool]:
    """Note that a sample was taken; it waits for its result. True when it is new: the same kind of sample of one day
    and laboratory is one test, however often the form is sent.

    Raises UserError for a day to come, and for a case of which nobody knows who it is.
    """
    if about.person_id is None:
        raise UserError("Nobody knows who this case is.", "Enter the person first, then the test.")
    if test.sampled_on > days.today(uow):
        raise UserError("The sample would be taken on a day to come.", "Enter the day on which it was taken.")
    uow.session.execute(select(Person.id).where(Person.id == about.person_id).with_for_update(key_share=True))
    laboratory = tidy(test.laboratory)
    there = uow.session.scalar(
        select(LabTest).where(
            LabTest.person_id == about.person_id,
            LabTest.disease == about.disease,
            LabTest.kind == test.kind,
            LabTest.sampled_on == test.sampled_on,
            LabTest.laboratory == laboratory,
        )
    )
    if there is not None:
        return there, False
    made = LabTest(
        id=new_id(),
        person_id=about.person_id,
        case_id=about.id if isinstance(about, Case) else None,
        contact_id=about.id if isinstance(about, Contact) else None,
        disease=about.disease,
        kind=test.kind,
        sampled_on=test.sampled_on,
        result=Result.PENDING,
        laboratory=laboratory,
        by=by,
        created_at=uow.now(),
    )
    uow.session.add(made)
    note_change(uow, about, "lab_test", None, _told(made), by=by, why="")
    return made, True


def note_result(uow: UnitOfWork, test_id: UUID, result: Result, result_on: date, *, by: UUID, why: str = "") -> bool:
    """The laboratory has answered; False when that was known. A result that stands is changed only with a reason, and
    the one before stays in the history.

    Raises UserError for a test that does not exist, a day before the sample or to come, and a change without reason.
    """
    test = uow.session.get(LabTest, test_id, with_for_update={"key_share": True}, populate_existing=True)
    if test is None:
        raise UserError("There is no such test.", "Load the page again.")
    if result is Result.PENDING:
        raise UserError("No result is chosen.", "Choose what the laboratory wrote.")
    if not test.sampled_on <= result_on <= days.today(uow):
        raise UserError("The day of the result does not fit.", "It lies between the day of the sample and today.")
    if (test.result, test.result_on) == (result, result_on):
        return False
    if test.result != Result.PENDING and not why.strip():
        raise UserError("This test has a result already.", "Say why it changes.")
    before = _told(test)
    test.result, test.result_on = result, result_on
    about: list[Contact | Case] = [
        *uow.session.scalars(select(Contact).where(Contact.id == test.contact_id)),
        *uow.session.scalars(select(Case).where(Case.id == test.case_id)),
    ]
    for each in about:
        note_change(uow, each, "lab_test", before, _told(test), by=by, why=why.strip())
    return True


def points_to_a_case(contact: Contact, tests: Iterable[LabTest]) -> LabTest | None:
    """The newest positive test by which an active contact should become a case: one that was taken for them as this
    contact, or since they were exposed. None when there is none."""
    if contact.status != ContactStatus.ACTIVE:
        return None
    since = contact.first_exposed_on
    positive = [
        test
        for test in tests
        if test.result == Result.POSITIVE
        and (test.contact_id == contact.id or (since is not None and test.sampled_on >= since))
    ]
    return max(positive, key=lambda test: test.sampled_on, default=None)


def _told(test: LabTest) -> dict[str, str | None]:
    """A test as the history keeps it."""
    return {
        "kind": test.kind,
        "sampled_on": test.sampled_on.isoformat(),
        "result": test.result,
        "result_on": test.result_on.isoformat() if test.result_on else None,
    }
