"""What a case keys in on the telephone: numbers of people they met, and when (N11).

Each is kept in the transaction of its own turn, once per case and number however often it is keyed: whoever hangs up in
the middle has told us that much.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from core.phones import is_ordinary, normalise_phone
from tracing.cases.axes import CaseClassification, Outcome
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.venues.model import NamedContact

MOST_NAMED = 50
"""Numbers of one case. Who has more to tell does not tell it by keys, and nobody fills our list by mischief."""

COUNTRY = "VN"
"""Numbers of mobile and fixed telephones here can be called; anything else may cost a fortune."""

CONFIRMED = func.coalesce(Case.by_hand, Case.by_rule) == CaseClassification.CONFIRMED
"""The condition that a case is a confirmed one: what a person decided counts before what the rules say."""


class Naming(StrEnum):
    """What came of a number: kept now, kept before, the case's own, none that we may call, one too many."""

    KEPT = "kept"
    AGAIN = "again"
    OWN = "own"
    UNUSABLE = "unusable"
    ENOUGH = "enough"


def callable_number(keyed: str) -> str | None:
    """The number as E.164 if it is that of a mobile or fixed telephone in Viet Nam, else None."""
    try:
        number = normalise_phone(keyed, COUNTRY)
    except UserError:
        return None
    return number if is_ordinary(number, (COUNTRY,)) else None


def name_contact(uow: UnitOfWork, case: Case, keyed: str, own: set[str], call_id: UUID, turn: int) -> Naming:
    """Keep a number that the case keyed in; `own` are the numbers of the case. The case's row is locked, so that two
    calls about one case do not count past `MOST_NAMED`."""
    phone = callable_number(keyed)
    if phone is None:
        return Naming.UNUSABLE
    if phone in own:
        return Naming.OWN
    uow.session.execute(select(Case.id).where(Case.id == case.id).with_for_update(key_share=True))
    mine = select(func.count()).select_from(NamedContact).where(NamedContact.case_id == case.id)
    if uow.session.scalar(mine.where(NamedContact.phone == phone)):
        return Naming.AGAIN
    if (uow.session.scalar(mine) or 0) >= MOST_NAMED:
        return Naming.ENOUGH
    values = {
        "id": new_id(),
        "case_id": case.id,
        "phone": phone,
        "call_id": call_id,
        "turn": turn,
        "said_at": uow.now(),
    }
    kept = uow.session.execute(
        insert(NamedContact).values(values).on_conflict_do_nothing().returning(NamedContact.id)
    ).scalar()
    return Naming.AGAIN if kept is None else Naming.KEPT


def note_day(uow: UnitOfWork, case: Case, keyed: str, day: date, call_id: UUID) -> None:
    """When they last met; of a number that this call brought only, so that no later call changes what was looked at."""
    uow.session.execute(
        update(NamedContact)
        .where(NamedContact.case_id == case.id, NamedContact.phone == callable_number(keyed))
        .where(NamedContact.call_id == call_id)
        .values(met_on=day)
    )


def case_of_person(uow: UnitOfWork, person_id: UUID, case_id: UUID | None = None) -> Case | None:
    """The confirmed case that this person is: the one that is asked about, or the newest. None if they are none now."""
    query = select(Case).where(Case.person_id == person_id, CONFIRMED).order_by(Case.reported_at.desc(), Case.id.desc())
    return uow.session.scalars((query.where(Case.id == case_id) if case_id else query).limit(1)).first()


def case_of_number(uow: UnitOfWork, phone: str) -> tuple[Case, Person] | None:
    """The newest confirmed case still ill among the people on this number (E.164), whose name we can ask for."""
    found = uow.session.execute(
        select(Case, Person)
        .join(Person, Person.id == Case.person_id)
        .where(Person.phone == phone, Person.name != "", Person.merged_into.is_(None), CONFIRMED)
        .where(Case.outcome == Outcome.NONE_YET)
        .order_by(Case.reported_at.desc(), Case.id.desc())
        .limit(1)
    ).first()
    return None if found is None else (found[0], found[1])
