"""What campaigns make of calls: they are told of answers and ends, and carry out what callers ask of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.database import UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.effects import EffectRequest, EffectResult
from ivr.calls.model import Call
from ivr.campaigns.model import Campaign
from ivr.campaigns.rules import is_past, window_of
from ivr.campaigns.settle import add_do_not_call, lock_attempt, lock_target, settle
from ivr.campaigns.window import next_allowed
from ivr.campaigns.words import Disposition, Outcome, furthest, outcome_of


class CampaignObserver:
    """Moves targets along as their calls go on, and settles them when the calls end."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """A first answer makes the target `started`, more make it `partial`."""
        if call.target_id is not None:
            target = lock_target(uow, call.target_id)
            target.disposition = furthest(target.disposition, _reached(state, before=len(state.answers) - len(saved)))

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        """The retry plan decides what follows. Told once per call; an attempt settled before stays as it is."""
        attempt = lock_attempt(uow, call.attempt_id) if call.attempt_id is not None else None
        if attempt is None:
            return
        outcome = outcome_of(call.state, call.failure_reason, call.end_reason, call.answered_by)
        spoke = call.answered_at is not None and outcome is not Outcome.MACHINE
        settle(
            uow,
            attempt,
            outcome,
            reached=Disposition.CONTACTED if spoke else Disposition.QUEUED,
            resume_state=call.script_state if state.answers and spoke else None,
        )


def _reached(state: State, before: int) -> Disposition:
    return Disposition.PARTIAL if before > 0 else Disposition.STARTED


def opt_out(request: EffectRequest) -> EffectResult:
    """The effect `call.opt_out`: this number is not called again by any campaign. Outcome: `done`."""
    add_do_not_call(request.uow, request.call.remote_number, "opt_out")
    return EffectResult("done")


def call_back(request: EffectRequest) -> EffectResult:
    """The effect `call.callback`: call this person again at a time that suits them.

    Arguments: `minutes` from now, or `at` ("18:30", the next time the clock in the campaign's zone says so); neither
    leaves the time to the retry plan. Outcomes: `arranged` with `at`, the moment within the calling hours; `too_late`
    when the campaign will be over by then; `not_possible` for a call of no campaign.
    """
    uow, call = request.uow, request.call
    if call.target_id is None or call.campaign_id is None:
        return EffectResult("not_possible")
    campaign = uow.session.get_one(Campaign, call.campaign_id)
    wished = _wished(request.arguments, uow.now(), ZoneInfo(campaign.zone))
    if wished is None:
        return EffectResult("arranged")
    moment = next_allowed(wished, window_of(campaign))
    if is_past(campaign, moment):
        return EffectResult("too_late")
    lock_target(uow, call.target_id).next_at = moment
    return EffectResult("arranged", {"at": moment.isoformat()})


def _wished(arguments: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> datetime | None:
    if "minutes" in arguments:
        return now + timedelta(minutes=int(arguments["minutes"]))
    if "at" not in arguments:
        return None
    local = now.astimezone(zone)
    wished = datetime.combine(local.date(), time.fromisoformat(str(arguments["at"])), zone)
    return wished if wished > now else datetime.combine(local.date() + timedelta(days=1), wished.timetz())
