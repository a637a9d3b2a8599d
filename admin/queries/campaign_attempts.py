"""The dials of a campaign: how often people were called, and at what hours they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, func, join, select

from admin.policy import Viewer, scoped
from core.database import UnitOfWork
from ivr.campaigns.model import Attempt, AttemptState, Campaign, Target
from ivr.campaigns.words import REACHED_SOMEBODY, Outcome

_OF_TARGETS = join(Attempt, Target, Target.id == Attempt.target_id)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day, on the campaign's clocks: how many dials began in it, and how many were answered by a
    person."""

    hour: int
    dialed: int
    reached: int


def dials_per_target(uow: UnitOfWork, viewer: Viewer, campaign: Campaign) -> Sequence[tuple[int, int]]:
    """(times dialed, targets), in the viewer's area."""
    dialed = (
        scoped(select(func.count().label("times")).select_from(_OF_TARGETS), Target.area, viewer)
        .where(*_of_the_network(campaign))
        .group_by(Attempt.target_id)
        .subquery()
    )
    times = dialed.c.times
    rows = uow.session.execute(select(times, func.count()).group_by(times).order_by(times))
    return [(often, targets) for often, targets in rows]


def reach_by_hour(uow: UnitOfWork, viewer: Viewer, campaign: Campaign) -> Sequence[Hour]:
    """The hours in which somebody was dialed, in the viewer's area. Calls that are still going on do not count yet."""
    hour = func.extract("hour", func.timezone(campaign.zone, Attempt.placing_at)).cast(Integer)
    reached = func.count().filter(Attempt.outcome.in_(REACHED_SOMEBODY))
    rows = uow.session.execute(
        scoped(select(hour, func.count(), reached).select_from(_OF_TARGETS), Target.area, viewer)
        .where(*_of_the_network(campaign), Attempt.outcome.is_not(None))
        .group_by(hour)
        .order_by(hour)
    )
    return [Hour(*row) for row in rows]


def _of_the_network(campaign: Campaign) -> tuple[ColumnElement[bool], ...]:
    """Attempts that reached the network. An order that the carrier did not take was no dial."""
    return (
        Attempt.campaign_id == campaign.id,
        Target.campaign_id == campaign.id,  # says nothing new, but the targets of all campaigns are not read then
        Attempt.placing_at.is_not(None),
        Attempt.state != AttemptState.CLAIMED,
        Attempt.outcome.is_distinct_from(Outcome.NOT_DIALED),
    )
