"""Calls to the hotline: one call of ours per call of Twilio's, however often Twilio tells us of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.database import UnitOfWork
from core.receipts import claim, keep_reply
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.carriers.twilio_fields import Fields, call_sid, caller


@dataclass(frozen=True, slots=True)
class InboundPlan:
    """What somebody who dials the hotline hears, and where we think they live."""

    script: str
    language: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    area: str = ""


Inbound = Callable[[UnitOfWork, str, str], InboundPlan]
"""`inbound(uow, number, carrier)`: the department's policy. `number` is E.164, empty when it is withheld."""


def take_call(
    uow: UnitOfWork, calls: Calls, inbound: Inbound, carrier: str, fields: Fields, answer: Callable[[Call], bytes]
) -> bytes:
    """Open the call and answer it; a repeat gets the same answer. Raises BadRequest."""
    sid, number = call_sid(fields), caller(fields)
    key = f"inbound:{sid}"
    receipt = claim(uow, key)
    if not receipt.fresh:
        return receipt.reply
    plan = inbound(uow, number, carrier)
    call = calls.open(
        uow,
        direction="inbound",
        carrier=carrier,
        remote_number=number,
        script=plan.script,
        language=plan.language,
        context=plan.context,
        provider_ref=sid,
        area=plan.area,
    )
    reply = answer(call)
    keep_reply(uow, key, reply)
    return reply
