"""Standing campaigns: calls that we owe to single people, through the same machinery as every other call.

There is one of each kind, made once, always running; nobody can end it. Their targets come one by one and carry their
own scripts. Who asked for a call, or rang a moment ago, may be called at any hour (`missed_calls` lets strangers
sleep); the daily calls of follow-up nobody asked for: they keep to the day, and heed the do-not-call list.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.ids import new_id
from ivr.campaigns.model import Campaign, CampaignKind, CampaignState
from ivr.campaigns.retry import make_delays
from ivr.campaigns.words import Outcome

DEFAULT_CARRIER = "twilio"
DEFAULT_ZONE = "Asia/Ho_Chi_Minh"
# Who waits for a call is near the telephone: a few tries, soon after each other.
_OWED: Mapping[str, str] = {
    Outcome.BUSY: "1m, 2m, 5m, 10m",
    Outcome.NO_ANSWER: "2m, 5m, 15m",
    Outcome.MACHINE: "5m, 15m, 1h",
    Outcome.BREAKOFF: "1m, 5m",
    Outcome.REJECTED: "10m",
    Outcome.UNREACHABLE: "5m, 15m, 1h",
    Outcome.FAILED: "1m, 5m, 15m",
    Outcome.LOST: "1m, 5m",
}
# The number may have been somebody else's doing. Who has heard it ring, or heard the robot, is not rung again.
_MISSED: Mapping[str, str] = {outcome: _OWED[outcome] for outcome in (Outcome.BUSY, Outcome.FAILED)}
# Spread over the day: who does not answer in the morning may in the evening, and only tries at differing hours say that
# somebody is lost.
_DAILY: Mapping[str, str] = {
    Outcome.BUSY: "10m, 1h, 3h",
    Outcome.NO_ANSWER: "2h, 3h, 3h",
    Outcome.MACHINE: "2h, 3h, 3h",
    Outcome.BREAKOFF: "10m, 2h, 4h",
    Outcome.WRONG_PERSON: "3h, 4h",
    Outcome.CALLBACK: "2h, 3h",
    Outcome.REJECTED: "3h, 4h",
    Outcome.UNREACHABLE: "2h, 3h, 3h",
    Outcome.FAILED: "10m, 1h, 3h",
    Outcome.LOST: "5m, 1h",
}
_RETRIES = {CampaignKind.CALL_BACK: _OWED, CampaignKind.MISSED_CALL: _MISSED, CampaignKind.FOLLOW_UP: _DAILY}
_MOST_ATTEMPTS = 5
# The name is what the log and the command line show; the console names the kind in the reader's language.
_NAMES = {
    CampaignKind.CALL_BACK: "call-backs",
    CampaignKind.MISSED_CALL: "missed calls",
    CampaignKind.FOLLOW_UP: "follow-up",
}
_ANY_HOUR = (time(0), time(0))
_HOURS = {CampaignKind.FOLLOW_UP: (time(8), time(20))}
# Half as many as the lines of a small province, for the daily calls as many as all of them; the lines of the settings
# bound them all.
_CAP, _PACE = 30, 5.0
_CAPS = {CampaignKind.FOLLOW_UP: 60}


def prepare_standing(uow: UnitOfWork, carrier: str, zone: str) -> None:
    """Make the standing campaigns, or let those there are dial with this carrier, on the clocks of this zone."""
    for kind in _NAMES:
        campaign = standing_campaign(uow, kind)
        campaign.carrier, campaign.zone = carrier, zone


def standing_campaign(uow: UnitOfWork, kind: CampaignKind) -> Campaign:
    """The standing campaign of a kind, made when it is first needed."""
    query = select(Campaign).where(Campaign.kind == kind)
    found = uow.session.scalar(query)
    if found is None:
        # Whoever else makes it just now: there is one all the same, and both find it.
        uow.session.execute(insert(Campaign).values(_columns(uow, kind)).on_conflict_do_nothing())
        found = uow.session.scalars(query).one()
    return found


def _columns(uow: UnitOfWork, kind: CampaignKind) -> dict[str, Any]:
    opens, closes = _HOURS.get(kind, _ANY_HOUR)
    return {
        "id": new_id(),
        "kind": kind,
        "name": _NAMES[kind],
        "script": "",
        "carrier": DEFAULT_CARRIER,
        "state": CampaignState.RUNNING,
        "zone": DEFAULT_ZONE,
        "window_from": opens,
        "window_until": closes,
        "weekdays": list(range(7)),
        "cap": _CAPS.get(kind, _CAP),
        "pace": _PACE,
        "retries": make_delays(_RETRIES[kind]),
        "max_attempts": _MOST_ATTEMPTS,
        "created_at": uow.now(),
        "started_at": uow.now(),
    }
