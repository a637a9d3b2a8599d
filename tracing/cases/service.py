"""What is done with cases and contacts. Pages, lists, calls and the laboratory all come through here.

    case = open_case(uow, NewCase("covid-19", person_id=ha.id, onset_on=day), by=me)
    contact, new = add_contact(uow, nam.id, "covid-19", [NewExposure(day)], case_id=case.id, source="person", by=me)
    change_contact(uow, contact.id, Dropped("the day was wrong"), by=me)

Each is part of the caller's transaction, may be repeated (a click, a job), and brings along what follows: generations,
the contacts' own contacts, follow-up, calls that are not made any more. What cannot be done raises UserError, and
nothing has been changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing import days
from tracing.cases.axes import Classification, ContactStatus, FollowUpStatus
from tracing.cases.chain import cases_of, people_below, renumber
from tracing.cases.changes import (
    axes_of_case,
    happen,
    happen_if_possible,
    happen_to_case,
    lock_case,
    lock_contacts,
    note_change,
)
from tracing.cases.classifying import classify
from tracing.cases.events import (
    BecameCase,
    Cancelled,
    CaseDiscarded,
    CaseEvent,
    Classified,
    ContactEvent,
    Dropped,
    FoundAgain,
    Lost,
    PeriodCompleted,
    Resumed,
)
from tracing.cases.model import Case, Contact, Exposure
from tracing.cases.new import NewCase, NewExposure, check_days, check_exposures, check_source, lock_person
from tracing.cases.opening import find_or_open, open_case_of
from tracing.followup.planning import replan, replan_people
from tracing.people.model import Person
from tracing.rules.rulebook import shipped

__all__ = ["NewCase", "NewExposure", "add_contact", "become_case", "change_case", "change_contact", "open_case"]

# What happens to the follow-up happens to the person: one period, one call a day, whatever they are a contact of.
_OF_THE_PERSON = (Cancelled, Resumed, Lost, FoundAgain, PeriodCompleted)
SOURCE_IS_NONE = "the source case was none"


def open_case(uow: UnitOfWork, new: NewCase, by: UUID | None) -> Case:
    """The case, opened, or the one that was open already: this number, or this person's that has no outcome yet; what
    was not known of it is filled in. Its person's contacts of the disease become cases with it.

    Raises UserError for a disease that the rulebook does not have, days that cannot be, a person who is not there, and
    a number that is somebody else's.
    """
    shipped().checked(new.disease)
    check_days(uow, new)
    person = lock_person(uow, new.person_id) if new.person_id is not None else None
    case = find_or_open(uow, new, person, by)
    if case.person_id is not None and axes_of_case(case).stands:
        _convert(uow, case, case.person_id, by)
    return case


def become_case(uow: UnitOfWork, contact_id: UUID, new: NewCase, by: UUID | None) -> Case:
    """The contact fell ill: a case is opened for them, their follow-up ends, and their own contacts are of the next
    generation. All their active contacts of the disease are converted, whomever they met. Raises UserError for a
    contact that was dropped."""
    contact = _contact(uow, contact_id)
    if contact.disease != new.disease:
        raise UserError("The case is of another disease than the contact.", "Open the case for the contact's disease.")
    if contact.status == ContactStatus.DROPPED:
        happen(uow, contact, BecameCase(), by=by)  # refuses
    return open_case(uow, replace(new, person_id=contact.person_id, area=new.area or contact.area), by)


def change_case(uow: UnitOfWork, case_id: UUID, event: CaseEvent, *, by: UUID | None, why: str = "") -> Case:
    """`event` happens to the case. A case that is none takes its contacts with it, and whoever became it is a contact
    again; one that is a case again converts its person, but takes up no dropped contact: a person does that."""
    case = lock_case(uow, case_id)
    stood = axes_of_case(case).stands
    happen_to_case(uow, case, event, by=by, why=why)
    uow.session.flush()
    if stood and not axes_of_case(case).stands:
        _discard(uow, case)
    elif not stood and axes_of_case(case).stands and case.person_id is not None:
        _convert(uow, case, case.person_id, by)
    elif case.person_id is not None:
        replan(uow, case.person_id, case.disease)  # who recovered is in another situation
    return case


def add_contact(
    uow: UnitOfWork,
    person_id: UUID,
    disease: str,
    exposures: Collection[NewExposure],
    *,
    case_id: UUID | None = None,
    source_contact_id: UUID | None = None,
    source: str,
    by: UUID | None,
) -> tuple[Contact, bool]:
    """The person as a contact of a case, of another contact, or (neither given) of somebody unknown; True when they
    were not one before. Exposures that are known already are not added again. Follow-up is planned.

    Who is a case just now is registered and counts as converted: two cases may have met each other.

    Raises UserError for both sources, a source that does not stand or is the person themselves, another disease, a day
    of exposure in the future, and a person who is not there.
    """
    shipped().checked(disease)
    person = lock_person(uow, person_id)
    check_exposures(uow, exposures)
    check_source(uow, person_id, disease, case_id, source_contact_id)
    row = insert(Contact).values(
        id=new_id(),
        person_id=person_id,
        disease=disease,
        case_id=case_id,
        source_contact_id=source_contact_id,
        area=person.area,
        source=source,
        reported_at=uow.now(),
        created_by=by,
        plan_at=uow.now(),
    )
    made = uow.session.execute(row.on_conflict_do_nothing().returning(Contact.id)).scalar_one_or_none()
    contacts = lock_contacts(uow, people_below(uow, [person_id], disease), disease)
    contact = next(each for each in contacts if each.person_id == person_id and _same(each, case_id, source_contact_id))
    if made is not None:
        note_change(uow, contact, "status", None, contact.status, by=by, why="")
        _as_the_others(uow, contact, contacts, by)
    _add_exposures(uow, contact, exposures, source, by)
    changed = renumber(uow, contacts, disease)
    _classify(uow, contact)
    uow.session.flush()
    case = open_case_of(uow, person_id, disease)
    if case is not None and contact.status == ContactStatus.ACTIVE:
        happen(uow, contact, BecameCase(), by=None, why=case.number)
        contact.became_case_id = case.id
    replan_people(uow, {person_id, *changed}, disease)
    return contact, made is not None


def add_exposure(uow: UnitOfWork, contact: Contact, exposure: NewExposure, *, source: str, by: UUID | None) -> None:
    """One more time that a contact met the source. What follows, and what is refused, is as in `add_contact`."""
    add_contact(
        uow,
        contact.person_id,
        contact.disease,
        [exposure],
        case_id=contact.case_id,
        source_contact_id=contact.source_contact_id,
        source=source,
        by=by,
    )


def change_contact(
    uow: UnitOfWork, contact_id: UUID, event: ContactEvent, *, by: UUID | None, why: str = ""
) -> Contact:
    """`event` happens to the contact. What ends, resumes or loses a follow-up happens to all the person's active
    contacts of the disease: they are called once, or not at all."""
    found = _contact(uow, contact_id)
    uow.session.get_one(Person, found.person_id, with_for_update={"key_share": True})
    contacts = lock_contacts(uow, people_below(uow, [found.person_id], found.disease), found.disease)
    contact = next(each for each in contacts if each.id == contact_id)
    happen(uow, contact, event, by=by, why=why)
    if isinstance(event, _OF_THE_PERSON):
        for other in contacts:
            if other.person_id == contact.person_id and other.status == ContactStatus.ACTIVE:
                happen_if_possible(uow, other, event, by=by, why=why or getattr(event, "reason", ""))
    changed = renumber(uow, contacts, contact.disease)
    uow.session.flush()
    kept = replan_people(uow, {contact.person_id, *changed}, contact.disease).get(contact.person_id)
    if isinstance(event, Resumed | FoundAgain) and (kept is None or kept.last_day < days.today(uow)):
        raise UserError("No day of follow-up is left.", "Set a later last day, then resume.")
    return contact


def _convert(uow: UnitOfWork, case: Case, person_id: UUID, by: UUID | None) -> None:
    """Every active contact of the case's person becomes this case."""
    contacts = lock_contacts(uow, people_below(uow, [person_id], case.disease), case.disease)
    for contact in contacts:
        if contact.person_id == person_id and contact.status == ContactStatus.ACTIVE:
            happen(uow, contact, BecameCase(), by=by, why=case.number)
            contact.became_case_id = case.id
    replan_people(uow, {person_id, *renumber(uow, contacts, case.disease)}, case.disease)


