"""Campaigns and how far they have come.

A user sees a campaign that lies in their area, and one that reaches into it from above (the province calls a list with
people of their district): then only the targets and calls of their area are counted and listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from admin.policy import Viewer, scoped
from admin.queries.paging import AnySelect, Page, page_of
from core.areas import around, holds, within
from core.database import UnitOfWork
from core.rights import Right
from ivr.calls.model import Call
from ivr.campaigns.model import Campaign, CampaignKind, CampaignState, Target, TargetState
from tracing.people.model import Person

LIVE_STATES = (CampaignState.RUNNING, CampaignState.PAUSED)
ENDED_STATES = (CampaignState.FINISHED, CampaignState.ABORTED)
MOST_CAMPAIGNS = 100
CAMPAIGNS_ON_PAGE = 20
CALLS_SHOWN = 12
_REACHED = ("contacted", "started", "partial", "completed", "refused", "ineligible", "breakoff")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign has come, within the viewer's area."""

    targets: int
    states: Mapping[str, int]
    dispositions: Mapping[str, int]

    @property
    def done(self) -> int:
        return self.states.get(TargetState.DONE, 0)

    @property
    def completed(self) -> int:
        return self.dispositions.get("completed", 0)

    @property
    def reached(self) -> int:
        """Targets of which somebody answered."""
        return sum(self.dispositions.get(word, 0) for word in _REACHED)


NO_PROGRESS = Progress(0, {}, {})


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that is going on."""

    id: UUID
    state: str
    language: str
    since: datetime
    next_turn: int
    phone: str


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A line of the list of targets."""

    id: UUID
    name: str
    phone: str
    state: str
    disposition: str
    next_at: datetime
    outcomes: Mapping[str, Any]


def _visible(viewer: Viewer) -> ColumnElement[bool]:
    """Campaigns of the viewer's area, and those above it that hold a target of it."""
    if viewer.area == "":
        return Campaign.area.is_not(None)
    above = Campaign.area.in_(around(viewer.area))
    reaches = select(Target.id).where(Target.campaign_id == Campaign.id, within(Target.area, viewer.area)).exists()
    return or_(within(Campaign.area, viewer.area), and_(above, reaches))


def list_campaigns(uow: UnitOfWork, viewer: Viewer, *, live: bool = False) -> Sequence[Campaign]:
    """The campaigns that the viewer may see, newest first, without those that stand for ever."""
    planned = Campaign.kind == CampaignKind.LIST
    query = select(Campaign).where(_visible(viewer), planned).order_by(Campaign.id.desc()).limit(MOST_CAMPAIGNS)
    if live:
        query = query.where(Campaign.state.in_(LIVE_STATES))
    return uow.session.scalars(query).all()


def page_of_campaigns(uow: UnitOfWork, viewer: Viewer, before: str | None) -> Page[Campaign]:
    """The same for the list, a page at a time: the people of each campaign on the page are counted."""
    query: AnySelect = select(Campaign.id, Campaign).where(_visible(viewer), Campaign.kind == CampaignKind.LIST)
    return page_of(uow, query, Campaign.id, before, lambda row: row[1], CAMPAIGNS_ON_PAGE)


def standing_campaigns(uow: UnitOfWork, viewer: Viewer) -> Sequence[Campaign]:
    """Those that stand for ever: calls that are owed to single people."""
    query = select(Campaign).where(_visible(viewer), Campaign.kind != CampaignKind.LIST)
    return uow.session.scalars(query.order_by(Campaign.kind)).all()


def find_campaign(uow: UnitOfWork, viewer: Viewer, campaign_id: UUID) -> Campaign | None:
    """The campaign, None when there is none or the viewer may not see it."""
    return uow.session.scalar(select(Campaign).where(Campaign.id == campaign_id, _visible(viewer)))


def may_run(viewer: Viewer, campaign: Campaign) -> bool:
    """Whether the viewer may start and stop this campaign: all of it has to lie in their area."""
    return viewer.may(Right.CAMPAIGNS_RUN) and holds(viewer.area, campaign.area)


