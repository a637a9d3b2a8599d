"""The cases that a list names: who may be a contact of them, found out before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing.cases.axes import CaseClassification
from tracing.cases.classifying import ONSET
from tracing.cases.model import Case
from tracing.lists.messages import RowError
from tracing.lists.sheet import ContactRow
from tracing.people.matching import load_roster
from tracing.people.model import Person

COLUMN = "source_case"


@dataclass(frozen=True, slots=True)
class SourceCase:
    """A case that a list names. `onset`: see `tracing.cases.classifying`."""

    id: UUID
    person_id: UUID | None
    onset: date | None


def wrong_sources(uow: UnitOfWork, disease: str, rows: Collection[ContactRow]) -> dict[int, RowError]:
    """Rows (by number) that nobody can be a contact by: their source was no case after all, or is the person
    themselves, as far as that is beyond doubt."""
    numbers = sorted({row.source_case for row in rows if row.source_case})
    if not numbers:
        return {}
    none = set(uow.session.scalars(select(Case.number).where(*_named(disease, numbers), ~_STANDS)))
    themselves = _themselves(uow, disease, numbers, [row for row in rows if row.source_case])
    return {
        row.row: RowError(
            row.row, COLUMN, "case_discarded" if row.source_case in none else "case_self", row.source_case
        )
        for row in rows
        if row.source_case in none or row.row in themselves
    }


def lock_sources(uow: UnitOfWork, disease: str, rows: Sequence[ContactRow], area: str) -> Mapping[str, SourceCase]:
    """The cases of these rows, by number; one that is on no file yet is known by its number only. Until the end of the
    transaction none of them turns out to be no case. Raises UserError for one that did."""
    numbers = sorted({row.source_case for row in rows if row.source_case})
    if not numbers:
        return {}
    kept: dict[str, Any] = {"by_rule": CaseClassification.CONFIRMED, "area": area, "reported_at": uow.now()}
    made = [{"id": new_id(), "disease": disease, "number": number, **kept} for number in numbers]
    uow.session.connection().execute(insert(Case).on_conflict_do_nothing(), made)
    query = select(Case.number, Case.id, Case.person_id, ONSET, _STANDS).where(*_named(disease, numbers))
    found = uow.session.execute(query.order_by(Case.id).with_for_update(read=True)).all()
    none = {number for number, *_, stands in found if not stands}
    refuse([RowError(row.row, COLUMN, "case_discarded", row.source_case) for row in rows if row.source_case in none])
    return {number: SourceCase(case_id, person_id, onset) for number, case_id, person_id, onset, _ in found}


def refuse(errors: Sequence[RowError]) -> None:
    """Raises UserError with the first of these errors of a list, if there is one."""
    if errors:
        raise UserError(
            f"The list has {len(errors)} errors, the first in row {errors[0].row}: {errors[0].message('en')}",
            "Correct them and bring the list again; nothing has been imported.",
        )


_STANDS: ColumnElement[bool] = func.coalesce(Case.by_hand, Case.by_rule) != CaseClassification.NOT_A_CASE


def _named(disease: str, numbers: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return Case.disease == disease, Case.number == func.any(bindparam("numbers", list(numbers), ARRAY(Text)))


def _themselves(uow: UnitOfWork, disease: str, numbers: Sequence[str], rows: Sequence[ContactRow]) -> set[int]:
    """The rows whose person is the person of the case. Only who stands under the same telephone number is looked at."""
    own = select(Case.number, Case.person_id, Person.phone).join(
        Person, or_(Person.id == Case.person_id, Person.merged_into == Case.person_id)
    )
    whose = {
        (number, phone): person_id
        for number, person_id, phone in uow.session.execute(own.where(*_named(disease, numbers)))
    }
    close = [row for row in rows if (row.source_case, row.phone) in whose]
    roster = load_roster(uow, {row.phone for row in close}) if close else None
    return {
        row.row
        for row in close
        if roster is not None and roster.match(row.phone, row.name, row.birth_year) == whose[row.source_case, row.phone]
    }
