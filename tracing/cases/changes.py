"""Writing down what an event makes of a contact or a case: the axes by `tracing.cases.status`, and a line of history
for each that changed.

Rows are locked in one order everywhere: call, attempt, campaign, target, person, case, then contacts by their id.
Whoever holds a contact waits for none of those before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from tracing.cases.axes import (
    CaseAxes,
    CaseClassification,
    Classification,
    ContactAxes,
    ContactStatus,
    FollowUpStatus,
    Outcome,
)
from tracing.cases.events import CaseEvent, ContactEvent
from tracing.cases.model import Case, Contact, ContactChange
from tracing.cases.refusals import Refusal
from tracing.cases.status import apply, apply_to_case

Axes = TypeVar("Axes", ContactAxes, CaseAxes)


def axes_of(contact: Contact) -> ContactAxes:
    """Where a contact stands."""
    return ContactAxes(
        ContactStatus(contact.status),
        FollowUpStatus(contact.follow_up),
        Classification(contact.by_rule),
        None if contact.by_hand is None else Classification(contact.by_hand),
    )


def axes_of_case(case: Case) -> CaseAxes:
    """Where a case stands."""
    return CaseAxes(
        CaseClassification(case.by_rule),
        None if case.by_hand is None else CaseClassification(case.by_hand),
        Outcome(case.outcome),
    )


def lock_contacts(uow: UnitOfWork, people: Collection[UUID], disease: str) -> Sequence[Contact]:
    """All contacts of these people for a disease as they are now, locked in the order of their ids."""
    query = select(Contact).where(Contact.person_id.in_(people), Contact.disease == disease).order_by(Contact.id)
    return uow.session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def lock_case(uow: UnitOfWork, case_id: UUID) -> Case:
    """The case as it is now, locked. Raises UserError when there is none."""
    case = uow.session.get(Case, case_id, with_for_update={"key_share": True}, populate_existing=True)
    if case is None:
        raise UserError("There is no such case.", "It may have been removed. Look at the list of cases.")
    return case


def happen(uow: UnitOfWork, contact: Contact, event: ContactEvent, *, by: UUID | None, why: str = "") -> bool:
    """`event` happens to the contact (locked by the caller); whether it changed anything. Raises UserError, with
    nothing changed, when it cannot."""
    before = axes_of(contact)
    return _write(uow, contact, before, _or_refuse(apply(before, event)), by, why or _reason(event))


def happen_if_possible(uow: UnitOfWork, contact: Contact, event: ContactEvent, *, by: UUID | None, why: str) -> bool:
    """The same for what follows by itself from something else: where it cannot happen, nothing does."""
    before = axes_of(contact)
    after = apply(before, event)
    return not isinstance(after, Refusal) and _write(uow, contact, before, after, by, why)


def happen_to_case(uow: UnitOfWork, case: Case, event: CaseEvent, *, by: UUID | None, why: str = "") -> bool:
    """`event` happens to the case (locked by the caller); whether it changed anything. Raises UserError, with nothing
    changed, when it cannot."""
    before = axes_of_case(case)
    return _write(uow, case, before, _or_refuse(apply_to_case(before, event)), by, why or _reason(event))


def note_change(
    uow: UnitOfWork, about: Contact | Case, what: str, before: Any, after: Any, *, by: UUID | None, why: str
) -> None:
    """A line of the history of a contact or a case."""
    uow.session.add(
        ContactChange(
            id=new_id(),
            contact_id=about.id if isinstance(about, Contact) else None,
            case_id=about.id if isinstance(about, Case) else None,
            what=what,
            before=before,
            after=after,
            why=why,
            by=by,
            at=uow.now(),
        )
    )


def _or_refuse(after: Axes | Refusal) -> Axes:
    if isinstance(after, Refusal):
        raise UserError(after.reason["en"])  # the console has the same sentence in Vietnamese
    return after


def _write(uow: UnitOfWork, about: Contact | Case, before: Axes, after: Axes, by: UUID | None, why: str) -> bool:
    changed = list(_changed(before, after))
    for name, was, became in changed:
        setattr(about, name, became)
        note_change(uow, about, name, was, became, by=by, why=why)
    return bool(changed)


def _changed(before: Axes, after: Axes) -> Iterable[tuple[str, str | None, str | None]]:
    for field in fields(before):
        was, became = getattr(before, field.name), getattr(after, field.name)
        if was is not became:
            yield field.name, was, became


def _reason(event: ContactEvent | CaseEvent) -> str:
    return str(getattr(event, "reason", ""))