def progress_of(uow: UnitOfWork, viewer: Viewer, campaign_ids: Sequence[UUID]) -> Mapping[UUID, Progress]:
    """The progress of several campaigns, in one query."""
    query = scoped(
        select(Target.campaign_id, Target.state, Target.disposition, func.count()), Target.area, viewer
    ).where(Target.campaign_id.in_(campaign_ids))
    states: dict[UUID, dict[str, int]] = {}
    dispositions: dict[UUID, dict[str, int]] = {}
    for campaign_id, state, disposition, count in uow.session.execute(
        query.group_by(Target.campaign_id, Target.state, Target.disposition)
    ):
        _add(states, campaign_id, state, count)
        _add(dispositions, campaign_id, disposition, count)
    return {key: Progress(sum(states[key].values()), states[key], dispositions[key]) for key in states}


def _add(counts: dict[UUID, dict[str, int]], key: UUID, word: str, count: int) -> None:
    inner = counts.setdefault(key, {})
    inner[word] = inner.get(word, 0) + count


def calls_now(uow: UnitOfWork, viewer: Viewer, campaign_id: UUID | None = None) -> tuple[int, Sequence[LiveCall]]:
    """How many calls are going on, and the newest of them."""
    where = [Call.ended_at.is_(None), within(Call.area, viewer.area)]
    if campaign_id is not None:
        where.append(Call.campaign_id == campaign_id)
    count = uow.session.scalar(select(func.count()).select_from(Call).where(*where)) or 0
    since = func.coalesce(Call.answered_at, Call.ringing_at, Call.created_at)
    rows = uow.session.execute(
        select(Call.id, Call.state, Call.language, since, Call.next_turn, Call.remote_number)
        .where(*where)
        .order_by(Call.created_at.desc())
        .limit(CALLS_SHOWN)
    )
    return count, [LiveCall(*row) for row in rows]


def finished_over_time(uow: UnitOfWork, viewer: Viewer, campaign: Campaign, steps: int = 40) -> list[tuple[int, int]]:
    """(targets done, of them completed) in each of `steps` equal spans from the start until the last end or now."""
    if campaign.started_at is None:
        return []
    until = campaign.ended_at or uow.now()
    seconds = max((until - campaign.started_at).total_seconds(), steps)
    bucket = func.width_bucket(func.extract("epoch", Target.done_at - campaign.started_at), 0, seconds, steps)
    query = scoped(
        select(bucket, func.count(), func.sum(case((Target.disposition == "completed", 1), else_=0))),
        Target.area,
        viewer,
    ).where(Target.campaign_id == campaign.id, Target.done_at.is_not(None))
    counts = [[0, 0] for _ in range(steps)]
    for step, done, completed in uow.session.execute(query.group_by(bucket)):
        place = counts[min(max(step, 1), steps) - 1]
        place[0] += done
        place[1] += completed
    return [(done, completed) for done, completed in counts]


def list_targets(
    uow: UnitOfWork, viewer: Viewer, campaign_id: UUID, *, disposition: str, state: str, before: str | None
) -> Page[TargetRow]:
    """The targets of a campaign that lie in the viewer's area."""
    query: AnySelect = (
        select(
            Target.id,
            func.coalesce(Person.name, ""),
            Target.phone,
            Target.state,
            Target.disposition,
            Target.next_at,
            Target.outcomes,
        )
        .outerjoin(Person, Person.id == Target.person_id)
        .where(Target.campaign_id == campaign_id)
    )
    query = scoped(query, Target.area, viewer)
    query = _filtered(query, Target.disposition, disposition)
    query = _filtered(query, Target.state, state)
    return page_of(uow, query, Target.id, before, lambda row: TargetRow(*row))


def _filtered(query: AnySelect, column: InstrumentedAttribute[str], value: str) -> AnySelect:
    return query.where(column == value) if value else query
