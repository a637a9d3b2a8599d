"""What is rehearsed: a campaign as it stands, and the places on its list without the people behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from flows.engine.script import Script
from ivr.campaigns.model import Campaign, CampaignKind, CampaignState, Target, TargetState
from ivr.campaigns.words import Disposition

_COPIED = (
    "name",
    "script",
    "carrier",
    "language",
    "zone",
    "window_from",
    "window_until",
    "weekdays",
    "last_moment",
    "cap",
    "pace",
    "ring_seconds",
    "on_machine",
    "retries",
    "max_attempts",
    "area",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the list: where and in which language somebody is called, on which of the list's telephones (people
    who share one have the same number here), and how far they have come. Nothing of who they are."""

    telephone: int
    area: str = ""
    zone: str = ""
    language: str = "vi"
    known: bool = True  # a person on file, with whom a later call goes on
    barred: bool = False
    attempts: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    disposition: str = Disposition.REGISTERED
    next_at: datetime | None = None
    last_moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A rehearsal to be made. `campaign` is never that of a database session; `lines` are those that all campaigns
    share, None for as many as the cap allows; `scripts` are what may be said, `told` what every script is told;
    `until` ends it at the latest."""

    campaign: Campaign
    places: Sequence[Place]
    begins: datetime
    until: datetime
    scripts: Mapping[str, Script]
    told: Mapping[str, Any] = field(default_factory=dict)
    lines: int | None = None
    seed: int = 1

    @property
    def limit(self) -> int:
        """How many calls may go on at the same time."""
        return self.campaign.cap if self.lines is None else min(self.lines, self.campaign.cap)

    def with_lines(self, lines: int) -> Plan:
        """The same with so many lines, all of them for this campaign."""
        campaign = copy_of(self.campaign)
        campaign.cap = lines
        return replace(self, campaign=campaign, lines=lines)


def copy_of(campaign: Campaign) -> Campaign:
    """The campaign as a value: running, of no database session, with a list of its own."""
    copied = {name: getattr(campaign, name) for name in _COPIED}
    return Campaign(id=UUID(int=0), kind=CampaignKind.LIST, state=CampaignState.RUNNING, **copied)


def target_of(place: Place, number: int, begins: datetime, born: int) -> Target:
    """The target at a place of the list: somebody who does not exist."""
    return Target(
        id=UUID(int=number + 1),
        campaign_id=UUID(int=0),
        person_id=UUID(int=number + 1) if place.known else None,
        phone=str(place.telephone),
        language=place.language,
        context={"person": {"name": f"{number + 1}", "birth_year": born}},
        area=place.area,
        zone=place.zone,
        state=TargetState.WAITING,
        disposition=place.disposition,
        attempts=place.attempts,
        outcomes=dict(place.outcomes),
        resume_state=None,
        script=None,
        last_moment=place.last_moment,
        added_at=begins,
        next_at=max(place.next_at or begins, begins),
        done_at=None,
    )


def describe(campaign: Campaign) -> dict[str, Any]:
    """The campaign's settings as the report repeats them."""
    found = {name: getattr(campaign, name) for name in _COPIED}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.strftime("%H:%M") if isinstance(value, time) else value