def _discard(uow: UnitOfWork, case: Case) -> None:
    """The case was none: so its contacts are none, and whoever became it is a contact again, unless another case of
    theirs stands."""
    met = set(uow.session.scalars(select(Contact.person_id).where(Contact.case_id == case.id)))
    own = {case.person_id} if case.person_id is not None else set()
    still_a_case = bool(cases_of(uow, own, case.disease))
    contacts = lock_contacts(uow, people_below(uow, met | own, case.disease), case.disease)
    for contact in contacts:
        if contact.case_id == case.id:
            happen_if_possible(uow, contact, Dropped(SOURCE_IS_NONE), by=None, why=SOURCE_IS_NONE)
        if contact.became_case_id == case.id and not still_a_case:
            happen(uow, contact, CaseDiscarded(), by=None, why=case.number)
            contact.became_case_id = None
    replan_people(uow, met | own | renumber(uow, contacts, case.disease), case.disease)


def _as_the_others(uow: UnitOfWork, contact: Contact, contacts: Iterable[Contact], by: UUID | None) -> None:
    """Whose follow-up a person cancelled is not called because one more case named them."""
    theirs = [each for each in contacts if each.person_id == contact.person_id and each.id != contact.id]
    active = [each for each in theirs if each.status == ContactStatus.ACTIVE]
    if any(each.follow_up == FollowUpStatus.CANCELLED for each in active):
        note_change(uow, contact, "follow_up", contact.follow_up, FollowUpStatus.CANCELLED, by=by, why="")
        contact.follow_up = FollowUpStatus.CANCELLED


