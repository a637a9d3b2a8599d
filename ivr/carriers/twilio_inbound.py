"""Calls to the hotline over Twilio, known by Twilio's own id."""

from __future__ import annotations

from collections.abc import Callable

from core.database import UnitOfWork
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.carriers import inbound as hotline
from ivr.carriers.inbound import Inbound
from ivr.carriers.twilio_fields import Fields, call_sid, caller, dialed

# https://www.twilio.com/docs/voice/twiml/reject: not answered, so it costs the caller nothing.
_REJECTED = b'<?xml version="1.0" encoding="UTF-8"?><Response><Reject reason="busy"/></Response>'


def take_call(
    uow: UnitOfWork, calls: Calls, inbound: Inbound, carrier: str, fields: Fields, answer: Callable[[Call], bytes]
) -> bytes:
    """Open the call and answer it; a repeat gets the same answer. Raises BadRequest."""
    return hotline.take_call(
        uow,
        calls,
        inbound,
        carrier=carrier,
        provider_ref=call_sid(fields),
        number=caller(fields),
        answer=answer,
        dialed=dialed(fields),
        rejected=_REJECTED,
    )
