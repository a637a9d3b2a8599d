"""Doses of vaccine that somebody tells of: they may change which course of the rule is a contact's."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing import days
from tracing.cases.changes import note_change
from tracing.cases.model import Contact
from tracing.followup.planning import replan
from tracing.people.model import Dose, Person
from tracing.people.names import tidy

MOST_DOSES = 9


def note_dose(
    uow: UnitOfWork, contact: Contact, number: int, given_on: date | None, *, vaccine: str = "", by: UUID
) -> Dose:
    """The contact got dose `number` (1, 2, …) of the disease's vaccine; `given_on` None: the day is not known. A dose
    that is on file is corrected, and the change stands in the history. Follow-up is planned anew.

    Raises UserError for a number that cannot be, and a day to come or before the dose before it.
    """
    uow.session.execute(select(Person.id).where(Person.id == contact.person_id).with_for_update(key_share=True))
    if not 1 <= number <= MOST_DOSES:
        raise UserError(f"Doses are numbered 1 to {MOST_DOSES}.", "Enter which dose it was.")
    if given_on is not None and given_on > days.today(uow):
        raise UserError("The dose would be given on a day to come.", "Enter the day on which it was given.")
    known = {
        dose.number: dose
        for dose in uow.session.scalars(
            select(Dose).where(Dose.person_id == contact.person_id, Dose.disease == contact.disease)
        )
    }
    _check_order(known, number, given_on)
    dose = known.get(number)
    before = _told(dose) if dose is not None else None
    if dose is None:
        dose = Dose(
            id=new_id(),
            person_id=contact.person_id,
            disease=contact.disease,
            number=number,
            source="person",
            created_at=uow.now(),
        )
        uow.session.add(dose)
    dose.given_on, dose.vaccine = given_on, tidy(vaccine)
    if _told(dose) != before:
        note_change(uow, contact, "dose", before, _told(dose), by=by, why="")
        uow.session.flush()
        replan(uow, contact.person_id, contact.disease)
    return dose


def _check_order(known: dict[int, Dose], number: int, given_on: date | None) -> None:
    if given_on is None:
        return
    for other, dose in known.items():
        if dose.given_on is not None and (other - number) * (dose.given_on - given_on).days < 0:
            raise UserError(
                f"Dose {other} was given on {dose.given_on}, so this day does not fit.",
                "Correct the number or the day.",
            )


def _told(dose: Dose) -> dict[str, str | int | None]:
    return {
        "number": dose.number,
        "given_on": dose.given_on.isoformat() if dose.given_on else None,
        "vaccine": dose.vaccine,
    }
