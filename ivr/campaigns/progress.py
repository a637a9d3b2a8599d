"""How a campaign fares: counts that add up, the retry histogram, and when it may be over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from core.database import UnitOfWork
from core.errors import UserError
from ivr.campaigns.model import Attempt, AttemptState, Campaign, CampaignState, Target, TargetState
from ivr.campaigns.words import Outcome

# The estimate looks at this much of the recent past.
_RECENT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Progress:
    """One campaign at one moment.

    `dispositions` adds up to `targets`; `outcomes` counts attempts that reached the network, by how they ended;
    `retries` is how many targets were dialed once, twice, …; `live` calls going on; `finished_by` is an estimate from
    the last ten minutes, None when there is none to be made.
    """

    campaign_id: UUID
    state: str
    targets: int
    waiting: int
    calling: int
    done: int
    dispositions: Mapping[str, int]
    outcomes: Mapping[str, int]
    retries: Mapping[int, int]
    live: int
    next_at: datetime | None
    finished_by: datetime | None


def progress(uow: UnitOfWork, campaign_id: UUID) -> Progress:
    """The campaign now. Raises UserError when there is no such campaign."""
    campaign = uow.session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        raise UserError("There is no such campaign.", "It may have been removed.")
    of_campaign = Target.campaign_id == campaign_id
    counted = uow.session.execute(
        select(Target.state, Target.disposition, func.count())
        .where(of_campaign)
        .group_by(Target.state, Target.disposition)
    ).all()
    dispositions: dict[str, int] = {}
    states: dict[str, int] = dict.fromkeys(TargetState, 0)
    for state, disposition, count in counted:
        dispositions[disposition] = dispositions.get(disposition, 0) + count
        states[state] += count
    outcomes = uow.session.execute(
        select(Attempt.outcome, func.count())
        .where(Attempt.campaign_id == campaign_id, Attempt.outcome.is_not(None))
        .where(Attempt.outcome != Outcome.NOT_DIALED)
        .group_by(Attempt.outcome)
    )
    return Progress(
        campaign_id=campaign_id,
        state=campaign.state,
        targets=sum(states.values()),
        waiting=states[TargetState.WAITING],
        calling=states[TargetState.CALLING],
        done=states[TargetState.DONE],
        dispositions=dispositions,
        outcomes={outcome: count for outcome, count in outcomes if outcome is not None},
        retries=_retries(uow, campaign_id),
        live=_live(uow, campaign_id),
        next_at=uow.session.scalar(
            select(func.min(Target.next_at)).where(of_campaign, Target.state == TargetState.WAITING)
        ),
        finished_by=_finished_by(uow, campaign, states[TargetState.WAITING] + states[TargetState.CALLING]),
    )


def estimate(left: int, done: int, within: timedelta, now: datetime) -> datetime | None:
    """When `left` targets will be done if they go as fast as the `done` ones did."""
    if left == 0 or done == 0:
        return None
    return now + within * (left / done)


def _retries(uow: UnitOfWork, campaign_id: UUID) -> dict[int, int]:
    dialed = (
        select(func.count().label("times"))
        .where(Attempt.campaign_id == campaign_id, Attempt.placing_at.is_not(None))
        # An order that the carrier did not take was no dial, whether it is still to be tried again or given up.
        .where(Attempt.state != AttemptState.CLAIMED, Attempt.outcome.is_distinct_from(Outcome.NOT_DIALED))
        .group_by(Attempt.target_id)
        .subquery()
    )
    rows = uow.session.execute(select(dialed.c.times, func.count()).group_by(dialed.c.times).order_by(dialed.c.times))
    return dict(rows.all())


def _live(uow: UnitOfWork, campaign_id: UUID) -> int:
    return (
        uow.session.scalar(
            select(func.count())
            .select_from(Attempt)
            .where(Attempt.campaign_id == campaign_id, Attempt.state.in_((AttemptState.PLACING, AttemptState.PLACED)))
        )
        or 0
    )


def _finished_by(uow: UnitOfWork, campaign: Campaign, left: int) -> datetime | None:
    if campaign.state != CampaignState.RUNNING or campaign.started_at is None:
        return None
    now = uow.now()
    since = max(campaign.started_at, now - _RECENT)
    done = uow.session.scalar(
        select(func.count()).select_from(Target).where(Target.campaign_id == campaign.id, Target.done_at > since)
    )
    return estimate(left, done or 0, now - since, now)
