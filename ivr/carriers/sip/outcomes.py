"""What the end of a SIP call means: pure tables over the status codes of RFC 3261, section 21.

The reasons are those of every carrier; the code that the other side gave is kept beside them.
"""

from __future__ import annotations

import re

from ivr.calls.model import FailureReason
from ivr.lines.protocol import RingOutcome

_STATUS = re.compile(r"([1-6]\d\d)(?: |$)")

_REASONS = {
    401: FailureReason.PROVIDER_ERROR,  # our own credentials: the person was never asked
    402: FailureReason.PROVIDER_ERROR,
    403: FailureReason.REJECTED,
    407: FailureReason.PROVIDER_ERROR,
    408: FailureReason.NO_ANSWER,
    480: FailureReason.NO_ANSWER,
    486: FailureReason.BUSY,
    487: FailureReason.NO_ANSWER,  # we gave up ringing
    488: FailureReason.PROVIDER_ERROR,  # no codec in common
    600: FailureReason.BUSY,
    603: FailureReason.REJECTED,
    607: FailureReason.REJECTED,
    608: FailureReason.REJECTED,
}
# Of the codes that are not in the table: 5xx is the network's trouble, any other a number that cannot be reached.
_SERVER_TROUBLE = range(500, 600)

NOT_ANSWERED = "ring time over"
UNWANTED = "hung up by us"
NOT_DIALED = "not dialed"
"""Codes of our own: a telephone rang for as long as it was to; somebody wanted it ended before; no INVITE went out."""
_OUR_OWN = {NOT_ANSWERED: FailureReason.NO_ANSWER, UNWANTED: FailureReason.CANCELED}


def code_of(close_reason: str) -> int | None:
    """The status code in the text with which the stack ends a call; None for trouble of the transport."""
    found = _STATUS.match(close_reason)
    return int(found.group(1)) if found else None


def reason_of(close_reason: str) -> FailureReason:
    """Why a telephone that was rung did not answer."""
    if close_reason in _OUR_OWN:
        return _OUR_OWN[close_reason]
    code = code_of(close_reason)
    if code is None:
        return FailureReason.PROVIDER_ERROR
    if code in _REASONS:
        return _REASONS[code]
    return FailureReason.PROVIDER_ERROR if code in _SERVER_TROUBLE else FailureReason.UNREACHABLE


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
