"""Standing campaigns: calls that we owe to single people, through the same machinery as every other call.

There is one of each kind, made once, always running; nobody can end it. Their targets come one by one, carry their own
scripts, and may be called at any hour: the person asked for it, or rang a moment ago (`missed_calls` lets strangers
sleep).
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
_RETRIES = {CampaignKind.CALL_BACK: _OWED, CampaignKind.MISSED_CALL: _MISSED}
_MOST_ATTEMPTS = 5
# The name is what the log and the command line show; the console names the kind in the reader's language.
_NAMES = {CampaignKind.CALL_BACK: "call-backs", CampaignKind.MISSED_CALL: "missed calls"}
# Half as many as the lines of a small province; the lines of the settings bound both.
_CAP, _PACE = 30, 5.0


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
    return {
        "id": new_id(),
        "kind": kind,
        "name": _NAMES[kind],
        "script": "",
        "carrier": DEFAULT_CARRIER,
        "state": CampaignState.RUNNING,
        "zone": DEFAULT_ZONE,
        "window_from": time(0),
        "window_until": time(0),
        "weekdays": list(range(7)),
        "cap": _CAP,
        "pace": _PACE,
        "retries": make_delays(_RETRIES[kind]),
        "max_attempts": _MOST_ATTEMPTS,
        "created_at": uow.now(),
        "started_at": uow.now(),
    }
