"""Plans of rehearsals for tests: small campaigns on a short script, and assumptions in which every hour is alike."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.catalogue import Library
from ivr.campaigns.model import Campaign
from ivr.campaigns.plan import CampaignPlan, columns_of
from ivr.rehearsal.assumptions import Assumptions, make_assumptions, read_assumptions
from ivr.rehearsal.plan import Place, Plan, copy_of

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # eight in the morning in Vietnam


def a_plan(
    library: Library, places: Sequence[Place] | int, *, seed: int = 1, lines: int | None = None, **campaign: Any
) -> Plan:
    """A plan for these places, or for so many people in five areas."""
    if isinstance(places, int):
        places = [Place(number, area=f"38.38{number % 5}") for number in range(places)]
    values = {"name": "F1", "script": "contact-interview", "carrier": "network", "cap": 20, "pace": 5.0, **campaign}
    found = Campaign(**columns_of(CampaignPlan(**values), MONDAY - timedelta(days=1)))
    return Plan(
        campaign=copy_of(found),
        places=places,
        begins=MONDAY,
        until=(found.last_moment or MONDAY + timedelta(days=30)) + timedelta(hours=1),
        scripts=library.scripts,
        told={"department": {"vi": "CDC", "en": "CDC", "ko": "CDC"}, "hotline": "+842373850115", "speech": ["vi"]},
        lines=lines,
        seed=seed,
    )


def assumptions(**changes: Any) -> Assumptions:
    """The shipped assumptions with other parts."""
    source = deepcopy(dict(read_assumptions().source))
    for name, value in changes.items():
        source[name] = {**source[name], **value} if isinstance(value, dict) else value
    return make_assumptions(source)


def at_every_hour(share: float) -> Assumptions:
    """People pick up as often at one hour as at another."""
    return assumptions(picks_up={"weekdays": {0: share}, "weekends": {0: share}})
