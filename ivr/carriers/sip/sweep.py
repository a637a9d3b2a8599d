"""What becomes of legs whose gateway never came, or has died. Run again and again by the scheduler, in short
transactions; safe to run in many places at once."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, select

from core.database import Database
from core.heartbeats import Heartbeat
from ivr.calls.model import CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.calls.store import lock
from ivr.carriers.sip.model import LegState, SipLeg
from ivr.carriers.sip.orders import CLAIM_WITHIN, FORGOTTEN, GATEWAY_GONE, NO_GATEWAY, SILENT, report

log = logging.getLogger(__name__)

KEEP = timedelta(days=30)
_BATCH = 200


class Sweep:
    """Ends legs that nobody will end, so that calls are retried."""

    def __init__(self, database: Database, calls: Calls) -> None:
        self._database = database
        self._calls = calls

    def sweep(self) -> int:
        """End what is over; returns how many. An order that no gateway claimed in time was never dialed; a leg whose
        gateway has died is lost: we cannot know whether the telephone rang."""
        with self._database.unit() as uow:
            now = uow.now()
            alive = exists().where(Heartbeat.process == SipLeg.gateway, Heartbeat.at > now - SILENT)
            unclaimed = and_(SipLeg.state == LegState.ORDERED, SipLeg.created_at <= now - CLAIM_WITHIN)
            # A gateway's first sign of life comes before its first claim.
            orphaned = and_(SipLeg.gateway.is_not(None), ~alive)
        return self._end(unclaimed, FailureReason.NOT_DIALED, NO_GATEWAY) + self._end(
            orphaned, FailureReason.LOST, GATEWAY_GONE
        )

    def end_of(self, gateway: str) -> int:
        """A gateway of this name begins: whatever an earlier one of its name held is lost."""
        return self._end(SipLeg.gateway == gateway, FailureReason.LOST, GATEWAY_GONE)

    def end_forgotten(self, legs: Collection[UUID]) -> int:
        """A gateway knows nothing of these legs of its own: they are lost."""
        return self._end(SipLeg.id.in_(legs), FailureReason.LOST, FORGOTTEN)

    def clear_away(self) -> int:
        """Remove legs that ended long ago; returns how many."""
        with self._database.unit() as uow:
            old = select(SipLeg.id).where(SipLeg.ended_at < uow.now() - KEEP).limit(5_000)
            return len(uow.session.execute(delete(SipLeg).where(SipLeg.id.in_(old)).returning(SipLeg.id)).all())

    def _end(self, which: ColumnElement[bool], reason: FailureReason, why: str) -> int:
        found = select(SipLeg.id).where(SipLeg.ended_at.is_(None), which).order_by(SipLeg.created_at).limit(_BATCH)
        with self._database.unit() as uow:
            ids = uow.session.scalars(found).all()
        return sum(self._end_one(leg_id, which, reason, why) for leg_id in ids)

    def _end_one(self, leg_id: UUID, which: ColumnElement[bool], reason: FailureReason, why: str) -> bool:
        with self._database.unit() as uow:
            lock(uow, leg_id)
            still = select(SipLeg.ref).where(SipLeg.id == leg_id, SipLeg.ended_at.is_(None), which).with_for_update()
            ref = uow.session.scalar(still)
            if ref is None:
                return False
            report(uow, self._calls, leg_id, StatusReport(CallState.FAILED, uow.now(), reason, why, provider_ref=ref))
        log.warning("event=leg_ended leg=%s why=%s", leg_id, why)
        return True
