"""A person orders how long somebody stays apart: longer, shorter, or not any more.

The order is an adjustment of the plan (`planning.confine`): every replan afterwards keeps it, a newer exposure outlives
one that shortened, and what was ordered before stays in the history.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from core.database import UnitOfWork
from core.errors import UserError
from tracing import days
from tracing.followup.counting import Override
from tracing.followup.planning import confine, planned

MOST_DAYS = 60
"""How far ahead of today an order may reach; whoever needs more orders again."""


def set_last_day(
    uow: UnitOfWork, person_id: UUID, disease: str, last_day: date, *, by: UUID, by_name: str, why: str
) -> bool:
    """`last_day` is the last day on which they may not go out: a later one than now extends, an earlier one reduces.
    False when it was that day already.

    Raises UserError without a reason, for a day before today, one too far ahead, and somebody who is not followed up.
    """
    today = days.today(uow)
    if last_day < today:
        raise UserError("The last day of a quarantine cannot lie before today.", "To let them out now, lift it.")
    if last_day > today + timedelta(days=MOST_DAYS):
        raise UserError(
            f"The last day lies more than {MOST_DAYS} days ahead.", "Order a shorter time; it can be extended later."
        )
    return _order(uow, person_id, disease, last_day, by=by, by_name=by_name, why=why)


def lift(uow: UnitOfWork, person_id: UUID, disease: str, *, by: UUID, by_name: str, why: str) -> bool:
    """They may go out from today on. False when nothing kept them in; raises UserError as `set_last_day`."""
    until = _confined_until(uow, person_id, disease)
    yesterday = days.today(uow) - timedelta(days=1)
    if until is None or until <= yesterday:
        return False
    return _order(uow, person_id, disease, yesterday, by=by, by_name=by_name, why=why)


def _order(uow: UnitOfWork, person_id: UUID, disease: str, last_day: date, *, by: UUID, by_name: str, why: str) -> bool:
    if not why.strip():
        raise UserError("Say why.", "Whoever reads the history needs the reason.")
    if _confined_until(uow, person_id, disease) == last_day:
        return False
    given = Override(last_day, by_name, days.local(uow, uow.now()), why.strip())
    confine(uow, person_id, disease, given, by)
    return True


def _confined_until(uow: UnitOfWork, person_id: UUID, disease: str) -> date | None:
    made = planned(uow, person_id, disease)
    return made.quarantine.confined_until if made is not None else None
