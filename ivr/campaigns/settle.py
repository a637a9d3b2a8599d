"""What follows for a target when an attempt is over, or was never dialed.

Rows are locked in one order everywhere: call, attempt, campaign, target.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from ivr.campaigns.following import close, follow, keep, let_go, wait
from ivr.campaigns.model import Attempt, AttemptState, Campaign, DoNotCall, Target, TargetState
from ivr.campaigns.retry import first_delay
from ivr.campaigns.rules import Refusal, heeds_do_not_call, is_over, plan_of
from ivr.campaigns.words import (
    FINAL_OUTCOMES,
    GIVEN_UP,
    REACHED_SOMEBODY,
    Disposition,
    Outcome,
    furthest,
    last_disposition,
)

log = logging.getLogger(__name__)


def lock_target(uow: UnitOfWork, target_id: UUID) -> Target:
    """The target as it is now, locked against everything but references to it."""
    return uow.session.get_one(Target, target_id, with_for_update={"key_share": True}, populate_existing=True)


def lock_campaign(uow: UnitOfWork, campaign_id: UUID) -> Campaign:
    """The campaign as it is now, locked against everything but references to it."""
    return uow.session.get_one(Campaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True)


def is_do_not_call(uow: UnitOfWork, phone: str) -> bool:
    """Whether the number is on the do-not-call list."""
    return uow.session.get(DoNotCall, phone, populate_existing=True) is not None


def add_do_not_call(uow: UnitOfWork, phone: str, reason: str) -> None:
    """Put a number on the do-not-call list. It counts from the next dial on; adding it twice changes nothing."""
    uow.session.execute(insert(DoNotCall).values(phone=phone, reason=reason, at=uow.now()).on_conflict_do_nothing())


def settle(
    uow: UnitOfWork,
    attempt: Attempt,
    outcome: Outcome,
    *,
    reached: Disposition = Disposition.QUEUED,
    resume_state: dict[str, Any] | None = None,
) -> None:
    """The attempt (locked by the caller) ended with `outcome`: plan the next one, or close the target.

    `reached` is how far this call got; `resume_state` is where the next one goes on.
    """
    if attempt.state == AttemptState.ENDED:
        return
    _end(uow, attempt, outcome)
    campaign = uow.session.get_one(Campaign, attempt.campaign_id)
    target = lock_target(uow, attempt.target_id)
    barred = heeds_do_not_call(campaign) and is_do_not_call(uow, target.phone)
    follow(campaign, target, outcome, uow.now(), reached=reached, resume_state=resume_state, barred=barred)


def settle_rang_back(
    uow: UnitOfWork, target_id: UUID, outcome: Outcome, resume_state: dict[str, Any] | None = None
) -> None:
    """The person rang us, and the interview was made in that call: it ended with `outcome`.

    It was no dial of ours, so it counts for no cap. What decided nothing leaves the target where it was: given up, or
    waiting for its next attempt, which comes no sooner than after an interview that was broken off. While the campaign
    goes on, somebody who was given up and spoke with us waits for a call again as well: scripts promise it.
    """
    target = lock_target(uow, target_id)
    campaign = uow.session.get_one(Campaign, target.campaign_id)
    if target.state != TargetState.CALLING:
        return
    now = uow.now()
    given_up = target.done_at is not None
    target.disposition = furthest(target.disposition, Disposition.CONTACTED)
    keep(campaign, target, resume_state)
    if outcome in FINAL_OUTCOMES:
        close(target, FINAL_OUTCOMES[outcome], now)
    elif is_do_not_call(uow, target.phone):
        close(target, Disposition.REFUSED, now)
    elif is_over(campaign) or (given_up and outcome not in REACHED_SOMEBODY):
        close(target, last_disposition(outcome, Disposition(target.disposition)), now)
    else:
        if target.disposition in GIVEN_UP:
            target.disposition = Disposition.STARTED if target.resume_state else Disposition.CONTACTED
        wait(campaign, target, max(target.next_at, now + first_delay(outcome, plan_of(campaign))), now)


def release(uow: UnitOfWork, attempt: Attempt, campaign: Campaign, why: Refusal) -> None:
    """The attempt (locked by the caller, like the campaign) was never dialed; it counts for nothing."""
    if attempt.state == AttemptState.ENDED:
        return
    log.info("event=not_dialed attempt=%s why=%s", attempt.id, why)
    _end(uow, attempt, Outcome.NOT_DIALED)
    let_go(campaign, lock_target(uow, attempt.target_id), why, uow.now())


def give_up(uow: UnitOfWork, attempt: Attempt) -> None:
    """The attempt (locked by the caller) cannot be dialed, and no later one could."""
    _end(uow, attempt, Outcome.NOT_DIALED)
    close(lock_target(uow, attempt.target_id), Disposition.FAILED, uow.now())


def lock_attempt(uow: UnitOfWork, attempt_id: UUID) -> Attempt | None:
    """The attempt as it is now, locked."""
    return uow.session.scalar(
        select(Attempt)
        .where(Attempt.id == attempt_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def _end(uow: UnitOfWork, attempt: Attempt, outcome: Outcome) -> None:
    attempt.state = AttemptState.ENDED
    attempt.outcome = outcome
    attempt.ended_at = uow.now()
