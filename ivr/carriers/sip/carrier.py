"""SIP as the dialer sees it: orders are rows, which a gateway on any machine claims."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.database import Database, UnitOfWork
from core.errors import Retryable
from ivr.calls.model import CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.carriers.base import DialOrder, OrderUnknown
from ivr.carriers.sip.model import LegState, SipLeg
from ivr.carriers.sip.orders import SIP, ask_to_hang_up, order_call, room_left

_STATES = {
    LegState.ORDERED: CallState.QUEUED,
    LegState.CLAIMED: CallState.QUEUED,
    LegState.RINGING: CallState.RINGING,
    LegState.ANSWERED: CallState.IN_PROGRESS,
}


class SipCarrier:
    """`trunk` is where calls go out; without one none do."""

    name = SIP

    def __init__(self, database: Database, calls: Calls, trunk: str) -> None:
        self._database = database
        self._calls = calls
        self._trunk = trunk

    def place(self, order: DialOrder) -> str:
        """Order the call; its reference is our own id of it. Raises Retryable, and nothing was dialed, without a trunk,
        and while no gateway lives or none has room: an attempt must not be spent on a telephone that never rings."""
        if not self._trunk:
            raise Retryable("Calls cannot go out by SIP: there is no trunk.", "Set TRACELINE_SIP_TRUNK.")
        try:
            with self._database.unit() as uow:
                known = uow.session.get(SipLeg, order.call_id) is not None
                if not known and room_left(uow) <= 0:
                    raise Retryable("No SIP gateway has room for another call.", "It is asked again.")
                order_call(uow, order.call_id, order.to, order.ring_seconds)
        except (OperationalError, PoolTimeout) as error:
            raise OrderUnknown(type(error).__name__) from error
        return str(order.call_id)

    def find(self, order: DialOrder, taken: Collection[str]) -> str | None:
        with self._asking() as uow:
            return uow.session.scalar(select(SipLeg.ref).where(SipLeg.id == order.call_id))

    def hang_up(self, provider_ref: str) -> None:
        with self._asking() as uow:
            ask_to_hang_up(uow, self._calls, provider_ref)

    def status(self, provider_ref: str, now: datetime) -> StatusReport | None:
        with self._asking() as uow:
            leg = uow.session.scalar(select(SipLeg).where(SipLeg.ref == provider_ref))
        if leg is None:
            return None
        if leg.ended_at is None:
            return StatusReport(_STATES[LegState(leg.state)], now, provider_ref=provider_ref)
        if leg.failure_reason is None:
            return StatusReport(CallState.COMPLETED, now, provider_ref=provider_ref)
        reason = FailureReason(leg.failure_reason)
        return StatusReport(CallState.FAILED, now, reason, leg.raw_code, provider_ref=provider_ref)

    @contextmanager
    def _asking(self) -> Iterator[UnitOfWork]:
        """A unit of work in which nothing can be lost, so whatever goes wrong may be tried again."""
        try:
            with self._database.unit() as uow:
                yield uow
        except (OperationalError, PoolTimeout) as error:
            raise Retryable("The database did not answer.", "It is asked again.") from error
