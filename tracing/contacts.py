"""Writing a checked list of contacts: all of it or nothing, nobody twice, and each on the campaign's list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.campaigns.service import NewTarget, add_targets
from tracing.import_csv import ContactRow, Sheet
from tracing.model import Contact, Person
from tracing.people import Roster, load_roster

_BATCH = 2000
_DEFAULT_LANGUAGE = "vi"
# Two imports of one list at the same time would not see each other's people.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('tracing.import_contacts'))")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did. `people_matched` were known before, or stood in the list twice."""

    rows: int = 0
    people_new: int = 0
    people_matched: int = 0
    contacts_new: int = 0
    targets_new: int = 0

    def plus(self, other: ImportResult) -> ImportResult:
        return ImportResult(
            self.rows + other.rows,
            self.people_new + other.people_new,
            self.people_matched + other.people_matched,
            self.contacts_new + other.contacts_new,
            self.targets_new + other.targets_new,
        )


def import_contacts(
    uow: UnitOfWork,
    sheet: Sheet,
    campaign_id: UUID | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Write the people and contacts of a list, and put them on a campaign's list if one is given.

    A person known before (see `tracing.people`) is not made again: what we did not know of them is filled in, what we
    knew stays. The same person with the same source case is one contact, with the newest exposure. `progress` is told
    how many rows are done. Raises UserError, before anything is written, for a sheet with errors.
    """
    if sheet.errors:
        first = sheet.errors[0]
        raise UserError(
            f"The list has {len(sheet.errors)} errors, the first in row {first.row}: {first.message('en')}",
            "Correct them and bring the list again; nothing has been imported.",
        )
    uow.session.execute(_ONE_AT_A_TIME)
    result = ImportResult()
    for batch in _batches(sheet.rows):
        result = result.plus(_write(uow, batch, campaign_id))
        if progress is not None:
            progress(result.rows)
    return result


def _batches(rows: Sequence[ContactRow]) -> Iterator[list[ContactRow]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _write(uow: UnitOfWork, rows: list[ContactRow], campaign_id: UUID | None) -> ImportResult:
    roster = load_roster(uow, {row.phone for row in rows})
    people: list[UUID] = []
    new: list[dict[str, Any]] = []
    for row in rows:
        person_id = roster.match(row.phone, row.name, row.birth_year)
        if person_id is None:
            person_id = new_id()
            new.append(_person(uow, person_id, row))
            roster.add(row.phone, person_id, row.name, row.birth_year)
        people.append(person_id)
    if new:
        # Through the connection: lists are long, and nobody needs the objects.
        uow.session.connection().execute(insert(Person), new)
    made = {person["id"] for person in new}
    _fill_in(uow, [(person_id, row) for person_id, row in zip(people, rows, strict=True) if person_id not in made])
    contacts = _contacts(uow, people, rows, made)
    targets = 0
    if campaign_id is not None:
        targets = add_targets(uow, campaign_id, _targets(people, rows, roster))
    return ImportResult(len(rows), len(new), len(rows) - len(new), contacts, targets)


def _person(uow: UnitOfWork, person_id: UUID, row: ContactRow) -> dict[str, Any]:
    return {
        "id": person_id,
        "name": row.name,
        "phone": row.phone,
        "birth_year": row.birth_year,
        "sex": row.sex,
        "language": row.language or _DEFAULT_LANGUAGE,
        "address": row.address,
        "area": row.area,
        "created_at": uow.now(),
    }


def _fill_in(uow: UnitOfWork, matched: list[tuple[UUID, ContactRow]]) -> None:
    """What the list knows of people and we did not."""
    columns = [
        {"id": person_id, "birth_year": row.birth_year, "sex": row.sex, "address": row.address, "area": row.area}
        for person_id, row in matched
        if row.birth_year or row.sex or row.address or row.area
    ]
    if not columns:
        return
    blank = {
        person.id: person
        for person in uow.session.execute(
            select(Person.id, Person.birth_year, Person.sex, Person.address, Person.area)
            .where(Person.id.in_({column["id"] for column in columns}))
            .where((Person.birth_year.is_(None)) | Person.sex.is_(None) | (Person.address == "") | (Person.area == ""))
        )
    }
    changes = [
        {"id": row["id"], **{name: getattr(blank[row["id"]], name) or row[name] for name in row if name != "id"}}
        for row in columns
        if row["id"] in blank
    ]
    if changes:
        uow.session.execute(update(Person), changes)


def _contacts(uow: UnitOfWork, people: list[UUID], rows: list[ContactRow], made: set[UUID]) -> int:
    """One contact per person and source case; returns how many are new. `made` are the people who are new."""
    latest: dict[tuple[UUID, str], ContactRow] = {}
    for person_id, row in zip(people, rows, strict=True):
        key = (person_id, row.source_case)
        if key not in latest or (row.exposed_on or date.min) > (latest[key].exposed_on or date.min):
            latest[key] = row
    met = [key for key in latest if key[0] not in made]
    known = uow.session.scalar(
        select(func.count()).select_from(Contact).where(tuple_(Contact.person_id, Contact.source_case).in_(met))
    )
    statement = upsert(Contact)
    newer = statement.excluded.exposed_on > func.coalesce(Contact.exposed_on, date(1, 1, 1))
    uow.session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "source_case"],
            set_={
                "exposed_on": case((newer, statement.excluded.exposed_on), else_=Contact.exposed_on),
                "exposure_place": case((newer, statement.excluded.exposure_place), else_=Contact.exposure_place),
            },
        ),
        [
            {
                "id": new_id(),
                "person_id": person_id,
                "source_case": source_case,
                "generation": row.generation,
                "exposed_on": row.exposed_on,
                "exposure_place": row.exposure_place,
                "created_at": uow.now(),
            }
            for (person_id, source_case), row in latest.items()
        ],
    )
    return len(latest) - (known or 0)


def _targets(people: list[UUID], rows: list[ContactRow], roster: Roster) -> Iterator[NewTarget]:
    """Each person once, with what the script may say to make sure of who is speaking: the name and the birth year."""
    years = {person.id: person.birth_year for known in roster.by_phone.values() for person in known}
    for person_id, row in dict(zip(people, rows, strict=True)).items():
        yield NewTarget(
            phone=row.phone,
            language=row.language,
            context={"person": {"name": row.name, "birth_year": row.birth_year or years.get(person_id)}},
            person_id=person_id,
            area=row.area,
        )
