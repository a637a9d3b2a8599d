"""What Twilio's form fields mean, whichever carrier they come to.

Source: https://www.twilio.com/docs/voice/twiml#request-parameters and …/voice/api/call-resource#statuscallback.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from flask import Response, request

from core.errors import UserError
from core.phones import normalise_phone
from ivr.calls.model import CallState, FailureReason
from ivr.calls.status import AnsweredBy, StatusReport

log = logging.getLogger(__name__)

Fields = Mapping[str, str]

_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_STATES = {
    "initiated": CallState.QUEUED,
    "queued": CallState.QUEUED,
    "ringing": CallState.RINGING,
    "in-progress": CallState.IN_PROGRESS,
    "completed": CallState.COMPLETED,
    "busy": CallState.FAILED,
    "no-answer": CallState.FAILED,
    "canceled": CallState.FAILED,
    "failed": CallState.FAILED,
}
_REASONS = {
    "busy": FailureReason.BUSY,
    "no-answer": FailureReason.NO_ANSWER,
    "canceled": FailureReason.CANCELED,
}
# What a `failed` call's SIP answer (RFC 3261, section 21) says of it. Without one, Twilio means a number that does not
# exist or cannot be reached.
_SIP_REASONS = {
    "403": FailureReason.REJECTED,
    "486": FailureReason.BUSY,
    "600": FailureReason.BUSY,
    "603": FailureReason.REJECTED,
    "607": FailureReason.REJECTED,
    "608": FailureReason.REJECTED,
}


class BadRequest(UserError):
    """A request that Twilio would not make."""


def call_sid(fields: Fields) -> str:
    """Twilio's id of the call. Raises BadRequest."""
    sid = fields.get("CallSid", "")
    if not _CALL_SID.fullmatch(sid):
        raise BadRequest("The request names no call.", "Twilio sends CallSid with every request.")
    return sid


def caller(fields: Fields) -> str:
    """The caller's number as E.164; empty when it is withheld."""
    return _number(fields.get("From", ""))


def dialed(fields: Fields) -> str:
    """The number of ours that was rung, as E.164; empty for what is none."""
    return _number(fields.get("To", ""))


def answered_by(fields: Fields) -> AnsweredBy:
    """Who answered, as far as machine detection knows. A fax machine is a machine."""
    value = fields.get("AnsweredBy", "")
    if value.startswith("machine") or value == "fax":
        return "machine"
    return "human" if value == "human" else "unknown"


def status_report(fields: Fields, now: datetime) -> StatusReport:
    """A status callback. Raises BadRequest for a status that Twilio does not have."""
    status = fields.get("CallStatus", "")
    state = _STATES.get(status)
    if state is None:
        raise BadRequest("The request has no status.", "Twilio sends CallStatus with every status callback.")
    sip = fields.get("SipResponseCode", "")
    failed = state is CallState.FAILED
    return StatusReport(
        state=state,
        at=_time(fields, now),
        failure_reason=_REASONS.get(status) or _sip_reason(sip) if failed else None,
        raw_code=f"{status} {sip}".strip() if failed else None,
        answered_by=answered_by(fields) if "AnsweredBy" in fields else None,
        provider_ref=call_sid(fields),
    )


def _number(text: str) -> str:
    try:
        return normalise_phone(text)
    except UserError:
        return ""


def _sip_reason(code: str) -> FailureReason:
    if code in _SIP_REASONS:
        return _SIP_REASONS[code]
    return FailureReason.PROVIDER_ERROR if code.startswith("5") else FailureReason.UNREACHABLE


def _time(fields: Fields, now: datetime) -> datetime:
    """When it happened. Callbacks may be late, so Twilio's own time counts, unless it is unreadable or yet to come."""
    try:
        at = parsedate_to_datetime(fields.get("Timestamp", ""))
    except ValueError:
        return now
    return min(at if at.tzinfo else at.replace(tzinfo=UTC), now)


def refuse(error: BadRequest) -> Response:
    """The answer to a request that Twilio would not make."""
    log.warning("event=webhook_refused endpoint=%s reason=%s", request.endpoint, error.message)
    return Response(f"{error}\n", 400, mimetype="text/plain")