def _add_exposures(
    uow: UnitOfWork, contact: Contact, exposures: Iterable[NewExposure], source: str, by: UUID | None
) -> None:
    rows = [
        {name: getattr(each, name) for name in NewExposure.__slots__}
        | {"id": new_id(), "contact_id": contact.id, "source": source, "by": by, "created_at": uow.now()}
        for each in exposures
    ]
    if not rows:
        return
    uow.session.execute(insert(Exposure).values(rows).on_conflict_do_nothing())
    all_days = [row["day"] for row in rows]
    contact.first_exposed_on = min([*all_days, *([contact.first_exposed_on] if contact.first_exposed_on else [])])
    contact.last_exposed_on = max([*all_days, *([contact.last_exposed_on] if contact.last_exposed_on else [])])


def _classify(uow: UnitOfWork, contact: Contact) -> None:
    """What the rule's definition makes of all exposures; what was made of them before stands while too little is
    known."""
    made = classify(uow, contact)
    if made is not Classification.UNCONFIRMED and made != contact.by_rule:
        happen(uow, contact, Classified(made), by=None, why="rule")


def _same(contact: Contact, case_id: UUID | None, source_contact_id: UUID | None) -> bool:
    return (contact.case_id, contact.source_contact_id) == (case_id, source_contact_id)


def _contact(uow: UnitOfWork, contact_id: UUID) -> Contact:
    contact = uow.session.get(Contact, contact_id, populate_existing=True)
    if contact is None:
        raise UserError("There is no such contact.", "They may have been removed. Look at the list of contacts.")
    return contact
