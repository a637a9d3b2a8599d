"""The words of a campaign: how an attempt ended, and how far a target has come."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ivr.calls.model import CallState, FailureReason


class Outcome(StrEnum):
    """How an attempt ended. `not_dialed` never reached the network and counts for nothing."""

    COMPLETED = "completed"
    REFUSED = "refused"
    INELIGIBLE = "ineligible"
    WRONG_PERSON = "wrong_person"
    CALLBACK = "callback"  # the person asked to be called at another time
    BREAKOFF = "breakoff"
    MACHINE = "machine"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    LOST = "lost"
    NOT_DIALED = "not_dialed"


class Disposition(StrEnum):
    """How far a target has come, or how it ended."""

    REGISTERED = "registered"  # on the list
    QUEUED = "queued"  # called at least once, or about to be
    CONTACTED = "contacted"  # somebody answered
    STARTED = "started"  # gave a first answer
    PARTIAL = "partial"  # gave more, not all
    COMPLETED = "completed"
    REFUSED = "refused"
    INELIGIBLE = "ineligible"  # not the person meant, and not to be found here
    BREAKOFF = "breakoff"  # began, and could not be brought to the end
    UNRESPONSIVE = "unresponsive"  # never reached
    FAILED = "failed"  # the network could not put the call through
    OVERDUE = "overdue"  # the last moment passed
    CALLED_OFF = "called_off"  # the call was not wanted any more


FINAL_OUTCOMES: Mapping[str, Disposition] = {
    Outcome.COMPLETED: Disposition.COMPLETED,
    Outcome.REFUSED: Disposition.REFUSED,
    Outcome.INELIGIBLE: Disposition.INELIGIBLE,
}
# A person picked up, whoever it was.
REACHED_SOMEBODY = frozenset(FINAL_OUTCOMES) | {Outcome.WRONG_PERSON, Outcome.CALLBACK, Outcome.BREAKOFF}
RETRIED_OUTCOMES = frozenset(Outcome) - FINAL_OUTCOMES.keys() - {Outcome.NOT_DIALED}
# We had given up; who rings back may still answer.
GIVEN_UP = frozenset({Disposition.UNRESPONSIVE, Disposition.FAILED, Disposition.BREAKOFF})
# Who was given up and rings back is further again with the first answer, not before.
_PROGRESS = {
    Disposition.REGISTERED: 0,
    Disposition.QUEUED: 1,
    Disposition.CONTACTED: 2,
    **dict.fromkeys(GIVEN_UP, 3),
    Disposition.STARTED: 4,
    Disposition.PARTIAL: 5,
}
# The end reasons that scripts give; any other end of an answered call (`hangup`, `no_input`, `limit`) is a breakoff.
_BY_END_REASON = {
    "completed": Outcome.COMPLETED,
    "red_flag": Outcome.COMPLETED,  # a doctor takes over: the robot has nothing more to ask
    "refused": Outcome.REFUSED,
    "opted_out": Outcome.REFUSED,
    "ineligible": Outcome.INELIGIBLE,
    "wrong_person": Outcome.WRONG_PERSON,
    "callback": Outcome.CALLBACK,
    "machine": Outcome.MACHINE,
}
_BY_FAILURE = {
    FailureReason.BUSY: Outcome.BUSY,
    FailureReason.NO_ANSWER: Outcome.NO_ANSWER,
    FailureReason.REJECTED: Outcome.REJECTED,
    FailureReason.UNREACHABLE: Outcome.UNREACHABLE,
    FailureReason.CANCELED: Outcome.NO_ANSWER,
    FailureReason.PROVIDER_ERROR: Outcome.FAILED,
    FailureReason.LOST: Outcome.LOST,
    FailureReason.NOT_DIALED: Outcome.NOT_DIALED,
}


def furthest(before: str, now: Disposition) -> Disposition:
    """The further of two steps on the way: a later attempt never takes back what an earlier one reached."""
    known = Disposition(before)
    if known not in _PROGRESS:
        return known
    return max(known, now, key=_PROGRESS.__getitem__)


def last_disposition(outcome: str, reached: Disposition) -> Disposition:
    """The end of a target that will not be called again, though its last attempt decided nothing. One that was given up
    before stays what it was, unless this attempt says more."""
    if reached in (Disposition.STARTED, Disposition.PARTIAL, Disposition.BREAKOFF) or outcome == Outcome.BREAKOFF:
        return Disposition.BREAKOFF
    if outcome == Outcome.WRONG_PERSON:
        return Disposition.INELIGIBLE
    if reached in GIVEN_UP:
        return reached
    if outcome in (Outcome.FAILED, Outcome.REJECTED, Outcome.UNREACHABLE):
        return Disposition.FAILED
    return Disposition.UNRESPONSIVE


def outcome_of(state: str, failure_reason: str | None, end_reason: str | None, answered_by: str | None) -> Outcome:
    """How an attempt ended, from how its call ended.

    What a machine heard is never an interview. Then the script's own end reason counts: a line that was lost after the
    script had ended changes nothing. An answered call whose script came to no end of its own is a breakoff.
    """
    if answered_by == "machine":
        return Outcome.MACHINE
    if end_reason in _BY_END_REASON:
        return _BY_END_REASON[end_reason]
    if failure_reason is not None:
        return _BY_FAILURE[FailureReason(failure_reason)]
    return Outcome.FAILED if state == CallState.FAILED else Outcome.BREAKOFF
