"""Writing a checked list of contacts: all of it or nothing, nobody twice, and each on the campaign's list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.campaigns.model import Campaign
from ivr.campaigns.service import NewTarget, add_targets
from tracing.lists.contact_rows import Listed, insert_rows, lock_listed, write_contacts
from tracing.lists.sheet import ContactRow, Sheet
from tracing.lists.source_cases import SourceCase, lock_sources, refuse, wrong_sources
from tracing.people.matching import load_roster
from tracing.people.model import NotDuplicate, Person

_BATCH = 2000
_TIMES = 5  # so often people of the list may be merged while it waits for them
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
    see them. The same person with the same source case is one contact, with every exposure, and what follows from it is
    what follows when `tracing.cases.service.add_contact` adds them one by one. `progress` is told how many rows are
    done. Raises UserError, before anything is written, for a sheet with errors, and for a row whose source is no case
    any more or the person themselves.
    """
    refuse(sheet.errors)
    uow.session.execute(_ONE_AT_A_TIME)
    refuse(list(wrong_sources(uow, bringing.disease, sheet.rows).values()))
    # Locked in the order of `tracing.cases.changes`: campaign, people, cases, contacts, each for the whole list.
    campaign = select(Campaign.area).where(Campaign.id == bringing.campaign_id)
    area = uow.session.scalar(campaign.with_for_update(read=True, key_share=True))
    bringing = replace(bringing, area=bringing.area if area is None else area)
    batches = [_match(uow, batch, bringing) for batch in _batches(sheet.rows)]
    _lock_people(uow, batches)
    sources = lock_sources(uow, bringing.disease, sheet.rows, bringing.area)
    lock_listed(uow, {person_id for batch in batches for person_id in batch.known}, bringing.disease)
    result = ImportResult()
    for batch in batches:
        result = result.plus(_write(uow, batch, sources, bringing))
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


@dataclass(slots=True)
class _Batch:
    """Rows, by the person they are about; `made` are the people who are new."""

    rows_of: dict[UUID, list[ContactRow]] = field(default_factory=dict)
    made: set[UUID] = field(default_factory=set)

    @property
    def known(self) -> set[UUID]:
        return self.rows_of.keys() - self.made


def _match(uow: UnitOfWork, rows: list[ContactRow], bringing: Bringing) -> _Batch:
    """Who the rows are about; who is new is written."""
    roster = load_roster(uow, {row.phone for row in rows})
    decisions = {row.row: bringing.decisions[row.row] for row in rows if row.row in bringing.decisions}
    standing = _standing(uow, {decision.same for decision in decisions.values() if decision.same})
    batch = _Batch()
    apart: set[tuple[UUID, UUID]] = set()
    for row in rows:
        decision = decisions.get(row.row, _UNDECIDED)
        person_id = roster.match(row.phone, row.name, row.birth_year)
        if person_id is None and decision.same is not None:
            person_id = standing.get(decision.same)
        if person_id is None:
            person_id = new_id()
            batch.made.add(person_id)
            apart |= {(min(person_id, other), max(person_id, other)) for other in decision.others}
            roster.add(row.phone, person_id, row.name, row.birth_year)
        else:
            roster.learn(row.phone, person_id, row.birth_year)
        batch.rows_of.setdefault(person_id, []).append(row)
    new = [_person(uow, person_id, _together(batch.rows_of[person_id]), bringing) for person_id in batch.made]
    insert_rows(uow, Person, sorted(new, key=itemgetter("id")))
    if bringing.by is not None:
        said = {"by": bringing.by, "at": uow.now()}
        insert_rows(uow, NotDuplicate, [{"low_id": low, "high_id": high, **said} for low, high in sorted(apart)])
    return batch


def _lock_people(uow: UnitOfWork, batches: Sequence[_Batch]) -> None:
    """Lock the people who were on file. Who was merged into another meanwhile is that other."""
    for _ in range(_TIMES):
        known = {person_id for batch in batches for person_id in batch.known}
        hold = uow.session.begin_nested()
        theirs = Person.id == func.any(bindparam("people", list(known), ARRAY(Uuid)))
        locked = select(Person.id).where(theirs).order_by(Person.id).with_for_update(key_share=True)
        uow.session.execute(locked).all()
        moved = {one: other for one, other in _standing(uow, known).items() if one != other}
        if not moved:
            hold.commit()
            return
        hold.rollback()  # lets go of the locks: they are taken in order
        for batch in batches:
            for one in moved.keys() & batch.rows_of.keys():
                batch.rows_of.setdefault(moved[one], []).extend(batch.rows_of.pop(one))
    raise UserError("People of this list are being merged just now.", "Import it again in a minute.")


def _write(uow: UnitOfWork, batch: _Batch, sources: Mapping[str, SourceCase], bringing: Bringing) -> ImportResult:
    listed = {person_id: _together(about) for person_id, about in batch.rows_of.items()}
    people = {person_id: _person(uow, person_id, listed[person_id], bringing) for person_id in batch.made}
    people |= _fill_in(uow, {person_id: listed[person_id] for person_id in batch.known}, bringing.area)
    areas = {person_id: str(person["area"]) for person_id, person in people.items()}
    contacts = write_contacts(uow, Listed(bringing.disease, batch.rows_of, batch.known, areas, sources, bringing.by))
    targets = 0
    if bringing.campaign_id is not None:
        targets = add_targets(uow, bringing.campaign_id, _targets(listed, people))
    rows = sum(map(len, batch.rows_of.values()))
    return ImportResult(rows, len(batch.made), rows - len(batch.made), contacts, targets)


def _together(rows: Sequence[ContactRow]) -> ContactRow:
    """What all rows of one person say: the first that says a thing counts."""
    said: dict[str, Any] = {}
    for row in reversed(rows):
        said |= {name: value for name in _SAID if (value := getattr(row, name))}
    return replace(rows[0], **said)


def _standing(uow: UnitOfWork, people: set[UUID]) -> dict[UUID, UUID]:
    """The entries that stand for these people: one may have been merged into another meanwhile."""
    theirs = Person.id == func.any(bindparam("people", list(people), ARRAY(Uuid)))
    found = select(Person.id, func.coalesce(Person.merged_into, Person.id)).where(theirs)
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
