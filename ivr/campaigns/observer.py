"""What campaigns make of calls: they are told of answers and ends, and carry out what callers ask of them."""

from __future__ import annotations

from collections.abc import Mapping

from core.database import UnitOfWork
from flows.engine.state import Answer, State
from ivr.calls.effects import EffectRequest, EffectResult, Handler
from ivr.calls.model import Call
from ivr.campaigns import rang_back
from ivr.campaigns.following import answered, ending_of
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
from ivr.campaigns.words import Outcome


class CampaignObserver:
    """Moves targets along as their calls go on, and settles them when the calls end."""

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        """A first answer makes the target `started`, more make it `partial`."""
        if call.target_id is not None:
            if call.attempt_id is not None:
                lock_attempt(uow, call.attempt_id)  # before the target, as everywhere
            answered(lock_target(uow, call.target_id), len(state.answers), len(saved))

    def ended(self, uow: UnitOfWork, call: Call, state: State) -> None:
        """The retry plan decides what follows; a dial that surely was none is made again. Told once per call; an
        attempt settled before stays as it is."""
        attempt = lock_attempt(uow, call.attempt_id) if call.attempt_id is not None else None
        ending = ending_of(call, state)
        resume_state = call.script_state if ending.may_go_on else None
        if attempt is not None and ending.outcome is Outcome.NOT_DIALED:
            release(uow, attempt, lock_campaign(uow, attempt.campaign_id), Refusal.NO_CARRIER)
        elif attempt is not None:
            settle(uow, attempt, ending.outcome, reached=ending.reached, resume_state=resume_state)
        elif call.target_id is not None:
            settle_rang_back(uow, call.target_id, ending.outcome, resume_state)


def opt_out(request: EffectRequest) -> EffectResult:
    """The effect `call.opt_out`: this number is not called again by any campaign. Outcomes: `done`, `withheld` (the
    caller's number is, so there is none to bar)."""
    if not request.call.remote_number:
        return EffectResult("withheld")
    add_do_not_call(request.uow, request.call.remote_number, "opt_out")
    return EffectResult("done")


EFFECTS: Mapping[str, Handler] = {"call.opt_out": opt_out, **rang_back.EFFECTS}
"""For the composition root to register."""
