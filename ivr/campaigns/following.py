"""What follows for a target from what happened to it, as functions of values: no database, no clock.

`settle` calls these under its locks, and `ivr.rehearsal` for people who do not exist.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.engine.state import State
from ivr.calls.model import Call
from ivr.campaigns.model import Campaign, Target, TargetState
from ivr.campaigns.retry import Done, decide
from ivr.campaigns.rules import Refusal, is_over, is_past, plan_of, window_of
from ivr.campaigns.window import next_allowed
from ivr.campaigns.words import (
    FINAL_OUTCOMES,
    GIVEN_UP,
    Disposition,
    Outcome,
    furthest,
    last_disposition,
    outcome_of,
)

# Why a target is not dialed, and never will be.
_ENDS = {
    Refusal.DO_NOT_CALL: Disposition.REFUSED,
    Refusal.OVERDUE: Disposition.OVERDUE,
    Refusal.CALLED_OFF: Disposition.CALLED_OFF,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end of a call says: how the attempt ended, how far the target came, and whether the next call may go on
    from where this one was left."""

    outcome: Outcome
    reached: Disposition
    may_go_on: bool


def ending_of(call: Call, state: State) -> Ending:
    """The ending of a call that is over, whose script stands at `state`."""
    outcome = outcome_of(call.state, call.failure_reason, call.end_reason, call.answered_by)
    spoke = call.answered_at is not None and outcome is not Outcome.MACHINE
    reached = Disposition.CONTACTED if spoke else Disposition.QUEUED
    return Ending(outcome, reached, bool(state.answers) and spoke)


def answered(target: Target, answers: int, new: int) -> None:
    """The person has given `answers` answers in all, `new` of them just now: a first one makes the target `started`,
    more make it `partial`."""
    reached = Disposition.PARTIAL if answers > new else Disposition.STARTED
    target.disposition = furthest(target.disposition, reached)


def claimed(target: Target) -> None:
    """The target is about to be called."""
    target.state = TargetState.CALLING
    target.attempts += 1
    target.disposition = furthest(target.disposition, Disposition.QUEUED)


def follow(
    campaign: Campaign,
    target: Target,
    outcome: Outcome,
    now: datetime,
    *,
    reached: Disposition = Disposition.QUEUED,
    resume_state: dict[str, Any] | None = None,
    barred: bool = False,
) -> None:
    """An attempt ended with `outcome`: the target waits for the next one, or has its end. `barred`: the number is on
    the do-not-call list, and the campaign heeds it. What the call decided counts before that list, which says only that
    nobody is called again."""
    target.outcomes = dict(Counter(target.outcomes) + Counter({str(outcome): 1}))
    target.disposition = furthest(target.disposition, reached)
    keep(campaign, target, resume_state)
    if barred and outcome not in FINAL_OUTCOMES:
        close(target, Disposition.REFUSED, now)
        return
    decision = decide(outcome, Disposition(target.disposition), target.outcomes, plan_of(campaign))
    if isinstance(decision, Done):
        close(target, decision.disposition, now)
    elif is_over(campaign):
        close(target, last_disposition(outcome, Disposition(target.disposition)), now)
    else:
        wait(campaign, target, now + decision.delay, now)


def let_go(campaign: Campaign, target: Target, why: Refusal, now: datetime) -> None:
    """The target was not dialed after all; that counts for nothing."""
    if why in _ENDS:
        close(target, _ENDS[why], now)
    else:
        wait(campaign, target, now, now)


def close(target: Target, disposition: Disposition, now: datetime) -> None:
    """The target (locked by the caller) is not called again, and this is how it ended. Who was given up may still ring
    back, and then goes on where they left off."""
    target.state = TargetState.DONE
    target.disposition = disposition
    target.done_at = now
    if disposition not in GIVEN_UP:
        target.resume_state = None


def wait(campaign: Campaign, target: Target, earliest: datetime, now: datetime) -> None:
    """The target waits for the first moment from `earliest` on at which it may be called; if that is past the last
    moment, it has its end."""
    moment = next_allowed(earliest, window_of(campaign, target.zone))
    if is_past(campaign, moment, target):
        close(target, Disposition.OVERDUE, now)
        return
    target.state, target.done_at = TargetState.WAITING, None
    target.next_at = moment


def keep(campaign: Campaign, target: Target, resume_state: dict[str, Any] | None) -> None:
    """Where the next call goes on: with a person on file, who is asked for anew, in the target's own script. Another
    that took the call over begins as if somebody had rung us, and asks nobody who they are."""
    own = target.script or campaign.script
    if resume_state and target.person_id is not None and resume_state["script"] == own:
        target.resume_state = resume_state
