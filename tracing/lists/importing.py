"""Writing a checked list of contacts: all of it or nothing, nobody twice, and each on the campaign's list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.campaigns.model import Campaign
from ivr.campaigns.service import NewTarget, add_targets
from tracing.lists.contact_rows import insert_rows, write_contacts
from tracing.lists.sheet import ContactRow, Sheet
from tracing.people.matching import load_roster
from tracing.people.model import NotDuplicate, Person

_BATCH = 2000
# What rows say of a person, not of one exposure.
_SAID = ("birth_year", "sex", "address", "area", "language")
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


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a row that resembles people on file: it is `same`, or somebody new and none of
    `others`."""

    same: UUID | None = None
    others: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Bringing:
    """How a list is brought in. `area`: where people are taken to live of whom nothing says where, when no campaign
    does. `language`: theirs, when the list does not say. `decisions` by the number of the row. `by`: who decided."""

    disease: str
    campaign_id: UUID | None = None
    area: str = ""
    language: str = "vi"
    decisions: Mapping[int, Decision] = field(default_factory=dict)
    by: UUID | None = None


def import_contacts(
    uow: UnitOfWork,
    sheet: Sheet,
    bringing: Bringing,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Write the people and contacts of a list, and put them on a campaign's list if one is given.

    A person known before (see `tracing.people.matching`) is not made again: what we did not know of them is filled in,
    what we knew stays. Who lives nowhere that we know of lives where the campaign is: else nobody of that area could
    see them. The same person with the same source case is one contact, with every exposure. `progress` is told how many
    rows are done. Raises UserError, before anything is written, for a sheet with errors.
    """
    if sheet.errors:
        first = sheet.errors[0]
        raise UserError(
            f"The list has {len(sheet.errors)} errors, the first in row {first.row}: {first.message('en')}",
            "Correct them and bring the list again; nothing has been imported.",
        )
    uow.session.execute(_ONE_AT_A_TIME)
    area = uow.session.scalar(select(Campaign.area).where(Campaign.id == bringing.campaign_id))
    bringing = replace(bringing, area=bringing.area if area is None else area)
    result = ImportResult()
    for batch in _batches(sheet.rows):
        result = result.plus(_write(uow, batch, bringing))
        if progress is not None:
            progress(result.rows)
    return result


_UNDECIDED = Decision()


def _batches(rows: Sequence[ContactRow]) -> Iterator[list[ContactRow]]:
    """All rows of a number together: one of them may say of a person what another leaves out."""
    by_phone: dict[str, list[ContactRow]] = {}
    for row in rows:
        by_phone.setdefault(row.phone, []).append(row)
    batch: list[ContactRow] = []
    for together in by_phone.values():
        batch += together
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(uow: UnitOfWork, rows: list[ContactRow], bringing: Bringing) -> ImportResult:
    campaign_id, area = bringing.campaign_id, bringing.area
    roster = load_roster(uow, {row.phone for row in rows})
    decisions = {row.row: bringing.decisions[row.row] for row in rows if row.row in bringing.decisions}
    standing = _standing(uow, {decision.same for decision in decisions.values() if decision.same})
    rows_of: dict[UUID, list[ContactRow]] = {}
    made: set[UUID] = set()
    apart: set[tuple[UUID, UUID]] = set()
    for row in rows:
        decision = decisions.get(row.row, _UNDECIDED)
        person_id = roster.match(row.phone, row.name, row.birth_year) or standing.get(decision.same)
        if person_id is None:
            person_id = new_id()
            made.add(person_id)
            apart |= {(min(person_id, other), max(person_id, other)) for other in decision.others}
            roster.add(row.phone, person_id, row.name, row.birth_year)
        else:
            roster.learn(row.phone, person_id, row.birth_year)
        rows_of.setdefault(person_id, []).append(row)
    listed = {person_id: _together(about) for person_id, about in rows_of.items()}
    people = {
        person_id: _person(uow, person_id, row, bringing) for person_id, row in listed.items() if person_id in made
    }
    insert_rows(uow, Person, list(people.values()))
    if bringing.by is not None:
        said = {"by": bringing.by, "at": uow.now()}
        insert_rows(uow, NotDuplicate, [{"low_id": low, "high_id": high, **said} for low, high in sorted(apart)])
    people |= _fill_in(uow, {person_id: row for person_id, row in listed.items() if person_id not in made}, area)
    contacts = write_contacts(uow, rows_of, bringing.disease, bringing.area, bringing.by)
    targets = 0
    if campaign_id is not None:
        targets = add_targets(uow, campaign_id, _targets(listed, people))
    return ImportResult(len(rows), len(made), len(rows) - len(made), contacts, targets)


def _together(rows: Sequence[ContactRow]) -> ContactRow:
    """What all rows of one person say: the first that says a thing counts."""
    said: dict[str, Any] = {}
    for row in reversed(rows):
        said |= {name: value for name in _SAID if (value := getattr(row, name))}
    return replace(rows[0], **said)


def _standing(uow: UnitOfWork, people: set[UUID]) -> dict[UUID | None, UUID]:
    """Of people somebody chose, the entries that stand: one may have been merged into another meanwhile."""
    found = select(Person.id, func.coalesce(Person.merged_into, Person.id)).where(Person.id.in_(people))
    return {row[0]: row[1] for row in uow.session.execute(found)} if people else {}


def _person(uow: UnitOfWork, person_id: UUID, row: ContactRow, bringing: Bringing) -> dict[str, Any]:
    return {
        "id": person_id,
        "name": row.name,
        "phone": row.phone,
        "birth_year": row.birth_year,
        "sex": row.sex,
        "language": row.language or bringing.language,
        "address": row.address,
        "area": row.area or bringing.area,
        "created_at": uow.now(),
    }


def _fill_in(uow: UnitOfWork, met: Mapping[UUID, ContactRow], area: str) -> dict[UUID, dict[str, Any]]:
    """Write what the list knows of people and we did not; returns what is on file of them now."""
    columns = (Person.id, Person.birth_year, Person.sex, Person.address, Person.area)
    before = {row.id: row._asdict() for row in uow.session.execute(select(*columns).where(Person.id.in_(met)))}
    after = {
        person_id: {
            "id": person_id,
            "birth_year": known["birth_year"] or met[person_id].birth_year,
            "sex": known["sex"] or met[person_id].sex,
            "address": known["address"] or met[person_id].address,
            "area": known["area"] or met[person_id].area or area,
        }
        for person_id, known in before.items()
    }
    changes = [person for person_id, person in after.items() if person != before[person_id]]
    if changes:
        uow.session.execute(update(Person), changes)
    return after


def _targets(listed: Mapping[UUID, ContactRow], people: Mapping[UUID, Mapping[str, Any]]) -> Iterator[NewTarget]:
    """Each person once, with what the script may say to make sure of who is speaking: the name and the birth year."""
    for person_id, row in listed.items():
        person = people[person_id]
        yield NewTarget(
            phone=row.phone,
            language=row.language,
            context={"person": {"name": row.name, "birth_year": person["birth_year"]}},
            person_id=person_id,
            area=row.area or person["area"],
        )
