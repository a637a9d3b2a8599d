"""The reaper: finds calls that never end (a lost callback, a dead worker) and closes them; their targets go on (I11).

A call that has been quiet for longer than usual is looked up at its carrier, which often knows that it is over. One
that can no longer be going on is hung up and closed, whatever the carrier says. Time runs from ringing and from the
answer, never from queuing: a carrier may hold an order back for a long while.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from core.database import Database
from core.errors import Permanent, Retryable, TracelineError
from ivr.calls.model import Call, CallEvent, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import TERMINAL, StatusReport
from ivr.campaigns.model import Attempt, AttemptState, Campaign
from ivr.carriers.base import Carrier

log = logging.getLogger(__name__)

# How much longer than the ring time a telephone may ring before we believe that the callback is lost.
RING_SLACK = timedelta(minutes=2)
# No script lets a call go on for so long.
LONGEST_CALL = timedelta(minutes=45)
# Carriers hold orders back when there are too many; longer than this, nobody waits for the call any more.
LONGEST_QUEUE = timedelta(hours=1)
# A call that the carrier never heard of belongs to a dial job, which closes it; this is for the ones it left behind.
LONGEST_ORDER = timedelta(minutes=30)
# From when on a call is looked up at the carrier: this long after the last line of its log, when it was answered;
# before that, this long beyond the ring time.
QUIET_TALK = timedelta(minutes=1)
QUIET_RING = timedelta(seconds=30)
_DEFAULT_RING = 60


@dataclass(frozen=True, slots=True)
class _Quiet:
    call_id: UUID
    carrier: str
    provider_ref: str | None
    stale: bool


def is_quiet(call: Call, ring_seconds: int, heard_of: datetime | None, now: datetime) -> bool:
    """Whether an open call, last `heard_of` at that moment, has been quiet long enough to ask its carrier about it."""
    if call.answered_at is not None:
        return now - max(call.answered_at, heard_of or call.answered_at) > QUIET_TALK
    since = call.ringing_at or call.created_at
    return now - since > timedelta(seconds=ring_seconds) + QUIET_RING


def is_stale(call: Call, ring_seconds: int, now: datetime) -> bool:
    """Whether an open call can no longer be going on."""
    if call.answered_at is not None:
        return now - call.answered_at > LONGEST_CALL
    if call.ringing_at is not None:
        return now - call.ringing_at > timedelta(seconds=ring_seconds) + RING_SLACK
    return now - call.created_at > (LONGEST_ORDER if call.provider_ref is None else LONGEST_QUEUE)


class Reaper:
    """The carrier is told to hang up first: a call that we close must not go on."""

    def __init__(self, database: Database, calls: Calls, carriers: Mapping[str, Carrier]) -> None:
        self._database = database
        self._calls = calls
        self._carriers = carriers

    def reap(self) -> int:
        """Close what is over; returns how many. A call whose carrier cannot be asked now stays until the next time; one
        that cannot be closed keeps no other from being closed."""
        closed = 0
        for quiet in self._quiet():
            try:
                closed += self._close(quiet)
            except TracelineError:
                log.exception("event=reap_failed call=%s", quiet.call_id)
        return closed

    def _quiet(self) -> list[_Quiet]:
        with self._database.unit() as uow:
            now = uow.now()
            heard_of = select(func.max(CallEvent.at)).where(CallEvent.call_id == Call.id).scalar_subquery()
            rows = uow.session.execute(
                select(Call, Campaign.ring_seconds, heard_of)
                .outerjoin(Campaign, Campaign.id == Call.campaign_id)
                .outerjoin(Attempt, Attempt.id == Call.attempt_id)
                .where(Call.ended_at.is_(None), Call.created_at < now - QUIET_RING)
                # The carrier did not take the order: its job dials again, under all rules, when the carrier is back.
                .where(Attempt.state.is_distinct_from(AttemptState.CLAIMED))
                .order_by(Call.created_at)  # all of them: the oldest are long talks, and must hide no other
            )
            return [
                _Quiet(call.id, call.carrier, call.provider_ref, is_stale(call, ring_seconds or _DEFAULT_RING, now))
                for call, ring_seconds, heard in rows
                if is_quiet(call, ring_seconds or _DEFAULT_RING, heard, now)
            ]

    def _close(self, quiet: _Quiet) -> bool:
        carrier = self._carriers.get(quiet.carrier)
        try:
            if carrier is not None and quiet.provider_ref is not None:
                report = carrier.status(quiet.provider_ref, self._database.clock.now())
                if report is not None and report.state in TERMINAL:
                    return self._learn(quiet, report)
                if quiet.stale:
                    carrier.hang_up(quiet.provider_ref)
        except Retryable as error:
            log.warning("event=reap_postponed call=%s why=%s", quiet.call_id, error.message)
            return False
        except Permanent as error:
            log.warning("event=reap_refused call=%s why=%s", quiet.call_id, error.message)
        return quiet.stale and self._give_up(quiet)

    def _learn(self, quiet: _Quiet, report: StatusReport) -> bool:
        """The carrier says how it ended; the callback that should have told us was lost."""
        with self._database.unit() as uow:
            ended = self._calls.apply_status(uow, quiet.call_id, report)
        if ended:
            log.warning("event=callback_lost call=%s carrier=%s state=%s", quiet.call_id, quiet.carrier, report.state)
        return ended

    def _give_up(self, quiet: _Quiet) -> bool:
        with self._database.unit() as uow:
            closed = self._calls.end(
                uow, quiet.call_id, "failed", state=CallState.FAILED, failure_reason=FailureReason.LOST
            )
        if closed:
            log.warning("event=call_reaped call=%s carrier=%s", quiet.call_id, quiet.carrier)
        return closed
