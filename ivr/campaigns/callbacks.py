"""Calls that we owe to people: the doctor calls back, the queue calls in turn, the hotline answers a missed call.

    target_id = call_back(uow, script="doctor-calls-back", phone=number, language="vi", context={...})
    callback_status(uow, target_id).state   # waiting, dialing, ringing, answered, done, gave_up, called_off

A call back is a target of a standing campaign, so it is claimed, dialed once per attempt, retried and closed as every
other. It does not wait behind a campaign of ten thousand: the next free line is its.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.calls.model import Call, CallState
from ivr.campaigns.following import close
from ivr.campaigns.model import Attempt, AttemptState, CampaignKind, Target, TargetState
from ivr.campaigns.service import note_areas, zone_of
from ivr.campaigns.settle import lock_target
from ivr.campaigns.standing import standing_campaign
from ivr.campaigns.words import Disposition, Outcome

State = Literal["waiting", "dialing", "ringing", "answered", "done", "gave_up", "called_off"]


@dataclass(frozen=True, slots=True)
class CallbackStatus:
    """How a call back fares.

    `waiting` until `next_at`, for its first dial or for the next; `dialing`: given to the carrier; `ringing`;
    `answered`: the script speaks with the person; `done`: the script came to its end; `gave_up`: nobody will call any
    more, because the retries are used up, its moment has passed, or the person did not want it; `called_off`.

    `outcome` is how the last dial ended (busy, no_answer, machine, breakoff, …; None before the first has ended),
    `attempts` how many were begun, `call_id` the newest call.
    """

    state: State
    outcome: str | None
    attempts: int
    next_at: datetime | None
    call_id: UUID | None


def call_back(
    uow: UnitOfWork,
    *,
    script: str,
    phone: str,
    language: str,
    context: Mapping[str, Any],
    person_id: UUID | None = None,
    area: str = "",
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    kind: CampaignKind = CampaignKind.CALL_BACK,
) -> UUID:
    """Call this number (E.164) with this script as soon as a line is free, not before `not_before`; returns the
    target's id.

    Any hour is right, and the do-not-call list is not asked: the person wants this call. The same number may be owed
    several calls; they are made one after another. After `not_after` nobody is called: it is given up.

    Raises UserError for a withheld number and for a `not_after` that has passed.
    """
    if not phone:
        raise UserError("The number is withheld.", "Ask the person for a number that can be called.")
    if not_after is not None and not_after <= uow.now():
        raise UserError("The moment until which to call has passed.", "Give a later one, or none.")
    campaign = standing_campaign(uow, kind)
    target = Target(
        id=new_id(),
        campaign_id=campaign.id,
        person_id=person_id,
        phone=phone,
        language=language,
        context=dict(context),
        area=area,
        zone=zone_of(campaign, "", phone),
        outcomes={},
        script=script,
        last_moment=not_after,
        added_at=uow.now(),
        next_at=not_before or uow.now(),
    )
    note_areas(uow, campaign.id, {(target.area, target.zone)})
    uow.session.add(target)
    uow.session.flush()
    return target.id


def callback_status(uow: UnitOfWork, target_id: UUID) -> CallbackStatus:
    """How it fares now: to be asked whenever somebody looks. A `CallObserver` that is told of the end of a call with
    this `target_id`, after the `CampaignObserver`, sees here whether there will be another. Raises UserError for a
    call back that does not exist."""
    target = uow.session.get(Target, target_id, populate_existing=True)
    if target is None:
        raise UserError("There is no such call back.", "It may have been removed.")
    call = uow.session.scalar(select(Call).where(Call.target_id == target_id).order_by(Call.id.desc()).limit(1))
    outcome = uow.session.scalar(
        select(Attempt.outcome)
        .where(Attempt.target_id == target_id, Attempt.outcome.is_not(None), Attempt.outcome != Outcome.NOT_DIALED)
        .order_by(Attempt.number.desc())
        .limit(1)
    )
    return CallbackStatus(
        state=_state(target, call),
        outcome=outcome,
        attempts=target.attempts,
        next_at=target.next_at if target.state == TargetState.WAITING else None,
        call_id=call.id if call is not None else None,
    )


def call_off(uow: UnitOfWork, target_id: UUID) -> bool:
    """The call is not wanted any more. False when it is too late: it is being made, or it is over. One that has been
    chosen as the next, and not dialed, is not made any more: its dial job finds the disposition."""
    live = select(Attempt).where(Attempt.target_id == target_id, Attempt.state != AttemptState.ENDED)
    attempt = uow.session.scalar(  # before the target, as everywhere
        live.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    target = lock_target(uow, target_id)
    if target.state == TargetState.WAITING:
        close(target, Disposition.CALLED_OFF, uow.now())
        return True
    if attempt is None or attempt.state != AttemptState.CLAIMED:
        return False
    target.disposition = Disposition.CALLED_OFF
    return True


def _state(target: Target, call: Call | None) -> State:
    if target.disposition == Disposition.CALLED_OFF:
        return "called_off"
    if target.state == TargetState.WAITING:
        return "waiting"
    if target.state == TargetState.DONE:
        return "done" if target.disposition == Disposition.COMPLETED else "gave_up"
    if call is None or call.ended_at is not None or call.state in (CallState.CREATED, CallState.QUEUED):
        return "dialing"
    return "ringing" if call.state == CallState.RINGING else "answered"
