"""Orders to the gateways, through one table: a telephone is rung at most once, whoever dies when (N12).

An order is a row; a gateway claims it under its own name and commits before it dials. What is claimed is never claimed
again, so a gateway that dies between the two loses the order and dials nobody twice. Locks are taken in one order
everywhere: the call, then its leg.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from core.database import UnitOfWork
from core.heartbeats import Heartbeat
from core.ids import new_id
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import TERMINAL, StatusReport
from ivr.calls.store import lock
from ivr.carriers.sip.model import LegState, SipLeg

SIP = "sip"
"""The carrier's name."""
CHANNEL = "sip_leg"
"""What PostgreSQL notifies the gateways on, that they need not wait for their next look."""
CLAIM_WITHIN = timedelta(seconds=30)
"""How long an order may wait for a gateway; then it is not for a late one any more."""
SILENT = timedelta(seconds=20)
"""A gateway beats every two seconds. Silent for so long, it and its calls are gone."""
NO_GATEWAY = "no gateway"
GATEWAY_GONE = "gateway gone"
FORGOTTEN = "gateway forgot it"

_STATES = {CallState.RINGING: LegState.RINGING, CallState.IN_PROGRESS: LegState.ANSWERED}


@dataclass(frozen=True, slots=True)
class Order:
    """A telephone to ring. `room`: for a room, not for a call."""

    id: UUID
    number: str
    ring_seconds: int
    room: str | None = None


def room_left(uow: UnitOfWork) -> int:
    """How many more orders the living gateways would take now."""
    told = uow.session.scalars(select(Heartbeat.status).where(Heartbeat.kind == SIP, Heartbeat.at > uow.now() - SILENT))
    waiting = select(func.count()).where(
        SipLeg.state == LegState.ORDERED, SipLeg.ended_at.is_(None), SipLeg.created_at > uow.now() - CLAIM_WITHIN
    )
    room: int = sum(status.get("room", 0) for status in told)
    return room - (uow.session.scalar(waiting) or 0)


def order_call(uow: UnitOfWork, call_id: UUID, number: str, ring_seconds: int) -> None:
    """Have the telephone of a call rung. A repeat changes nothing."""
    _order(uow, Order(call_id, number, ring_seconds))


def order_leg(uow: UnitOfWork, room: str, number: str, ring_seconds: int) -> UUID:
    """Have a telephone rung that joins the room when it is answered; tells the room when it is not. Each asks anew."""
    order = Order(new_id(), number, ring_seconds, room)
    _order(uow, order)
    return order.id


def call_off(uow: UnitOfWork, room: str) -> None:
    """Nobody waits in the room any more: a telephone that was to come, or that rings for it, need not. Harmless when
    there is none, or when it talks."""
    ringing = select(SipLeg).where(SipLeg.room == room, SipLeg.ended_at.is_(None), SipLeg.state != LegState.ANSWERED)
    mine = ringing.with_for_update()
    for leg in uow.session.scalars(mine):
        leg.hang_up = True
        if leg.state == LegState.ORDERED:
            leg.state, leg.ended_at, leg.failure_reason = LegState.ENDED, uow.now(), FailureReason.CANCELED
            leg.number = None
    notify(uow)


def leg_fares(uow: UnitOfWork, leg_id: UUID) -> Literal["rings", "talks"] | FailureReason | None:
    """How a telephone fares that was rung for a room, and why it was not reached when it was not. None when there is
    nothing to tell: it has talked, was not wanted any more, or was rung too long ago."""
    leg = uow.session.get(SipLeg, leg_id, populate_existing=True)
    if leg is None:
        return None
    if leg.ended_at is None:
        return "talks" if leg.state == LegState.ANSWERED else "rings"
    why = FailureReason(leg.failure_reason) if leg.failure_reason is not None else None
    return None if why is FailureReason.CANCELED else why


