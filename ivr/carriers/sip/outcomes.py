"""What the end of a SIP call means: pure tables over the status codes of RFC 3261, section 21.

The reasons are those of every carrier; the code that the other side gave is kept beside them.
"""

from __future__ import annotations

import re

from ivr.calls.model import FailureReason
from ivr.lines.protocol import RingOutcome

_STATUS = re.compile(r"([1-6]\d\d)(?: |$)")

_REASONS = {
    403: FailureReason.REJECTED,
    404: FailureReason.UNREACHABLE,
    408: FailureReason.NO_ANSWER,
    410: FailureReason.UNREACHABLE,
    480: FailureReason.NO_ANSWER,
    484: FailureReason.UNREACHABLE,
    485: FailureReason.UNREACHABLE,
    486: FailureReason.BUSY,
    487: FailureReason.NO_ANSWER,  # we gave up ringing
    600: FailureReason.BUSY,
    603: FailureReason.REJECTED,
    604: FailureReason.UNREACHABLE,
    607: FailureReason.REJECTED,
    608: FailureReason.REJECTED,
}
# Any other code is our own trouble (401, 407: credentials; 488: no codec in common) or the network's: it says nothing
# of the person's number.

NOT_ANSWERED = "ring time over"
UNWANTED = "hung up by us"
NOT_DIALED = "not dialed"
NO_RINGING = "no ringing"
STALLED = "stack stalled"
GATEWAY_ENDED = "gateway ended"
"""Codes of our own: a telephone rang for as long as it was to; somebody wanted it ended before; no INVITE went out; the
trunk never said that it rings; nobody knows whether it was rung; the gateway was told to end."""
_OUR_OWN = {
    NOT_ANSWERED: FailureReason.NO_ANSWER,
    UNWANTED: FailureReason.CANCELED,
    STALLED: FailureReason.LOST,
    GATEWAY_ENDED: FailureReason.LOST,
}


def code_of(close_reason: str) -> int | None:
    """The status code in the text with which the stack ends a call; None for trouble of the transport."""
    found = _STATUS.match(close_reason)
    return int(found.group(1)) if found else None


def reason_of(close_reason: str) -> FailureReason:
    """Why a telephone that was rung did not answer."""
    if close_reason in _OUR_OWN:
        return _OUR_OWN[close_reason]
    code = code_of(close_reason)
    return FailureReason.PROVIDER_ERROR if code is None else _REASONS.get(code, FailureReason.PROVIDER_ERROR)


def raw_code(close_reason: str) -> str:
    """What is kept of it: the code alone, since a reason phrase may hold anything; the stack's own words otherwise."""
    code = code_of(close_reason)
    return str(code) if code is not None else close_reason[:80]


_RING_OUTCOMES: dict[FailureReason, RingOutcome] = {
    FailureReason.BUSY: "busy",
    FailureReason.REJECTED: "busy",
    FailureReason.NO_ANSWER: "no_answer",
}


def ring_outcome(close_reason: str) -> RingOutcome:
    """The same, as a room is told of it."""
    return _RING_OUTCOMES.get(reason_of(close_reason), "failed")
