"""Choosing whom to dial next: `claim_due` turns due targets into attempts, within every campaign's cap and pace.

All running campaigns are locked while choosing, so however many schedulers tick, caps and shares hold; and a number
that has a live attempt anywhere is left alone, which the database enforces as well. Lines are shared between campaigns,
and within each between its areas; those whom we owe a call back come before all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, Select, exists, func, select, true, update

from core.database import UnitOfWork
from core.ids import new_id
from ivr.campaigns.choosing import chosen, room_of
from ivr.campaigns.due import due_targets, mark_served
from ivr.campaigns.following import claimed, close
from ivr.campaigns.model import (
    Attempt,
    AttemptState,
    Campaign,
    CampaignKind,
    CampaignState,
    DoNotCall,
    Target,
    TargetState,
)
from ivr.campaigns.rules import heeds_do_not_call, is_past, is_standing
from ivr.campaigns.words import Disposition

# Somebody who rang us may be answering just now (`calling`, without an attempt of ours).
_OPEN = (TargetState.WAITING, TargetState.CALLING)


@dataclass(frozen=True, slots=True)
class _Load:
    live: int = 0
    undialed: int = 0


def claim_due(uow: UnitOfWork, lines: int | None = None) -> int:
    """Claim due targets of all running campaigns and order their dials; returns how many.

    `lines` is how many telephone lines there are for all campaigns together; they are shared fairly.
    """
    campaigns = list(uow.session.scalars(_running()))
    loads = _loads(uow)
    due: dict[str, Sequence[Target]] = {}
    for campaign in campaigns:
        _expire(uow, campaign)
        load = loads.get(campaign.id, _Load())
        due[str(campaign.id)] = _callable(uow, campaign, room_of(campaign, load.live, load.undialed))
        _finish_when_done(uow, campaign, loads)
    live = {str(campaign_id): load.live for campaign_id, load in loads.items()}
    first = {str(campaign.id) for campaign in campaigns if campaign.kind == CampaignKind.CALL_BACK}
    calls = 0
    for targets in chosen(due, live, first, lines).values():
        for target in targets:
            _claim(uow, target)
        mark_served(uow, targets)
        calls += len(targets)
    return calls


def _running() -> Select[Campaign]:
    return (
        select(Campaign)
        .where(Campaign.state == CampaignState.RUNNING)
        .order_by(Campaign.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def _loads(uow: UnitOfWork) -> dict[UUID, _Load]:
    rows: Sequence[Row[UUID, int, int]] = uow.session.execute(
        select(
            Attempt.campaign_id,
            func.count(),
            func.count().filter(Attempt.state == AttemptState.CLAIMED),
        )
        .where(Attempt.state != AttemptState.ENDED)
        .group_by(Attempt.campaign_id)
    ).all()
    return {row[0]: _Load(row[1], row[2]) for row in rows}


def _callable(uow: UnitOfWork, campaign: Campaign, room: int) -> list[Target]:
    """At most `room` targets to call now; those on the do-not-call list are closed on the way."""
    targets = due_targets(uow, campaign, room)
    if not heeds_do_not_call(campaign):
        return targets
    barred = set(
        uow.session.scalars(select(DoNotCall.phone).where(DoNotCall.phone.in_({target.phone for target in targets})))
    )
    for target in targets:
        if target.phone in barred:
            close(target, Disposition.REFUSED, uow.now())
    return [target for target in targets if target.phone not in barred]


def _claim(uow: UnitOfWork, target: Target) -> None:
    claimed(target)
    attempt = Attempt(
        id=new_id(),
        target_id=target.id,
        campaign_id=target.campaign_id,
        number=target.attempts,
        phone=target.phone,
        state=AttemptState.CLAIMED,
        claimed_at=uow.now(),
    )
    uow.session.add(attempt)
    uow.send("dial", {"attempt": str(attempt.id)})


def _expire(uow: UnitOfWork, campaign: Campaign) -> None:
    """Close those whose last moment, the campaign's or their own, has passed."""
    uow.session.execute(
        update(Target)
        .where(Target.campaign_id == campaign.id, Target.state == TargetState.WAITING)
        .where(true() if is_past(campaign, uow.now()) else Target.last_moment <= uow.now())
        .values(state=TargetState.DONE, disposition=Disposition.OVERDUE, done_at=uow.now(), resume_state=None)
        .execution_options(synchronize_session=False)
    )


def _finish_when_done(uow: UnitOfWork, campaign: Campaign, loads: dict[UUID, _Load]) -> None:
    """Finish a campaign that has nobody left to call. While people are put on its list (which holds a reference to its
    row) we cannot see them yet, so it stays until the next time."""
    if campaign.id in loads or is_standing(campaign):
        return
    alone = select(Campaign.id).where(Campaign.id == campaign.id).with_for_update(skip_locked=True)
    if uow.session.scalar(alone) is None:
        return
    # One by one, so that each reads its own index.
    left = (exists().where(Target.campaign_id == campaign.id, Target.state == state) for state in _OPEN)
    if not any(uow.session.scalar(select(some)) for some in left):
        campaign.state = CampaignState.FINISHED
        campaign.ended_at = uow.now()
