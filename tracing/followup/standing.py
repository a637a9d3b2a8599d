"""The day's calls: every visit that is due today becomes a target of the standing campaign of follow-up, once.

The campaign does the rest: hours, do-not-call list, lines, retries spread over the day. A call that nobody wants any
more is found out twice, here and when it is dialed (`wanted`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert

from core.database import Database, UnitOfWork
from core.ids import new_id
from ivr.campaigns.model import Campaign, CampaignKind, Target
from ivr.campaigns.rules import window_of
from ivr.campaigns.service import note_areas, zone_of
from ivr.campaigns.standing import standing_campaign
from ivr.campaigns.window import is_allowed
from tracing import days
from tracing.cases.changes import axes_of
from tracing.cases.model import Contact
from tracing.followup.model import FollowUpVisit
from tracing.people.model import Person

SCRIPT = "daily-follow-up"
CALL = "call"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Due:
    visit_id: UUID
    nth: int
    person: Person
    area: str


def order_calls(database: Database) -> int:
    """The tick: order the calls of today, in batches, each a transaction of its own; returns how many. However many
    schedulers do it, and whenever one is killed, a visit gets one target."""
    ordered = 0
    while True:
        with database.unit() as uow:
            batch = _order(uow)
        ordered += batch
        if batch < _BATCH:
            return ordered


def wanted(uow: UnitOfWork, target: Target) -> bool:
    """Whether a follow-up call is still wanted: its visit is still planned, and its person still followed up."""
    visit = uow.session.scalar(select(FollowUpVisit).where(FollowUpVisit.target_id == target.id))
    if visit is None or visit.how != CALL:
        return False
    theirs = select(Contact).where(Contact.person_id == visit.person_id, Contact.disease == visit.disease)
    contacts = uow.session.scalars(theirs.execution_options(populate_existing=True))
    return any(axes_of(contact).called for contact in contacts)


def _order(uow: UnitOfWork) -> int:
    campaign = standing_campaign(uow, CampaignKind.FOLLOW_UP)
    today = days.today(uow)
    rows = [(due, new_id()) for due in _due(uow, today)]
    if not rows:
        return 0
    starts = _starts(campaign, today, max(due.nth for due, _ in rows), uow.now())
    targets = [
        _target(uow, campaign, due, target_id, starts[due.nth - 1], days.end_of(uow, today)) for due, target_id in rows
    ]
    note_areas(uow, campaign.id, {(target["area"], target["zone"]) for target in targets})
    uow.session.connection().execute(insert(Target), targets)
    uow.session.execute(
        update(FollowUpVisit), [{"id": due.visit_id, "target_id": target_id} for due, target_id in rows]
    )
    return len(rows)


def _due(uow: UnitOfWork, today: date) -> Iterable[_Due]:
    """Visits of today that nobody ordered, of people who are followed up, locked."""
    area = select(Contact.area).where(*_followed()).order_by(Contact.id).limit(1).scalar_subquery()
    query = (
        select(FollowUpVisit.id, FollowUpVisit.nth, Person, area)
        .join(Person, Person.id == FollowUpVisit.person_id)
        .where(FollowUpVisit.day == today, FollowUpVisit.result.is_(None), FollowUpVisit.target_id.is_(None))
        .where(FollowUpVisit.how == CALL, Person.merged_into.is_(None))
        .where(select(Contact.id).where(*_followed()).exists())
        .limit(_BATCH)
        .with_for_update(skip_locked=True, of=FollowUpVisit)
    )
    for visit_id, nth, person, where in uow.session.execute(query):
        yield _Due(visit_id, nth, person, where or person.area)


def _followed() -> tuple[ColumnElement[bool], ...]:
    return (
        Contact.person_id == FollowUpVisit.person_id,
        Contact.disease == FollowUpVisit.disease,
        Contact.follow_up == "follow_up",
    )


def _starts(campaign: Campaign, today: date, calls: int, now: datetime) -> list[datetime]:
    """When the first, second, … call of the day may begin: spread over the calling hours."""
    window = window_of(campaign)
    opens = datetime.combine(today, window.opens, window.zone)
    closes = datetime.combine(today, window.closes, window.zone)
    if window.closes == time(0):
        closes += timedelta(days=1)
    starts = [opens + (closes - opens) / calls * number for number in range(calls)]
    return [now if is_allowed(now, window) and start <= now else start for start in starts]


def _target(
    uow: UnitOfWork, campaign: Campaign, due: _Due, target_id: UUID, start: datetime, last_moment: datetime
) -> dict[str, Any]:
    """The call, with what the script may say to make sure of who is speaking: the name and the birth year. After the
    day it is not made any more: the next day has a call of its own."""
    person = due.person
    return {
        "id": target_id,
        "campaign_id": campaign.id,
        "person_id": person.id,
        "phone": person.phone,
        "language": person.language,
        "context": {"person": {"name": person.name, "birth_year": person.birth_year}},
        "area": due.area,
        "zone": zone_of(campaign, "", person.phone),
        "outcomes": {},
        "script": SCRIPT,
        "last_moment": last_moment,
        "added_at": uow.now(),
        "next_at": start,
    }