def _order(uow: UnitOfWork, order: Order) -> None:
    values = {
        "id": order.id,
        "ref": str(order.id),
        "room": order.room,
        "number": order.number,
        "ring_seconds": order.ring_seconds,
        "state": LegState.ORDERED,
        "created_at": uow.now(),
    }
    uow.session.execute(insert(SipLeg).values(values).on_conflict_do_nothing())
    notify(uow)


def notify(uow: UnitOfWork) -> None:
    """Wake the gateways once this is committed."""
    uow.session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


def claim_orders(uow: UnitOfWork, gateway: str, most: int) -> list[Order]:
    """Up to so many orders, the oldest first, for this gateway and no other. Commit before dialing."""
    rows = uow.session.scalars(
        select(SipLeg)
        .where(
            SipLeg.state == LegState.ORDERED, SipLeg.ended_at.is_(None), SipLeg.created_at > uow.now() - CLAIM_WITHIN
        )
        .order_by(SipLeg.created_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.state = LegState.CLAIMED
        row.gateway = gateway
    return [Order(row.id, row.number or "", row.ring_seconds, row.room) for row in rows]


def enter_inbound(uow: UnitOfWork, call: Call, gateway: str) -> None:
    """A telephone rings us, and this gateway holds it."""
    leg = SipLeg(id=call.id, ref=call.provider_ref, state=LegState.CLAIMED, gateway=gateway, created_at=uow.now())
    uow.session.add(leg)


def report(uow: UnitOfWork, calls: Calls, leg_id: UUID, told: StatusReport) -> None:
    """What became of a leg, and so of its call, if it has one. Late and repeated reports change nothing."""
    calls.apply_status(uow, leg_id, told)
    leg = _lock(uow, leg_id)
    if leg is None or leg.ended_at is not None:
        return
    if told.state in TERMINAL:
        leg.state = LegState.ENDED
        leg.ended_at = uow.now()
        leg.failure_reason = told.failure_reason
        leg.raw_code = told.raw_code
        leg.number = None  # it was there to be rung
    else:
        leg.state = _STATES.get(told.state, leg.state)


def unwanted(uow: UnitOfWork, mine: Collection[UUID]) -> list[UUID]:
    """Of a gateway's legs, those that it is to hang up: somebody wants it, or counts them as over."""
    if not mine:
        return []
    return list(
        uow.session.scalars(
            select(SipLeg.id).where(SipLeg.id.in_(mine), or_(SipLeg.hang_up, SipLeg.ended_at.is_not(None)))
        )
    )


def forgotten(
    uow: UnitOfWork, gateway: str, held: Collection[UUID], opening: Collection[str], at: datetime
) -> list[UUID]:
    """Legs that this gateway has by the table and not in fact: the answer to a commit was lost. `held` are those that
    it knew at that moment, and `opening` the references of those that it was just entering."""
    mine = select(SipLeg.id).where(SipLeg.gateway == gateway, SipLeg.ended_at.is_(None), SipLeg.created_at < at)
    return list(uow.session.scalars(mine.where(SipLeg.id.not_in(held), SipLeg.ref.not_in(opening))))


def ask_to_hang_up(uow: UnitOfWork, calls: Calls, ref: str) -> None:
    """End a leg. One that no gateway has yet is never rung; harmless when it is over, or unknown."""
    leg_id = uow.session.scalar(select(SipLeg.id).where(SipLeg.ref == ref))
    if leg_id is None:
        return
    lock(uow, leg_id)
    leg = _lock(uow, leg_id)
    if leg is None or leg.ended_at is not None:
        return
    leg.hang_up = True
    if leg.state == LegState.ORDERED:
        cancelled = StatusReport(CallState.FAILED, uow.now(), FailureReason.CANCELED, provider_ref=ref)
        report(uow, calls, leg_id, cancelled)
    else:
        notify(uow)


def _lock(uow: UnitOfWork, leg_id: UUID) -> SipLeg | None:
    return uow.session.get(SipLeg, leg_id, with_for_update=True, populate_existing=True)
