"""The lattice of call states: a call moves up, never down, so a late or repeated report changes nothing (I9).

created < queued < ringing < in_progress < completed | failed
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ivr.calls.model import CallState, FailureReason

_RANK = {
    CallState.CREATED: 0,
    CallState.QUEUED: 1,
    CallState.RINGING: 2,
    CallState.IN_PROGRESS: 3,
    CallState.COMPLETED: 4,
    CallState.FAILED: 4,
}
TERMINAL = frozenset({CallState.COMPLETED, CallState.FAILED})

AnsweredBy = Literal["human", "machine", "unknown"]
_ANSWERED_BY: dict[str | None, AnsweredBy] = {"human": "human", "machine": "machine"}


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a carrier says of a call. `raw_code` is its own word or number; `provider_ref` its own id of the call."""

    state: CallState
    at: datetime
    failure_reason: FailureReason | None = None
    raw_code: str | None = None
    answered_by: AnsweredBy | None = None
    provider_ref: str | None = None


def moves(current: str, reported: str) -> bool:
    """Whether a report moves a call on from its current state. What has ended stays as it ended first."""
    return _RANK[CallState(reported)] > _RANK[CallState(current)]


def known_answerer(stored: str | None) -> AnsweredBy:
    """Who answered, as a call's row says it; `unknown` when nobody has told us."""
    return _ANSWERED_BY.get(stored, "unknown")
