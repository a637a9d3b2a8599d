"""The days of a case: when it fell ill, when the sample was taken, when it was confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from tracing import days
from tracing.cases.axes import Classification
from tracing.cases.changes import lock_case, note_change
from tracing.cases.classifying import classify
from tracing.cases.events import Classified
from tracing.cases.model import Case, Contact
from tracing.cases.service import change_contact


@dataclass(frozen=True, slots=True)
class CaseDates:
    """Days on the department's calendar; None is what nobody knows."""

    onset_on: date | None
    sampled_on: date | None
    confirmed_on: date | None


def set_dates(uow: UnitOfWork, case_id: UUID, dates: CaseDates, *, by: UUID, why: str = "") -> Case:
    """The case has these days from now on. Who met it is classified again by the rule: the onset says from when on the
    disease was passed on.

    Raises UserError for a day to come, a confirmation before the sample, and a day changed without reason (one that was
    not known is entered without).
    """
    case = lock_case(uow, case_id)
    before = CaseDates(case.onset_on, case.sampled_on, case.confirmed_on)
    if dates == before:
        return case
    _check(uow, dates)
    replaced = any(was not in (None, now) for was, now in zip(_values(before), _values(dates), strict=True))
    if replaced and not why.strip():
        raise UserError("A day that was known changes.", "Say why; the one before stays in the history.")
    case.onset_on, case.sampled_on, case.confirmed_on = _values(dates)
    note_change(uow, case, "dates", _told(before), _told(dates), by=by, why=why.strip())
    uow.session.flush()
    _classify_contacts(uow, case)
    return case


def _check(uow: UnitOfWork, dates: CaseDates) -> None:
    if any(day is not None and day > days.today(uow) for day in _values(dates)):
        raise UserError("A day of the case lies in the future.", "Correct the date.")
    if dates.sampled_on and dates.confirmed_on and dates.confirmed_on < dates.sampled_on:
        raise UserError("The case would be confirmed before the sample was taken.", "Correct one of the two days.")


def _classify_contacts(uow: UnitOfWork, case: Case) -> None:
    for contact in uow.session.scalars(select(Contact).where(Contact.case_id == case.id).order_by(Contact.id)).all():
        made = classify(uow, contact)
        if made is not Classification.UNCONFIRMED and made != contact.by_rule:
            change_contact(uow, contact.id, Classified(made), by=None, why="rule")


def _values(dates: CaseDates) -> tuple[date | None, date | None, date | None]:
    return dates.onset_on, dates.sampled_on, dates.confirmed_on


def _told(dates: CaseDates) -> list[str | None]:
    return [day.isoformat() if day else None for day in _values(dates)]
