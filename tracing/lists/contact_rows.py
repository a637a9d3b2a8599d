"""The contacts of a list: who met which case, and on which days; many rows in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.database import UnitOfWork
from core.ids import new_id
from core.tables import Base
from tracing.cases.axes import Classification
from tracing.cases.model import Case, Contact, Exposure
from tracing.lists.sheet import ContactRow


def write_contacts(
    uow: UnitOfWork, rows_of: Mapping[UUID, Sequence[ContactRow]], disease: str, area: str, by: UUID | None
) -> int:
    """One contact per person and source case, with an exposure for every day that is named; returns how many contacts
    are new. Their follow-up is planned by a tick, which asks for contacts that nobody has planned yet."""
    numbers = {row.source_case for rows in rows_of.values() for row in rows if row.source_case}
    cases = _cases(uow, disease, numbers, area)
    listed: dict[tuple[UUID, UUID | None], list[ContactRow]] = {}
    for person_id, rows in rows_of.items():
        for row in rows:
            listed.setdefault((person_id, cases.get(row.source_case)), []).append(row)
    known = _known_contacts(uow, disease, rows_of)
    new = {key: new_id() for key in listed if key not in known}
    insert_rows(
        uow,
        Contact,
        [
            {
                "id": new[key],
                "person_id": key[0],
                "disease": disease,
                "case_id": key[1],
                "generation": listed[key][0].generation,
                "area": next((row.area for row in listed[key] if row.area), area),
                "first_exposed_on": min(_days(listed[key]), default=None),
                "last_exposed_on": max(_days(listed[key]), default=None),
                "source": "list",
                "reported_at": uow.now(),
                "created_by": by,
            }
            for key in new
        ],
    )
    contacts = known | new
    insert_rows(
        uow,
        Exposure,
        [
            {
                "id": new_id(),
                "contact_id": contacts[key],
                "kind": "person",
                "day": row.exposed_on,
                "place": row.exposure_place,
                "source": "list",
                "created_at": uow.now(),
            }
            for key, rows in listed.items()
            for row in rows
            if row.exposed_on is not None
        ],
    )
    days = (
        select(Exposure.contact_id, func.min(Exposure.day).label("first"), func.max(Exposure.day).label("last"))
        .where(Exposure.contact_id.in_([known[key] for key in listed if key in known]))
        .group_by(Exposure.contact_id)
        .subquery()
    )
    # Of contacts that were known: what is new about their days, and that their follow-up is to be worked out again.
    before, after = tuple_(Contact.first_exposed_on, Contact.last_exposed_on), tuple_(days.c.first, days.c.last)
    uow.session.execute(
        update(Contact)
        .where(Contact.id == days.c.contact_id, before.is_distinct_from(after))
        .values(first_exposed_on=days.c.first, last_exposed_on=days.c.last, plan_at=uow.now()),
        execution_options={"synchronize_session": False},
    )
    return len(new)


def _days(rows: Iterable[ContactRow]) -> list[date]:
    return [row.exposed_on for row in rows if row.exposed_on is not None]


def _cases(uow: UnitOfWork, disease: str, numbers: set[str], area: str) -> dict[str, UUID]:
    """The cases of these numbers; one that is on no file yet is known by its number only."""
    insert_rows(
        uow,
        Case,
        [
            {
                "id": new_id(),
                "disease": disease,
                "number": number,
                "by_rule": Classification.CONFIRMED,
                "area": area,
                "reported_at": uow.now(),
            }
            for number in sorted(numbers)
        ],
    )
    found = select(Case.number, Case.id).where(Case.disease == disease, Case.number.in_(numbers))
    return {row.number: row.id for row in uow.session.execute(found)}


def _known_contacts(uow: UnitOfWork, disease: str, people: Iterable[UUID]) -> dict[tuple[UUID, UUID | None], UUID]:
    found = select(Contact.person_id, Contact.case_id, Contact.id).where(
        Contact.person_id.in_(people), Contact.disease == disease, Contact.source_contact_id.is_(None)
    )
    return {(person_id, case_id): contact_id for person_id, case_id, contact_id in uow.session.execute(found)}


def insert_rows(uow: UnitOfWork, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """What is there already stays as it is. Through the connection: lists are long, and nobody needs the objects."""
    if rows:
        uow.session.connection().execute(upsert(table).on_conflict_do_nothing(), list(rows))
