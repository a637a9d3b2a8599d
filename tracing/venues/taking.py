"""What a person decides about proposals: these become contacts and are called, those are put aside. One click (N4).

    taken = take(uow, case, choices, by=user.id, plan=plan)

Nobody types a name: who is on file is that entry; who is only a number becomes a person without a name, and says it on
the telephone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import NewTarget, add_targets, create_campaign, start
from tracing.cases.axes import ContactStatus
from tracing.cases.model import Case, Contact
from tracing.cases.service import NewExposure, add_contact
from tracing.people.model import Person
from tracing.venues.effects import context_of
from tracing.venues.model import NamedContact, OverlapPutAside
from tracing.venues.naming import case_of_person
from tracing.venues.proposals import EVENT, Findings, Proposal

_LANGUAGE = "vi"  # of somebody of whom nothing is known; a key changes it
KEYED, VENUE = "keyed", "venue"
# As in imports of lists: whoever makes people of numbers does so one after another, so that no number gets two.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('tracing.import_contacts'))")


@dataclass(frozen=True, slots=True)
class Choice:
    """A proposal that becomes a contact. `person_id` None: somebody who is not on file. `day` is when they last met, of
    a number that was keyed in; None: as the proposal has it."""

    key: str
    person_id: UUID | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it: contacts that are new, those that were contacts of the case before, and the campaign that calls
    the new ones (None: there is nobody to call)."""

    new: int
    known: int
    campaign_id: UUID | None


def take(
    uow: UnitOfWork,
    case: Case,
    findings: Findings,
    choices: Collection[Choice],
    *,
    by: UUID,
    plan: CampaignPlan,
) -> Taken:
    """The chosen become contacts of the case with every exposure that was found, and whoever is new is called by a
    campaign of this `plan`, which begins at once. Doing it again adds nothing and calls nobody.

    Raises UserError, with nothing changed, for a proposal or a person that is not among the findings any more.
    """
    uow.session.execute(_ONE_AT_A_TIME)
    by_key = {proposal.key: proposal for proposal in findings.proposals}
    missing = [choice.key for choice in choices if choice.key not in by_key]
    if missing:
        raise UserError("Somebody is not on the list any more.", "Look at it again.")
    who = [(_person(uow, case, by_key[choice.key], choice), by_key[choice.key], choice) for choice in choices]
    uow.session.flush()
    new: list[tuple[Person, Contact]] = []
    known = 0
    for person, proposal, choice in sorted(who, key=lambda each: each[0].id):  # people are locked in this order
        source = KEYED if proposal.keyed is not None else VENUE
        contact, is_new = add_contact(
            uow, person.id, case.disease, _exposures(person, proposal, choice), case_id=case.id, source=source, by=by
        )
        if proposal.keyed is not None:
            uow.session.execute(
                update(NamedContact)
                .where(NamedContact.id == proposal.keyed.named_id)
                .values(contact_id=contact.id, put_aside_at=None, by=by)
            )
        _take_back(uow, case, [person.id])
        if is_new and contact.status == ContactStatus.ACTIVE:
            new.append((person, contact))
        else:
            known += 1
    return Taken(len(new), known, _call(uow, [person for person, _ in new], plan, by) if new else None)


def put_aside(uow: UnitOfWork, case: Case, proposals: Collection[Proposal], by: UUID) -> None:
    """These are no contacts of the case, as somebody found who looked; kept, and can be taken later."""
    for proposal in proposals:
        if proposal.keyed is not None:
            uow.session.execute(
                update(NamedContact)
                .where(NamedContact.id == proposal.keyed.named_id, NamedContact.put_aside_at.is_(None))
                .where(NamedContact.contact_id.is_(None))
                .values(put_aside_at=uow.now(), by=by)
            )
        for person in proposal.people if proposal.seen else ():
            row = {"id": new_id(), "case_id": case.id, "person_id": person.id, "by": by, "at": uow.now()}
            uow.session.execute(insert(OverlapPutAside).values(row).on_conflict_do_nothing())


