"""Calls to the hotline: one call of ours per call of the carrier's, however often the carrier tells us of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.database import UnitOfWork
from core.receipts import claim, keep_reply
from ivr.calls.model import Call
from ivr.calls.service import Calls


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
    uow: UnitOfWork,
    calls: Calls,
    inbound: Inbound,
    *,
    carrier: str,
    provider_ref: str,
    number: str,
    answer: Callable[[Call], bytes],
) -> bytes:
    """Open the call and answer it; a repeat gets the same answer. `provider_ref` is the carrier's own id of the call,
    which no other carrier gives to one of its own."""
    key = f"inbound:{provider_ref}"
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
        provider_ref=provider_ref,
        area=plan.area,
    )
    reply = answer(call)
    keep_reply(uow, key, reply)
    return reply
