"""What the rule's definition of an exposure makes of a contact, from what is on file of how they met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from core.database import UnitOfWork
from core.errors import UserError
from tracing import days
from tracing.cases.axes import Classification
from tracing.cases.model import Case, Contact, Exposure
from tracing.rules.exposure import Encounter, is_exposure
from tracing.rules.model import Exposure as Definition
from tracing.rules.rulebook import shipped

ONSET = func.coalesce(Case.onset_on, Case.sampled_on, Case.confirmed_on)
"""When the source fell ill; for one without symptoms, when the positive sample was taken."""


def classify(uow: UnitOfWork, contact: Contact) -> Classification:
    """What `made_of` says of the contact, by the definition of their generation on the day on which the contact became
    known."""
    return classify_many(uow, [contact])[contact.id]


def classify_many(uow: UnitOfWork, contacts: Collection[Contact]) -> dict[UUID, Classification]:
    """The same for many contacts in two statements."""
    if not contacts:
        return {}
    met: dict[UUID, list[Encounter]] = defaultdict(list)
    columns = (Exposure.contact_id, Exposure.day, Exposure.metres, Exposure.minutes, Exposure.masked)
    for contact_id, day, metres, minutes, masked in uow.session.execute(
        select(*columns).where(Exposure.contact_id.in_([contact.id for contact in contacts]))
    ):
        met[contact_id].append(Encounter(day, metres, minutes, masked))
    cases = {contact.case_id for contact in contacts if contact.case_id is not None}
    onsets = {row[0]: row[1] for row in uow.session.execute(select(Case.id, ONSET).where(Case.id.in_(cases)))}
    return {
        contact.id: made_of(
            definition_of(uow, contact.disease, contact.area, contact.generation, contact.reported_at),
            met[contact.id],
            onsets.get(contact.case_id) if contact.case_id is not None else None,
        )
        for contact in contacts
    }


def definition_of(
    uow: UnitOfWork, disease: str, area: str, generation: int, reported_at: datetime
) -> Definition | None:
    """What the rule calls an exposure; None where it does not say, or no rule holds: then the page says so
    (`Contact.unplanned`)."""
    try:
        rule = shipped().rule_for(disease, area, days.local(uow, reported_at).date())
    except UserError:
        return None
    return rule.exposures.get(generation)


def made_of(definition: Definition | None, met: Iterable[Encounter], onset: date | None) -> Classification:
    """Confirmed when one encounter is an exposure by the definition, not a contact when none of them is, unconfirmed
    while too little is known, or without a definition."""
    if definition is None:
        return Classification.UNCONFIRMED
    found = [is_exposure(definition, each, onset) for each in met]
    if True in found:
        return Classification.CONFIRMED
    return Classification.NOT_A_CONTACT if found and None not in found else Classification.UNCONFIRMED
