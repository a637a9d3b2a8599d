"""What campaigns make of calls: they are told of answers and ends, and carry out what callers ask of them."""

from __future__ import annotations

from collections.abc import Mapping

from core.database import UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.effects import EffectRequest, EffectResult, Handler
from ivr.calls.model import Call
from ivr.campaigns import rang_back
from ivr.campaigns.rules import Refusal
from ivr.campaigns.settle import (
    add_do_not_call,
    lock_attempt,
    lock_campaign,
    lock_target,
    release,
    settle,
    settle_rang_back,
)
from ivr.campaigns.words import Disposition, Outcome, furthest, outcome_of


class CampaignObserver:
    """Moves targets along as their calls go on, and settles them when the calls end."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """A first answer makes the target `started`, more make it `partial`."""
        if call.target_id is not None:
            if call.attempt_id is not None:
                lock_attempt(uow, call.attempt_id)  # before the target, as everywhere
            target = lock_target(uow, call.target_id)
            target.disposition = furthest(target.disposition, _reached(state, before=len(state.answers) - len(saved)))

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        """The retry plan decides what follows; a dial that surely was none is made again. Told once per call; an
        attempt settled before stays as it is."""
        attempt = lock_attempt(uow, call.attempt_id) if call.attempt_id is not None else None
        outcome = outcome_of(call.state, call.failure_reason, call.end_reason, call.answered_by)
        spoke = call.answered_at is not None and outcome is not Outcome.MACHINE
        resume_state = call.script_state if state.answers and spoke else None
        if attempt is not None and outcome is Outcome.NOT_DIALED:
            release(uow, attempt, lock_campaign(uow, attempt.campaign_id), Refusal.NO_CARRIER)
        elif attempt is not None:
            reached = Disposition.CONTACTED if spoke else Disposition.QUEUED
            settle(uow, attempt, outcome, reached=reached, resume_state=resume_state)
        elif call.target_id is not None:
            settle_rang_back(uow, call.target_id, outcome, resume_state)


def _reached(state: State, before: int) -> Disposition:
    return Disposition.PARTIAL if before > 0 else Disposition.STARTED


def opt_out(request: EffectRequest) -> EffectResult:
    """The effect `call.opt_out`: this number is not called again by any campaign. Outcomes: `done`, `withheld` (the
    caller's number is, so there is none to bar)."""
    if not request.call.remote_number:
        return EffectResult("withheld")
    add_do_not_call(request.uow, request.call.remote_number, "opt_out")
    return EffectResult("done")


EFFECTS: Mapping[str, Handler] = {"call.opt_out": opt_out, **rang_back.EFFECTS}
"""For the composition root to register."""
