"""What comes next in a campaign, and why those who wait are not being called just now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select, true

from core.database import UnitOfWork
from ivr.campaigns.due import open_zones, zones_of
from ivr.campaigns.model import Attempt, AttemptState, Campaign, CampaignState, Target, TargetState
from ivr.campaigns.rules import pace_of, window_of
from ivr.campaigns.window import next_allowed

MOST_COUNTED = 1_000
"""More than so many that are due are not counted: nobody reads the difference, and counting reads every one."""


class Hold(StrEnum):
    """Why somebody who is due is not being called."""

    NOT_STARTED = "not_started"
    PAUSED = "paused"
    OUTSIDE_HOURS = "outside_hours"
    CAP = "cap"
    LINES = "lines"
    PACE = "pace"


@dataclass(frozen=True, slots=True)
class Outlook:
    """`due` may be called now, as far as their own time goes (at most MOST_COUNTED are counted); `next_at` is when the
    next of the others is due; `holds` says what the due ones wait for, empty when it is just their turn; `opens_at` is
    when calling hours begin again where they are over."""

    due: int
    next_at: datetime | None
    holds: tuple[Hold, ...]
    opens_at: datetime | None


def outlook(
    uow: UnitOfWork, campaign: Campaign, lines: int | None = None, within: ColumnElement[bool] | None = None
) -> Outlook:
    """The outlook now. `lines` is how many telephone lines all campaigns share; `within` narrows the targets that are
    counted, as when somebody may see those of their area only."""
    now = uow.now()
    waiting = (
        Target.campaign_id == campaign.id,
        Target.state == TargetState.WAITING,
        true() if within is None else within,
    )
    some = select(Target.id).where(*waiting, Target.next_at <= now).limit(MOST_COUNTED).subquery()
    due = uow.session.scalar(select(func.count()).select_from(some)) or 0
    later = select(func.min(Target.next_at)).where(*waiting, Target.next_at > now)
    opened = set(open_zones(uow, campaign))
    closed = [zone for zone in zones_of(uow, campaign) if zone not in opened]
    return Outlook(
        due=due,
        next_at=uow.session.scalar(later),
        holds=tuple(_holds(uow, campaign, bool(closed), lines)) if due else (),
        opens_at=min((next_allowed(now, window_of(campaign, zone)) for zone in closed), default=None),
    )


def _holds(uow: UnitOfWork, campaign: Campaign, closed: bool, lines: int | None) -> list[Hold]:
    if campaign.state == CampaignState.DRAFT:
        return [Hold.NOT_STARTED]
    if campaign.state != CampaignState.RUNNING:
        return [Hold.PAUSED]
    holds = [Hold.OUTSIDE_HOURS] if closed else []
    live, claimed, everywhere = uow.session.execute(
        select(
            func.count().filter(Attempt.campaign_id == campaign.id),
            func.count().filter(Attempt.campaign_id == campaign.id, Attempt.state == AttemptState.CLAIMED),
            func.count(),
        ).where(Attempt.state != AttemptState.ENDED)
    ).one()
    if live >= campaign.cap:
        holds.append(Hold.CAP)
    elif lines is not None and everywhere >= lines:
        holds.append(Hold.LINES)
    elif claimed >= pace_of(campaign.pace).calls:
        holds.append(Hold.PACE)
    return holds
