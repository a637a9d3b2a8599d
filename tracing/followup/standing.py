"""The day's calls: every visit that is due today becomes a target of the standing campaign of follow-up, once.

The campaign does the rest: hours, do-not-call list, lines, retries spread over the day. A call that nobody wants any
more is found out twice, here and when it is dialed (`tracing.followup.wanted`). Whom a list's campaign is still to
interview gets no call of follow-up beside it: nobody is asked twice a day, and the interview is the visit
(`tracing.followup.observer`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
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
from tracing.followup.stopping import take_off
from tracing.followup.wanted import CALL, interview_to_come
from tracing.people.model import Person

SCRIPT = "daily-follow-up"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Due:
    visit: FollowUpVisit
    person: Person


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


def _order(uow: UnitOfWork) -> int:
    """Order at most a batch; returns how many visits were looked at."""
    campaign = standing_campaign(uow, CampaignKind.FOLLOW_UP)
    today = days.today(uow)
    due = _due(uow, today)
    areas = _areas(uow, due)
    followed = [each for each in due if (each.visit.person_id, each.visit.disease) in areas]
    take_off(uow, {each.visit.id for each in due} - {each.visit.id for each in followed}, ())
    if not followed:
        return len(due)
    starts = _starts(campaign, today, max(each.visit.nth for each in followed), uow.now())
    rows = []
    for each in followed:
        area = areas[each.visit.person_id, each.visit.disease] or each.person.area
        start = starts[each.visit.nth - 1]
        rows.append(_target(uow, campaign, each.person, area, start, days.end_of(uow, today)))
    note_areas(uow, campaign.id, {(row["area"], row["zone"]) for row in rows})
    uow.session.connection().execute(insert(Target), rows)
    for each, row in zip(followed, rows, strict=True):
        each.visit.target_id = row["id"]
    return len(due)


def _due(uow: UnitOfWork, today: date) -> list[_Due]:
    """Visits of today that nobody ordered, locked."""
    query = (
        select(FollowUpVisit, Person)
        .join(Person, Person.id == FollowUpVisit.person_id)
        .where(FollowUpVisit.day == today, FollowUpVisit.result.is_(None), FollowUpVisit.target_id.is_(None))
        .where(FollowUpVisit.how == CALL, Person.merged_into.is_(None), ~interview_to_come(FollowUpVisit.person_id))
        .limit(_BATCH)
        .with_for_update(skip_locked=True, of=FollowUpVisit)
    )
    return [_Due(visit, person) for visit, person in uow.session.execute(query)]


def _areas(uow: UnitOfWork, due: Iterable[_Due]) -> dict[tuple[UUID, str], str]:
    """Who of them is followed up, for which disease, and where. By person, in a query of its own: right after a list of
    ten thousand the database does not know yet how many are."""
    theirs = select(Contact).where(Contact.person_id.in_([each.person.id for each in due])).order_by(Contact.id.desc())
    contacts = uow.session.scalars(theirs.execution_options(populate_existing=True))
    return {(contact.person_id, contact.disease): contact.area for contact in contacts if axes_of(contact).called}


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
    uow: UnitOfWork, campaign: Campaign, person: Person, area: str, start: datetime, last_moment: datetime
) -> dict[str, Any]:
    """The call, with what the script may say to make sure of who is speaking: the name and the birth year. After the
    day it is not made any more: the next day has a call of its own."""
    return {
        "id": new_id(),
        "campaign_id": campaign.id,
        "person_id": person.id,
        "phone": person.phone,
        "language": person.language,
        "context": {"person": {"name": person.name, "birth_year": person.birth_year}},
        "area": area,
        "zone": zone_of(campaign, "", person.phone),
        "outcomes": {},
        "script": SCRIPT,
        "last_moment": last_moment,
        "added_at": uow.now(),
        "next_at": start,
    }
