"""The rules of one dial, as functions of values: whether it may be made now, how fast, and who gets the next line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor

from ivr.campaigns.model import Campaign, CampaignState
from ivr.campaigns.retry import RetryPlan
from ivr.campaigns.window import Window, is_allowed, make_window


class Refusal(StrEnum):
    """Why a target is not dialed now."""

    NOT_RUNNING = "not_running"
    OVERDUE = "overdue"
    DO_NOT_CALL = "do_not_call"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `calls` within any stretch of `per`."""

    calls: int
    per: timedelta


def window_of(campaign: Campaign) -> Window:
    """The campaign's calling hours."""
    return make_window(campaign.zone, campaign.window_from, campaign.window_until, campaign.weekdays)


def plan_of(campaign: Campaign) -> RetryPlan:
    """The campaign's retry plan."""
    return RetryPlan(campaign.retries, campaign.max_attempts)


def is_over(campaign: Campaign) -> bool:
    """Whether nobody will be called again."""
    return campaign.state in (CampaignState.FINISHED, CampaignState.ABORTED)


def is_past(campaign: Campaign, moment: datetime) -> bool:
    """Whether the last moment to call has passed."""
    return campaign.last_moment is not None and moment >= campaign.last_moment


def refusal(campaign: Campaign, now: datetime, do_not_call: bool) -> Refusal | None:
    """Why a target of the campaign must not be dialed at `now`; None when it may be. Asked when dialing, however it was
    when it was claimed."""
    if campaign.state != CampaignState.RUNNING:
        return Refusal.NOT_RUNNING
    if do_not_call:
        return Refusal.DO_NOT_CALL
    if is_past(campaign, now):
        return Refusal.OVERDUE
    if not is_allowed(now, window_of(campaign)):
        return Refusal.OUTSIDE_HOURS
    return None


def pace_of(calls_per_second: float) -> Pace:
    """The pace as a bound on any sliding stretch of time: 2.5 per second is 2 in 0.8 s, 0.2 per second is 1 in 5 s."""
    calls = max(1, floor(calls_per_second))
    return Pace(calls, timedelta(seconds=calls / calls_per_second))


def share(free: int | None, wants: Mapping[str, int], live: Mapping[str, int]) -> dict[str, int]:
    """How many lines each campaign gets of `free` (None: as many as they want).

    Each line goes to the campaign with the fewest calls that still wants one, so a large campaign cannot starve a
    small one.
    """
    if free is None:
        return dict(wants)
    given = dict.fromkeys(wants, 0)
    for _ in range(max(0, free)):
        hungry = [name for name in wants if given[name] < wants[name]]
        if not hungry:
            break
        given[min(hungry, key=lambda name: (live.get(name, 0) + given[name], name))] += 1
    return given
