"""Somebody rings back: did we really call, and may the missed interview be made now? (N5)

These are the effects that the hotline's scripts ask for. They say whether and when we called the number, never whom we
wanted: people share telephones, and the interview itself asks who is speaking before anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, select

from core.database import UnitOfWork
from flows.engine.resume import resume_state
from flows.engine.state import state_from_json
from ivr.calls.effects import EffectRequest, EffectResult, GoOn, Handler
from ivr.calls.model import Call
from ivr.campaigns.model import Attempt, AttemptState, Campaign, CampaignKind, CampaignState, Target, TargetState
from ivr.campaigns.rules import is_past
from ivr.campaigns.settle import lock_campaign, lock_target
from ivr.campaigns.words import GIVEN_UP, Outcome

# A number that we called longer ago than this was not "just called by you": the record of it says nothing any more.
REMEMBERED = timedelta(days=30)
GREETED = "greeted"
"""The name in the context that says: who we are has been said, and the language chosen. Scripts then skip both."""

# Whoever was missed by one of these may answer when they ring back; the other calls were asked for by the person.
_INTERVIEWS = (CampaignKind.LIST, CampaignKind.FOLLOW_UP)
# Orders that ended so never made the telephone ring, unless the call says that it rang. A call that was lost is none of
# them: we do not know, and nobody whom we may have called is told that it was not us.
_SILENT = (Outcome.NOT_DIALED, Outcome.FAILED, Outcome.UNREACHABLE)


def last_called(uow: UnitOfWork, phone: str) -> tuple[datetime, str] | None:
    """When we last called this number (E.164), and the time zone of the person called, in which to say so. None: not in
    the last 30 days."""
    silent = and_(
        func.coalesce(Attempt.outcome, "").in_(_SILENT), Call.ringing_at.is_(None), Call.answered_at.is_(None)
    )
    row = uow.session.execute(
        select(Attempt.placing_at, func.coalesce(func.nullif(Target.zone, ""), Campaign.zone))
        .join(Campaign, Campaign.id == Attempt.campaign_id)
        .join(Target, Target.id == Attempt.target_id)
        .outerjoin(Call, Call.attempt_id == Attempt.id)
        .where(Attempt.phone == phone, Attempt.placing_at > uow.now() - REMEMBERED)
        .where(Attempt.state != AttemptState.CLAIMED, ~silent)  # claimed again: the carrier did not take the order
        .order_by(Attempt.placing_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None or row[0] is None else (row[0], row[1])


def did_you_call(request: EffectRequest) -> EffectResult:
    """The effect `call.did_you_call`. Outcomes: `called` (with `on` and `at`, local date and time), `missed` (the same,
    and an interview is still to be made), `never` (not in the last 30 days), `withheld` (the caller's number is)."""
    phone = request.call.remote_number
    if not phone:
        return EffectResult("withheld")
    called = last_called(request.uow, phone)
    if called is None:
        return EffectResult("never")
    local = called[0].astimezone(ZoneInfo(called[1]))
    told = {"on": local.date().isoformat(), "at": local.strftime("%H:%M")}
    missed = request.uow.session.scalar(_missed(request.uow, phone))
    return EffectResult("missed" if missed is not None and _may_take(request.uow, missed) else "called", told)


def take_up(request: EffectRequest) -> EffectResult:
    """The effect `call.take_up`: the interview that this number missed goes on in this call. Outcome `gone`: there is
    none any more, or we are just calling the number. Until the call ends nobody dials the target."""
    uow, call = request.uow, request.call
    found = uow.session.scalar(_missed(uow, call.remote_number)) if call.remote_number else None
    if found is None:
        return EffectResult("gone")
    campaign = lock_campaign(uow, found.campaign_id)
    target = lock_target(uow, found.id)
    if target.state == TargetState.CALLING or not _may_take(uow, target):
        return EffectResult("gone")
    target.state = TargetState.CALLING
    call.person_id, call.target_id, call.campaign_id = target.person_id, target.id, campaign.id
    call.area = target.area
    context = {**call.context, **target.context, GREETED: True}
    earlier = state_from_json(target.resume_state) if target.resume_state else None
    going_on = resume_state(earlier, context) if earlier else None
    return EffectResult("taken", go_on=GoOn(target.script or campaign.script, context, going_on))


def hand_over(request: EffectRequest) -> EffectResult:
    """The effect `call.hand_over`: the script named by the argument goes on with the call. Outcome: `done`."""
    context = {**request.call.context, GREETED: True}
    return EffectResult("done", go_on=GoOn(str(request.arguments["script"]), context))


def _missed(uow: UnitOfWork, phone: str) -> Select[Target]:
    """The interview that we last tried to make with this number, in the last 30 days."""
    return (
        select(Target)
        .join(Campaign, Campaign.id == Target.campaign_id)
        .join(Attempt, Attempt.target_id == Target.id)
        .where(Attempt.phone == phone, Attempt.placing_at > uow.now() - REMEMBERED)
        .where(Campaign.kind.in_(_INTERVIEWS), Campaign.state != CampaignState.ABORTED)
        .where(
            (Target.state == TargetState.WAITING)
            | ((Target.state == TargetState.DONE) & Target.disposition.in_(GIVEN_UP))
        )
        .order_by(Attempt.placing_at.desc())
        .limit(1)
    )


def _may_take(uow: UnitOfWork, target: Target) -> bool:
    campaign = uow.session.get_one(Campaign, target.campaign_id)
    given_up = target.state == TargetState.DONE and target.disposition in GIVEN_UP
    open_ = campaign.state != CampaignState.ABORTED and (target.state == TargetState.WAITING or given_up)
    return open_ and not is_past(campaign, uow.now(), target)


EFFECTS: Mapping[str, Handler] = {
    "call.did_you_call": did_you_call,
    "call.take_up": take_up,
    "call.hand_over": hand_over,
}
"""For the composition root to register."""
