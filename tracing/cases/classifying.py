"""What the rule's definition of an exposure makes of a contact, from what is on file of how they met."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from tracing import days
from tracing.cases.axes import Classification
from tracing.cases.model import Case, Contact, Exposure
from tracing.rules.exposure import Encounter, is_exposure
from tracing.rules.rulebook import shipped


def classify(uow: UnitOfWork, contact: Contact) -> Classification:
    """Confirmed when one encounter is an exposure by the definition of the contact's generation, not a contact when
    none of them is, unconfirmed while too little is known, or where no rule has a definition. The definition is that of
    the day on which the contact became known."""
    try:
        rule = shipped().rule_for(contact.disease, contact.area, days.local(uow, contact.reported_at).date())
    except UserError:
        return Classification.UNCONFIRMED  # the page says that no rule holds: `Contact.unplanned`
    definition = rule.exposures.get(contact.generation)
    met = uow.session.scalars(select(Exposure).where(Exposure.contact_id == contact.id)).all()
    if definition is None or not met:
        return Classification.UNCONFIRMED
    onset = _onset(uow, contact)
    found = [
        is_exposure(definition, Encounter(each.day, each.metres, each.minutes, each.masked), onset) for each in met
    ]
    if True in found:
        return Classification.CONFIRMED
    return Classification.NOT_A_CONTACT if None not in found else Classification.UNCONFIRMED


def _onset(uow: UnitOfWork, contact: Contact) -> date | None:
    """When the source fell ill; for one without symptoms, when the positive sample was taken."""
    if contact.case_id is None:
        return None
    case = uow.session.get_one(Case, contact.case_id)
    return case.onset_on or case.sampled_on or case.confirmed_on
