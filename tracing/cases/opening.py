"""A case comes in: it is there already, or it is written down."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id, under_free_reference
from tracing.cases.axes import Outcome
from tracing.cases.changes import axes_of_case, lock_case, note_change
from tracing.cases.model import Case
from tracing.cases.new import NewCase
from tracing.people.model import Person


def find_or_open(uow: UnitOfWork, new: NewCase, person: Person | None, by: UUID | None) -> Case:
    """The case of this number, or the one of this person (locked) that has no outcome yet, locked and with what was
    missing filled in; otherwise a new one. Raises UserError for a number that is another person's, and for another
    number than the person's case has."""
    case = _known(uow, new)
    if case is None:
        case = _insert(uow, new, person, by)
    case.person_id = case.person_id or new.person_id
    case.area = case.area or new.area or (person.area if person else "")
    for name, day in new.days.items():
        if getattr(case, name) is None:
            setattr(case, name, day)
    uow.session.flush()
    return case


def open_case_of(uow: UnitOfWork, person_id: UUID, disease: str) -> Case | None:
    """The person's case that stands and has no outcome yet."""
    return open_cases_of(uow, [person_id], disease).get(person_id)


def open_cases_of(uow: UnitOfWork, people: Collection[UUID], disease: str) -> dict[UUID, Case]:
    """The same for many people at once; those without such a case are not in the answer."""
    query = select(Case).where(Case.person_id.in_(people), Case.disease == disease, Case.outcome == Outcome.NONE_YET)
    found = uow.session.scalars(query.order_by(Case.id.desc())) if people else ()
    return {case.person_id: case for case in found if case.person_id is not None and axes_of_case(case).stands}


def _insert(uow: UnitOfWork, new: NewCase, person: Person | None, by: UUID | None) -> Case:
    row = insert(Case).values(
        id=new_id(),
        disease=new.disease,
        person_id=new.person_id,
        by_rule=new.classification,
        area=new.area or (person.area if person else ""),
        reported_at=uow.now(),
        created_by=by,
        **new.days,
    )

    def under(number: str) -> UUID | None:
        named = row.values(number=number).on_conflict_do_nothing(index_elements=[Case.disease, Case.number])
        return uow.session.scalar(named.returning(Case.id))

    given = new.number.strip()
    made = under(given) if given else under_free_reference(under)
    if made is None:  # somebody else brought the same number just now
        case = _known(uow, new)
        assert case is not None
        return case
    case = lock_case(uow, made)
    note_change(uow, case, "by_rule", None, new.classification, by=by, why="")
    return case


def _known(uow: UnitOfWork, new: NewCase) -> Case | None:
    number = new.number.strip()
    found = select(Case.id).where(Case.disease == new.disease, Case.number == number)
    case_id = uow.session.scalar(found) if number else None
    if case_id is None and new.person_id is not None:
        theirs = open_case_of(uow, new.person_id, new.disease)
        if theirs is not None and number:
            raise UserError(
                f"This person is case {theirs.number} already.", "Note how that case ended before you open another."
            )
        case_id = theirs.id if theirs is not None else None
    if case_id is None:
        return None
    case = lock_case(uow, case_id)
    if None not in (case.person_id, new.person_id) and case.person_id != new.person_id:
        raise UserError(f"The number {number} is another person's case.", "Check the number.")
    return case
