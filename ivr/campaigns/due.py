"""The next targets of one campaign: those that are due, where calls are allowed now, one area after another.

Within a campaign areas take turns: the one that got a line longest ago is served first, so a city of ten thousand
contacts does not keep a commune of ten waiting. The few rows of `campaign_area` say whose turn it is; of the targets
only the heads of the areas are read, so the cost does not grow with the campaign.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, select, true, tuple_, update
from sqlalchemy.orm import aliased

from core.database import UnitOfWork
from ivr.campaigns.choosing import Group, heads_wanted, in_turns
from ivr.campaigns.model import Attempt, AttemptState, Campaign, CampaignArea, Target, TargetState
from ivr.campaigns.rules import window_of
from ivr.campaigns.window import is_allowed


def due_targets(uow: UnitOfWork, campaign: Campaign, room: int) -> list[Target]:
    """At most `room` targets to call now, locked, in the order in which they should get lines."""
    if room <= 0:
        return []
    groups = _groups(uow, campaign, room)
    if not groups:
        return []
    heads = _heads(uow, campaign.id, groups, heads_wanted(room, len(groups)))
    found = uow.session.execute(heads).all()
    targets = {target.id: target for target in _targets(uow, [row.id for row in found])}
    waiting: dict[Group, list[Target]] = defaultdict(list)
    for row in found:
        waiting[row.area, row.zone].append(targets[row.id])
    return in_turns(groups, waiting, room)


def mark_served(uow: UnitOfWork, targets: Iterable[Target]) -> None:
    """The areas of these targets have just got a line: the others come first now. The campaign is locked."""
    served = {(target.campaign_id, target.area, target.zone) for target in targets}
    if served:
        key = tuple_(CampaignArea.campaign_id, CampaignArea.area, CampaignArea.zone)
        uow.session.execute(update(CampaignArea).where(key.in_(served)).values(served_at=uow.now()))


def zones_of(uow: UnitOfWork, campaign: Campaign) -> list[str]:
    """The time zones of the campaign's targets; empty for the campaign's own."""
    zones = select(CampaignArea.zone).where(CampaignArea.campaign_id == campaign.id).distinct()
    return list(uow.session.scalars(zones))


def open_zones(uow: UnitOfWork, campaign: Campaign) -> list[str]:
    """Those in which calls are allowed now."""
    return [zone for zone in zones_of(uow, campaign) if is_allowed(uow.now(), window_of(campaign, zone))]


def _groups(uow: UnitOfWork, campaign: Campaign, limit: int) -> list[Group]:
    """The areas with somebody to call now, the one served longest ago first."""
    turns = (
        select(CampaignArea.area, CampaignArea.zone)
        .where(CampaignArea.campaign_id == campaign.id, CampaignArea.zone.in_(open_zones(uow, campaign)))
        .order_by(CampaignArea.served_at.nulls_first(), CampaignArea.area, CampaignArea.zone)
        .subquery()
    )
    # Its limit keeps PostgreSQL from reading all targets first and looking at the areas afterwards.
    anybody = (
        select(Target.id)
        .where(*_is_due(uow, campaign.id), Target.area == turns.c.area, Target.zone == turns.c.zone)
        .limit(1)
        .lateral()
    )
    rows = uow.session.execute(select(turns.c.area, turns.c.zone).join(anybody, true()).limit(limit))
    return [(area, zone) for area, zone in rows]


def _heads(uow: UnitOfWork, campaign_id: UUID, groups: Collection[Group], each: int) -> Select[UUID, str, str]:
    head = (
        select(Target.id, Target.next_at)
        .where(*_is_due(uow, campaign_id), Target.area == CampaignArea.area, Target.zone == CampaignArea.zone)
        .order_by(Target.next_at, Target.id)
        .limit(each)
        .with_for_update(skip_locked=True, key_share=True, of=Target)
        .lateral()
    )
    return (
        select(head.c.id, CampaignArea.area, CampaignArea.zone)
        .join(head, true())
        .where(CampaignArea.campaign_id == campaign_id)
        .where(tuple_(CampaignArea.area, CampaignArea.zone).in_(groups))
        .order_by(head.c.next_at, head.c.id)
    )


def _is_due(uow: UnitOfWork, campaign_id: UUID) -> tuple[ColumnElement[bool], ...]:
    live = aliased(Attempt)
    busy = exists().where(and_(live.phone == Target.phone, live.state != AttemptState.ENDED))
    return (
        Target.campaign_id == campaign_id,
        Target.state == TargetState.WAITING,
        Target.next_at <= uow.now(),
        ~busy,
    )


def _targets(uow: UnitOfWork, ids: Collection[UUID]) -> Iterable[Target]:
    return uow.session.scalars(select(Target).where(Target.id.in_(ids)).execution_options(populate_existing=True))
