"""Calls to the hotline: one call of ours per call of the carrier's, however often the carrier tells us of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.database import UnitOfWork
from core.receipts import claim, keep_reply
from ivr.calls.model import Call
from ivr.calls.service import Calls


@dataclass(frozen=True, slots=True)
class InboundPlan:
    """What somebody who dials the hotline hears, and where we think they live. With `reject` nobody answers: the
    telephone is told that we are busy, and there is no call of ours."""

    script: str
    language: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    area: str = ""
    reject: bool = False


class Inbound(Protocol):
    """The department's policy. `number` is the caller's (E.164), empty when it is withheld; `dialed` is the number of
    ours that was rung, empty when the carrier does not say."""

    def __call__(self, uow: UnitOfWork, number: str, carrier: str, dialed: str = "") -> InboundPlan: ...


def take_call(
    uow: UnitOfWork,
    calls: Calls,
    inbound: Inbound,
    *,
    carrier: str,
    provider_ref: str,
    number: str,
    answer: Callable[[Call], bytes],
    dialed: str = "",
    rejected: bytes = b"",
) -> bytes:
    """Open the call and answer it, or answer `rejected`; a repeat gets the same answer. `provider_ref` is the carrier's
    own id of the call. A SIP telephone chooses its own, maybe one that another carrier has given."""
    key = f"inbound:{carrier}:{provider_ref}"
    receipt = claim(uow, key)
    if not receipt.fresh:
        return receipt.reply
    plan = inbound(uow, number, carrier, dialed)
    if plan.reject:
        keep_reply(uow, key, rejected)
        return rejected
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
