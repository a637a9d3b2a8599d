"""The contacts of a list: who met which case, and on which days; as `tracing.cases.service.add_contact` makes of one,
for many rows in few statements. Follow-up is planned by a tick, which asks for contacts that are to be planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from core.tables import Base
from tracing.cases.axes import Classification, ContactAxes, ContactStatus, FollowUpStatus
from tracing.cases.chain import people_below, renumber
from tracing.cases.changes import happen, lock_contacts
from tracing.cases.classifying import classify_many, definition_of, made_of
from tracing.cases.events import BecameCase, Classified, ContactEvent
from tracing.cases.model import Case, Contact, ContactChange, Exposure
from tracing.cases.opening import open_cases_of
from tracing.cases.refusals import Refusal
from tracing.cases.status import apply
from tracing.lists.sheet import ContactRow
from tracing.lists.source_cases import SourceCase
from tracing.rules.exposure import Encounter

Key = tuple[UUID, UUID | None]
"""A contact: the person, and the case they met (None: nobody knows whom)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows of a list, by person. `known` are those who were on file before (locked); `areas`: where people live;
    `sources`: the cases that are named."""

    disease: str
    rows_of: Mapping[UUID, Sequence[ContactRow]]
    known: Collection[UUID]
    areas: Mapping[UUID, str]
    sources: Mapping[str, SourceCase]
    by: UUID | None = None


@dataclass(slots=True)
class _New:
    """A contact on its way in: where it stands, and how it came to."""

    id: UUID
    axes: ContactAxes = field(default_factory=lambda: ContactAxes(ContactStatus.ACTIVE, FollowUpStatus.NO_FOLLOW_UP))
    became: UUID | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)


def lock_listed(uow: UnitOfWork, people: Collection[UUID], disease: str) -> None:
    """Lock the contacts of people on file and of those below them, all at once in the order of their ids. The people
    and the cases are locked before."""
    if people:
        below = bindparam("people", list(people_below(uow, people, disease)), ARRAY(Uuid))
        query = select(Contact.id).where(Contact.person_id == func.any(below), Contact.disease == disease)
        uow.session.execute(query.order_by(Contact.id).with_for_update(key_share=True)).all()


def write_contacts(uow: UnitOfWork, listed: Listed) -> int:
    """One contact per person and source case, with an exposure for every day that is named; returns how many contacts
    are new. Their history is kept as if each had been added alone. Raises UserError for somebody who is to be a contact
    of themselves."""
    rows_of: dict[Key, list[ContactRow]] = {}
    for person_id, rows in listed.rows_of.items():
        for row in rows:
            source = listed.sources.get(row.source_case)
            if source is not None and source.person_id == person_id:
                raise UserError(
                    f"Row {row.row} is about the person who is case {row.source_case} themselves.",
                    "Take the row out of the list, and upload it again.",
                )
            rows_of.setdefault((person_id, source.id if source else None), []).append(row)
    theirs = _contacts(uow, listed)
    on_file = {_key(each): each for each in theirs if each.source_contact_id is None}
    cases = open_cases_of(uow, listed.known, listed.disease)
    new = _insert(uow, listed, {key: rows for key, rows in rows_of.items() if key not in on_file}, theirs, cases)
    again = _expose(uow, {on_file[key]: rows for key, rows in rows_of.items() if key in on_file})
    if listed.known:
        if any(person_id in listed.known for person_id, _ in new):
            theirs = _contacts(uow, listed)
        _follow_on(uow, listed.disease, theirs, [on_file[key] for key in rows_of if key in on_file], again, cases)
    return len(new)


def _contacts(uow: UnitOfWork, listed: Listed) -> Sequence[Contact]:
    """All contacts of the people who were on file before, and of those below them."""
    if not listed.known:
        return ()
    return lock_contacts(uow, people_below(uow, listed.known, listed.disease), listed.disease)


def _key(contact: Contact) -> Key:
    return contact.person_id, contact.case_id


def _insert(
    uow: UnitOfWork,
    listed: Listed,
    rows_of: Mapping[Key, Sequence[ContactRow]],
    theirs: Iterable[Contact],
    cases: Mapping[UUID, Case],
) -> Collection[Key]:
    """Write who is new: whose follow-up a person cancelled is not called because one more list names them, who is no
    contact by the rule is dropped, and who is a case is converted at once."""
    active = [each for each in theirs if each.status == ContactStatus.ACTIVE]
    cancelled = {each.person_id for each in active if each.follow_up == FollowUpStatus.CANCELLED}
    onsets = {source.id: source.onset for source in listed.sources.values()}
    contacts: list[dict[str, Any]] = []
    exposures: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    for (person_id, case_id), rows in rows_of.items():
        new = _New(new_id())
        _note(uow, new, "status", None, ContactStatus.ACTIVE, listed.by)
        if person_id in cancelled:
            _note(uow, new, "follow_up", new.axes.follow_up, FollowUpStatus.CANCELLED, listed.by)
            new.axes = ContactAxes(ContactStatus.ACTIVE, FollowUpStatus.CANCELLED)
        area = next((row.area for row in rows if row.area), listed.areas[person_id])
        generation = min(row.generation for row in rows)
        met = [Encounter(row.exposed_on) for row in rows if row.exposed_on is not None]
        days = [each.day for each in met]
        definition = definition_of(uow, listed.disease, area, generation, uow.now())
        made = made_of(definition, met, onsets.get(case_id) if case_id else None)
        if made is not Classification.UNCONFIRMED:
            _happen(uow, new, Classified(made), "rule")
        case = cases.get(person_id)
        if case is not None and new.axes.status is ContactStatus.ACTIVE:
            _happen(uow, new, BecameCase(), case.number)
            new.became = case.id
        contacts.append(
            {
                "id": new.id,
                "person_id": person_id,
                "disease": listed.disease,
                "case_id": case_id,
                "became_case_id": new.became,
                "generation": generation,
                "status": new.axes.status,
                "follow_up": new.axes.follow_up,
                "by_rule": new.axes.by_rule,
                "area": area,
                "first_exposed_on": min(days, default=None),
                "last_exposed_on": max(days, default=None),
                "source": "list",
                "reported_at": uow.now(),
                "created_by": listed.by,
            }
        )
        exposures += _exposures(uow, new.id, rows)
        changes += new.changes
    insert_rows(uow, Contact, contacts)
    insert_rows(uow, Exposure, exposures)
    insert_rows(uow, ContactChange, changes)
    return rows_of.keys()


def _happen(uow: UnitOfWork, new: _New, event: ContactEvent, why: str) -> None:
    after = apply(new.axes, event)
    assert not isinstance(after, Refusal)  # an active contact may be classified, and become a case
    for name in ("status", "follow_up", "by_rule"):
        was, became = getattr(new.axes, name), getattr(after, name)
        if was is not became:
            _note(uow, new, name, was, became, None, why)
    new.axes = after


def _note(
    uow: UnitOfWork, new: _New, what: str, before: str | None, after: str, by: UUID | None, why: str = ""
) -> None:
    line = {"what": what, "before": before, "after": after, "why": why, "by": by, "at": uow.now()}
    new.changes.append({"id": new_id(), "contact_id": new.id, **line})


def _expose(uow: UnitOfWork, rows_of: Mapping[Contact, Sequence[ContactRow]]) -> set[UUID]:
    """Add to contacts on file what the list says of their days; returns of whom something new was said."""
    rows = [line for contact, said in rows_of.items() for line in _exposures(uow, contact.id, said)]
    before = _days(uow, rows)
    insert_rows(uow, Exposure, rows)
    after = _days(uow, rows)
    again = {contact for contact in rows_of if before.get(contact.id) != after.get(contact.id)}
    for contact in again:
        _, contact.first_exposed_on, contact.last_exposed_on = after[contact.id]
    uow.session.flush()
    return {contact.person_id for contact in again}


def _days(uow: UnitOfWork, rows: Iterable[Mapping[str, Any]]) -> dict[UUID, tuple[int, date, date]]:
    """Of the contacts of these exposures, how many each has, the first day and the last."""
    columns = (Exposure.contact_id, func.count(), func.min(Exposure.day), func.max(Exposure.day))
    query = select(*columns).where(Exposure.contact_id.in_({row["contact_id"] for row in rows}))
    found = uow.session.execute(query.group_by(Exposure.contact_id))
    return {contact_id: (count, first, last) for contact_id, count, first, last in found}


def _exposures(uow: UnitOfWork, contact_id: UUID, rows: Iterable[ContactRow]) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "contact_id": contact_id,
            "kind": "person",
            "day": row.exposed_on,
            "place": row.exposure_place,
            "source": "list",
            "created_at": uow.now(),
        }
        for row in rows
        if row.exposed_on is not None
    ]


def _follow_on(
    uow: UnitOfWork,
    disease: str,
    theirs: Sequence[Contact],
    listed: Sequence[Contact],
    again: set[UUID],
    cases: Mapping[UUID, Case],
) -> None:
    """What the list means for contacts on file: generations, classification, conversion, and (those of the people
    `again`, and whoever changed) that their follow-up is to be worked out again. A dropped contact stays dropped."""
    again |= renumber(uow, theirs, disease)
    by_rule = classify_many(uow, listed)
    for contact in listed:
        made = by_rule[contact.id]
        if made is not Classification.UNCONFIRMED and made != contact.by_rule:
            happen(uow, contact, Classified(made), by=None, why="rule")
            again.add(contact.person_id)
    for contact in listed:
        case = cases.get(contact.person_id)
        if case is not None and contact.status == ContactStatus.ACTIVE:
            happen(uow, contact, BecameCase(), by=None, why=case.number)
            contact.became_case_id = case.id
            again.add(contact.person_id)
    of_person = defaultdict(list)
    for contact in theirs:
        of_person[contact.person_id].append(contact)
    for person_id in again:
        for contact in of_person[person_id]:
            contact.plan_at = uow.now()
    uow.session.flush()


def insert_rows(uow: UnitOfWork, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """What is there already stays as it is. Through the connection: lists are long, and nobody needs the objects."""
    if rows:
        uow.session.connection().execute(upsert(table).on_conflict_do_nothing(), list(rows))
