"""What is on file of people under follow-up, read for many at once: a list of ten thousand is planned in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from core.database import UnitOfWork
from tracing import days
from tracing.cases.axes import ContactStatus, Outcome
from tracing.cases.model import Case, Contact, ContactChange, Exposure
from tracing.followup.counting import Override
from tracing.followup.model import FollowUp, PeriodAdjustment, Quarantine
from tracing.followup.plan import Known
from tracing.people.model import Dose

Row = TypeVar("Row", FollowUp, PeriodAdjustment, Quarantine)

LAST_DAY, CONFINEMENT, MISSED = "last_day", "confinement", "missed"
"""The kinds of `PeriodAdjustment`."""


@dataclass(frozen=True, slots=True)
class OnFile:
    """One person: their contacts of the disease (locked), what is known (None: no contact stands), what is planned."""

    contacts: tuple[Contact, ...]
    known: Known | None
    adjustments: tuple[PeriodAdjustment, ...]
    current: FollowUp | None
    parts: tuple[Quarantine, ...]

    @property
    def active(self) -> tuple[Contact, ...]:
        return tuple(contact for contact in self.contacts if contact.status == ContactStatus.ACTIVE)


def on_file(uow: UnitOfWork, people: Collection[UUID], contacts: Iterable[Contact], disease: str) -> dict[UUID, OnFile]:
    """What is on file of each of `people`, given all their contacts of the disease."""
    uow.session.flush()
    theirs: dict[UUID, list[Contact]] = defaultdict(list)
    for contact in contacts:
        theirs[contact.person_id].append(contact)
    exposures = _exposures(uow, [each.id for some in theirs.values() for each in some if each.status == "active"])
    doses = _doses(uow, people, disease)
    recovered = _recovered(uow, people, disease)
    adjustments = _theirs(uow, PeriodAdjustment, people, disease)
    current = _theirs(uow, FollowUp, people, disease, FollowUp.superseded_at.is_(None))
    parts = _theirs(uow, Quarantine, people, disease, Quarantine.superseded_at.is_(None))
    found = {}
    for person_id in people:
        mine = tuple(theirs.get(person_id, ()))
        active = [contact for contact in mine if contact.status == ContactStatus.ACTIVE]
        kept = sorted(adjustments.get(person_id, ()), key=lambda each: (each.at, each.id))
        known = None
        if active:
            known = Known(
                area=next((contact.area for contact in active if contact.area), ""),
                reported=min(days.local(uow, contact.reported_at).date() for contact in active),
                exposures=tuple(pair for contact in active for pair in exposures.get(contact.id, ())),
                generation=min(contact.generation for contact in active),
                doses=tuple(doses.get(person_id, ())),
                recovered_on=recovered.get(person_id),
                facts=frozenset(str(fact) for contact in active for fact in contact.facts),
                missed=tuple(each.day for each in kept if each.kind == MISSED),
                last_days=tuple(_override(uow, each) for each in kept if each.kind == LAST_DAY),
                confinements=tuple(_override(uow, each) for each in kept if each.kind == CONFINEMENT),
            )
        standing = sorted(parts.get(person_id, ()), key=lambda part: part.first_day)
        found[person_id] = OnFile(
            mine, known, tuple(kept), next(iter(current.get(person_id, ())), None), tuple(standing)
        )
    return found


def _override(uow: UnitOfWork, row: PeriodAdjustment) -> Override:
    return Override(row.day, row.by_name, days.local(uow, row.at), row.why)


def _exposures(uow: UnitOfWork, contacts: Sequence[UUID]) -> Mapping[UUID, list[tuple[date, date]]]:
    found: dict[UUID, list[tuple[date, date]]] = defaultdict(list)
    rows = select(Exposure.contact_id, Exposure.day, Exposure.created_at).where(Exposure.contact_id.in_(contacts))
    for contact_id, day, created_at in uow.session.execute(rows):
        found[contact_id].append((day, days.local(uow, created_at).date()))
    return found


def _doses(uow: UnitOfWork, people: Collection[UUID], disease: str) -> Mapping[UUID, list[tuple[int, date | None]]]:
    found: dict[UUID, list[tuple[int, date | None]]] = defaultdict(list)
    rows = select(Dose.person_id, Dose.number, Dose.given_on)
    for person_id, number, given_on in uow.session.execute(
        rows.where(Dose.person_id.in_(people), Dose.disease == disease)
    ):
        found[person_id].append((number, given_on))
    return found


def _recovered(uow: UnitOfWork, people: Collection[UUID], disease: str) -> Mapping[UUID, date]:
    """When each was last noted as recovered from a case of the disease."""
    noted = (
        select(Case.person_id, func.max(ContactChange.at))
        .join(ContactChange, ContactChange.case_id == Case.id)
        .where(Case.person_id.in_(people), Case.disease == disease, Case.outcome == Outcome.RECOVERED)
        .where(ContactChange.what == "outcome")
        .group_by(Case.person_id)
    )
    return {person_id: days.local(uow, at).date() for person_id, at in uow.session.execute(noted) if person_id}


def _theirs(
    uow: UnitOfWork, table: type[Row], people: Collection[UUID], disease: str, *which: ColumnElement[bool]
) -> Mapping[UUID, list[Row]]:
    rows = select(table).where(table.person_id.in_(people), table.disease == disease, *which)
    found: dict[UUID, list[Row]] = defaultdict(list)
    for row in uow.session.scalars(rows.execution_options(populate_existing=True)):
        found[row.person_id].append(row)
    return found