def look_again(uow: UnitOfWork, case: Case, proposals: Collection[Proposal]) -> None:
    """These were put aside, and are open again."""
    for proposal in proposals:
        if proposal.keyed is not None:
            uow.session.execute(
                update(NamedContact).where(NamedContact.id == proposal.keyed.named_id).values(put_aside_at=None)
            )
        _take_back(uow, case, [person.id for person in proposal.people])


def call_case(uow: UnitOfWork, case: Case, *, by: UUID, plan: CampaignPlan) -> UUID:
    """Call the case and ask whom they met; the id of the campaign. Raises UserError for a case that is not confirmed,
    or of whom we know no person, name or number: who is speaking could not be asked."""
    person = uow.session.get(Person, case.person_id) if case.person_id is not None else None
    if person is None or not person.phone or not person.name:
        raise UserError("Nobody can be called for this case.", "Enter who it is, with a telephone number, first.")
    if case_of_person(uow, person.id, case.id) is None:
        raise UserError("The case is not confirmed.", "Only somebody who is surely ill is asked whom they met.")
    target = NewTarget(person.phone, person.language, context_of(case, person), person.id, person.area or case.area)
    return _start(uow, plan, [target], by)


def _person(uow: UnitOfWork, case: Case, proposal: Proposal, choice: Choice) -> Person:
    """The person on file who was chosen; else the one on this number of whom we have no name; else a new one."""
    if choice.person_id is not None:
        chosen = next((person for person in proposal.people if person.id == choice.person_id), None)
        if chosen is None:
            raise UserError("Somebody is not on the list any more.", "Look at it again.")
        return chosen
    own = uow.session.get(Person, case.person_id) if case.person_id is not None else None
    nameless = select(Person).where(Person.phone == proposal.phone, Person.name == "", Person.merged_into.is_(None))
    found = uow.session.scalars(nameless.order_by(Person.id).limit(1)).first()
    if found is not None:
        return found
    person = Person(
        id=new_id(),
        name="",
        phone=proposal.phone,
        language=own.language if own is not None else _LANGUAGE,
        area=case.area,
        created_at=uow.now(),
    )
    uow.session.add(person)
    uow.session.flush()
    return person


def _exposures(person: Person, proposal: Proposal, choice: Choice) -> list[NewExposure]:
    """The meetings at venues are those of the person on file: somebody else with the same telephone was not there."""
    seen = proposal.seen if proposal.person is not None and proposal.person.id == person.id else ()
    met = [
        NewExposure(each.day, EVENT if each.is_event else VENUE, each.venue, each.venue_id, each.minutes)
        for each in seen
    ]
    if proposal.keyed is not None:
        keyed = proposal.keyed
        met.append(NewExposure(choice.day or keyed.day, call_id=keyed.call_id, turn=keyed.turn))
    return met


def _call(uow: UnitOfWork, people: Sequence[Person], plan: CampaignPlan, by: UUID) -> UUID:
    targets = [
        NewTarget(
            phone=person.phone,
            language=person.language,
            context={"person": {"name": person.name, "birth_year": person.birth_year}},
            person_id=person.id,
            area=person.area or plan.area,
        )
        for person in people
    ]
    return _start(uow, plan, targets, by)


def _start(uow: UnitOfWork, plan: CampaignPlan, targets: Sequence[NewTarget], by: UUID) -> UUID:
    campaign = create_campaign(uow, plan, created_by=by)
    add_targets(uow, campaign.id, targets)
    start(uow, campaign.id)
    return campaign.id


def _take_back(uow: UnitOfWork, case: Case, people: Sequence[UUID]) -> None:
    uow.session.execute(
        delete(OverlapPutAside).where(OverlapPutAside.case_id == case.id, OverlapPutAside.person_id.in_(people))
    )
