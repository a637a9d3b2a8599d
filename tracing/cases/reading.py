"""How a person met the cases they are a contact of, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from tracing.cases.model import Case, Contact, Exposure


@dataclass(frozen=True, slots=True)
class Met:
    """One contact: whom they met (empty: nobody knows), which generation that makes them, the last time and where."""

    contact_id: UUID
    source_case: str
    generation: int
    exposed_on: date | None
    place: str


def met_by(uow: UnitOfWork, person_id: UUID) -> list[Met]:
    """What is on file of a person's contacts, the oldest first."""
    last = (
        select(Exposure.place)
        .where(Exposure.contact_id == Contact.id)
        .order_by(Exposure.day.desc(), Exposure.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = uow.session.execute(
        select(Contact.id, Case.number, Contact.generation, Contact.last_exposed_on, last)
        .outerjoin(Case, Case.id == Contact.case_id)
        .where(Contact.person_id == person_id)
        .order_by(Contact.reported_at, Contact.id)
    )
    return [
        Met(contact, number or "", generation, day, place or "") for contact, number, generation, day, place in found
    ]
