"""Follow-up as lists show it: the period and the days of many people, in two queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select, tuple_

from admin.strip import Cell, VisitDay, strip
from core.database import UnitOfWork
from tracing.followup.model import FollowUp, FollowUpVisit

Followed = tuple[UUID, str]
"""Who is followed up for what: person and disease."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A follow-up at a glance; without days when nobody follows them up."""

    first: date | None
    last: date | None
    cells: list[Cell]


NOTHING = Glance(None, None, [])


def glances(uow: UnitOfWork, followed: Collection[Followed], today: date) -> Mapping[Followed, Glance]:
    """The current period of each, and what its days brought."""
    if not followed:
        return {}
    key = tuple_(FollowUp.person_id, FollowUp.disease)
    periods = {
        (row.person_id, row.disease): row
        for row in uow.session.execute(
            select(FollowUp.person_id, FollowUp.disease, FollowUp.first_day, FollowUp.last_day).where(
                key.in_(list(followed)), FollowUp.superseded_at.is_(None)
            )
        )
    }
    visits: dict[Followed, list[VisitDay]] = defaultdict(list)
    found = select(
        FollowUpVisit.person_id,
        FollowUpVisit.disease,
        FollowUpVisit.day,
        FollowUpVisit.result,
        FollowUpVisit.symptoms != [],
    ).where(tuple_(FollowUpVisit.person_id, FollowUpVisit.disease).in_(list(periods)))
    within = and_(FollowUp.person_id == FollowUpVisit.person_id, FollowUp.disease == FollowUpVisit.disease)
    found = found.join(FollowUp, and_(within, FollowUp.superseded_at.is_(None))).where(
        FollowUpVisit.day.between(FollowUp.first_day, FollowUp.last_day)
    )
    for person, disease, day, result, ill in uow.session.execute(found):
        visits[(person, disease)].append(VisitDay(day, result, ill))
    return {
        key: Glance(row.first_day, row.last_day, strip(row.first_day, row.last_day, visits[key], today))
        for key, row in periods.items()
    }
