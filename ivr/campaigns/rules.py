"""The rules of one dial, as functions of values: whether it may be made now, how fast, and who gets the next line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from flows.engine.advance import SILENT_ON_MACHINE
from ivr.campaigns.model import Campaign, CampaignKind, CampaignState, Target
from ivr.campaigns.retry import RetryPlan
from ivr.campaigns.window import Window, is_allowed, make_window
from ivr.campaigns.words import Disposition


class Refusal(StrEnum):
    """Why a target is not dialed now."""

    NOT_RUNNING = "not_running"
    OVERDUE = "overdue"
    DO_NOT_CALL = "do_not_call"
    OUTSIDE_HOURS = "outside_hours"
    CALLED_OFF = "called_off"
    NO_CARRIER = "no_carrier"


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `calls` within any stretch of `per`."""

    calls: int
    per: timedelta


def window_of(campaign: Campaign, zone: str = "") -> Window:
    """The campaign's calling hours, on the clocks of `zone`; empty for the campaign's own."""
    return make_window(zone or campaign.zone, campaign.window_from, campaign.window_until, campaign.weekdays)


def plan_of(campaign: Campaign) -> RetryPlan:
    """The campaign's retry plan."""
    return RetryPlan(campaign.retries, campaign.max_attempts)


def is_standing(campaign: Campaign) -> bool:
    """Whether the campaign stands for ever: its targets come one by one, and nobody can end it."""
    return campaign.kind != CampaignKind.LIST


def heeds_do_not_call(campaign: Campaign) -> bool:
    """Whether the do-not-call list counts. It does not for a call that the person asked for: who wants no calls from
    robots, and asks for a doctor, gets the doctor."""
    return campaign.kind != CampaignKind.CALL_BACK


def is_over(campaign: Campaign) -> bool:
    """Whether nobody will be called again."""
    return campaign.state in (CampaignState.FINISHED, CampaignState.ABORTED)


def is_past(campaign: Campaign, moment: datetime, target: Target | None = None) -> bool:
    """Whether the last moment to call, the campaign's or the target's own, has passed."""
    limits = (campaign.last_moment, target.last_moment if target is not None else None)
    return any(limit is not None and moment >= limit for limit in limits)


def refusal(campaign: Campaign, target: Target, now: datetime, do_not_call: bool) -> Refusal | None:
    """Why the target must not be dialed at `now`; None when it may be. Asked when dialing, however it was when it was
    claimed."""
    if target.disposition == Disposition.CALLED_OFF:
        return Refusal.CALLED_OFF
    if campaign.state != CampaignState.RUNNING:
        return Refusal.NOT_RUNNING
    if do_not_call and heeds_do_not_call(campaign):
        return Refusal.DO_NOT_CALL
    if is_past(campaign, now, target):
        return Refusal.OVERDUE
    if not is_allowed(now, window_of(campaign, target.zone)):
        return Refusal.OUTSIDE_HOURS
    return None


def pace_of(calls_per_second: float) -> Pace:
    """The pace as a bound on any sliding stretch of time: 2.5 per second is 2 in 0.8 s, 0.2 per second is 1 in 5 s."""
    calls = max(1, floor(calls_per_second))
    return Pace(calls, timedelta(seconds=calls / calls_per_second))


def free_again(dialed: int, oldest: datetime | None, pace: Pace) -> datetime | None:
    """Until when a dial has to wait so that the pace holds; None when it may go. `dialed` were dialed within the last
    `pace.per`; `oldest` is when the first of the last `pace.calls` of them was."""
    return oldest + pace.per if oldest is not None and dialed >= pace.calls else None


def context_of(campaign: Campaign, target: Target, told: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the script is told of a call to this target. Told last: what is true of this line and this day, whatever was
    when the target was made."""
    today = now.astimezone(ZoneInfo(target.zone or campaign.zone)).date()
    context = {**target.context, **told, "today": today.isoformat()}
    if campaign.on_machine == "hang_up":
        context[SILENT_ON_MACHINE] = True
    return context


def share(
    free: int | None, wants: Mapping[str, int], live: Mapping[str, int], first: Collection[str] = ()
) -> dict[str, int]:
    """How many lines each campaign gets of `free` (None: as many as they want).

    Each line goes to the campaign with the fewest calls that still wants one, so a large campaign cannot starve a
    small one; but those in `first` get all they want before any other.
    """
    if free is None:
        return dict(wants)
    given = dict.fromkeys(wants, 0)
    for _ in range(max(0, free)):
        hungry = [name for name in wants if given[name] < wants[name]]
        if not hungry:
            break
        given[min(hungry, key=lambda name: (name not in first, live.get(name, 0) + given[name], name))] += 1
    return given
