"""The dialer: the tick that chooses whom to dial, and the jobs `dial` and `hang_up`.

A dial is three steps, each a transaction or an order to the carrier, so that a death between any two is harmless:

1. `_prepare`: every rule is checked once more under the row locks; the call is opened, the attempt marked `placing`;
2. the carrier is asked to place the call;
3. `_placed`: the carrier's own id is kept.

A job that finds the attempt `placing` comes from a death, or runs beside a living twin: it asks the carrier what
became of the order, and never places a second one. An order that the carrier does not know after `GRACE` is lost, and
the retry plan decides. Carriers must give up on an order in less than that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import exists, func, select

from core.database import Database, UnitOfWork
from core.errors import Permanent, Retryable, UserError
from flows.engine.resume import resume_state
from flows.engine.state import state_from_json
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.campaigns.claim import claim_due
from ivr.campaigns.model import Attempt, AttemptState, Campaign, CampaignKind, CampaignState, Target
from ivr.campaigns.rules import Pace, Refusal, context_of, free_again, is_standing, pace_of, refusal
from ivr.campaigns.settle import give_up, is_do_not_call, lock_attempt, lock_campaign, release
from ivr.carriers.base import Carrier, DialOrder, OrderUnknown

log = logging.getLogger(__name__)

# How long an order may be on its way before we believe that the carrier never got it.
GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Dial:
    """An order, and the carrier for it. `unsure`: somebody may have placed it before."""

    order: DialOrder
    carrier: str
    unsure: bool


class StillWanted(Protocol):
    """Whoever puts targets on a campaign's list says, when one is about to be dialed, whether the call is
    still wanted. Asked under the locks of call, attempt and campaign; must lock nothing of those."""

    def __call__(self, uow: UnitOfWork, target: Target) -> bool: ...


class Dialer:
    """`told(carrier)` is what every script is told: `department`, `hotline`, `speech` (languages with a recogniser).
    `lines` is how many telephone lines all campaigns share; None for as many as their caps allow. `wanted` is asked
    about each target of a campaign of its kind; a call that is not wanted any more is called off."""

    def __init__(
        self,
        database: Database,
        calls: Calls,
        carriers: Mapping[str, Carrier],
        told: Callable[[str], Mapping[str, Any]],
        lines: int | None = None,
        wanted: Mapping[CampaignKind, StillWanted] | None = None,
    ) -> None:
        self._database = database
        self._calls = calls
        self._carriers = carriers
        self._told = told
        self._lines = lines
        self._wanted = wanted or {}

    def tick(self) -> int:
        """Claim due targets and order their dials; returns how many. Safe to run in many places at once."""
        with self._database.unit() as uow:
            return claim_due(uow, self._lines)

    def dial(self, payload: Mapping[str, Any]) -> None:
        """Dial the attempt `payload["attempt"]`. Raises Retryable while we cannot know what became of it."""
        attempt_id = UUID(payload["attempt"])
        try:
            with self._database.unit() as uow:
                dial = self._prepare(uow, attempt_id)
        except UserError as error:
            self._stop(attempt_id, error)
            return
        if dial is None:
            return
        carrier = self._carrier(dial.carrier)
        if dial.unsure:
            self._ask(attempt_id, carrier, dial.order)
        else:
            self._place(attempt_id, carrier, dial.order)

    def hang_up(self, payload: Mapping[str, Any]) -> None:
        """End the call `payload["call"]` at the carrier. Its status callback ends it for us. Raises Retryable while the
        call is being placed: its dial job learns the carrier's id, or ends it."""
        with self._database.unit() as uow:
            call = uow.session.get(Call, UUID(payload["call"]))
        if call is None or call.ended_at is not None:
            return
        if call.provider_ref is None:
            raise Retryable("The call is just being placed.", "It is ended when the carrier has it.")
        self._carrier(call.carrier).hang_up(call.provider_ref)

    # --- before the carrier

    def _prepare(self, uow: UnitOfWork, attempt_id: UUID) -> _Dial | None:
        call = _lock_call(uow, attempt_id)
        attempt = lock_attempt(uow, attempt_id)
        if attempt is None or attempt.state not in (AttemptState.CLAIMED, AttemptState.PLACING):
            return None
        if call is None and uow.session.scalar(select(exists().where(Call.attempt_id == attempt_id))):
            # A twin opened it while we waited at the attempt. Calls are locked first, so we come again.
            raise Retryable("Somebody else dials this attempt.", "It is looked at again.")
        campaign = lock_campaign(uow, attempt.campaign_id)
        if attempt.state == AttemptState.PLACING:
            return _order(campaign, attempt, call, unsure=True)
        self._carrier(campaign.carrier)
        target = uow.session.get_one(Target, attempt.target_id)
        why = refusal(campaign, target, uow.now(), is_do_not_call(uow, attempt.phone))
        asked = self._wanted.get(CampaignKind(campaign.kind))
        if why is None and asked is not None and not asked(uow, target):
            why = Refusal.CALLED_OFF
        if why is not None:
            release(uow, attempt, campaign, why)
            if call is not None:
                self._calls.end(uow, call.id, "failed", state=CallState.FAILED, failure_reason=FailureReason.CANCELED)
            return None
        wait_until = _paced(uow, campaign, pace_of(campaign.pace))
        if wait_until is not None:
            uow.send("dial", {"attempt": str(attempt_id)}, at=wait_until)
            return None
        attempt.state = AttemptState.PLACING
        attempt.placing_at = uow.now()
        return _order(campaign, attempt, call or self._open(uow, campaign, target, attempt), unsure=False)

    def _open(self, uow: UnitOfWork, campaign: Campaign, target: Target, attempt: Attempt) -> Call:
        context = context_of(campaign, target, self._told(campaign.carrier), uow.now())
        earlier = state_from_json(target.resume_state) if target.resume_state else None
        return self._calls.open(
            uow,
            direction="outbound",
            carrier=campaign.carrier,
            remote_number=attempt.phone,
            script=target.script or campaign.script,
            language=target.language,
            context=context,
            person_id=target.person_id,
            campaign_id=campaign.id,
            target_id=target.id,
            attempt_id=attempt.id,
            area=target.area,
            resume_state=resume_state(earlier, context) if earlier else None,
        )

    # --- the carrier, and after

    def _place(self, attempt_id: UUID, carrier: Carrier, order: DialOrder) -> None:
        try:
            provider_ref = carrier.place(order)
        except Permanent as error:
            log.warning("event=order_refused attempt=%s carrier=%s", attempt_id, carrier.name)
            self._fail(order.call_id, FailureReason.PROVIDER_ERROR, error.message)
        except Retryable:
            self._unplace(attempt_id)
            raise
        except OrderUnknown:
            log.warning("event=order_unknown attempt=%s carrier=%s", attempt_id, carrier.name)
            self._ask(attempt_id, carrier, order)
        else:
            self._placed(attempt_id, carrier, provider_ref)

    def _ask(self, attempt_id: UUID, carrier: Carrier, order: DialOrder) -> None:
        with self._database.unit() as uow:
            taken = _refs_of_others(uow, order)
        provider_ref = carrier.find(order, taken)
        if provider_ref is not None:
            self._placed(attempt_id, carrier, provider_ref)
        elif self._database.clock.now() - order.ordered_at < GRACE:
            raise Retryable("The carrier does not know the order yet.", "It is asked again.")
        else:
            log.error("event=order_lost attempt=%s carrier=%s", attempt_id, carrier.name)
            self._fail(order.call_id, FailureReason.LOST, None)

    def _placed(self, attempt_id: UUID, carrier: Carrier, provider_ref: str) -> None:
        with self._database.unit() as uow:
            call = _lock_call(uow, attempt_id)
            attempt = lock_attempt(uow, attempt_id)
            if call is None or attempt is None:
                return
            given_up = attempt.state == AttemptState.ENDED and call.failure_reason == FailureReason.LOST
            if attempt.state == AttemptState.PLACING:
                attempt.state = AttemptState.PLACED
            self._calls.apply_status(uow, call.id, StatusReport(CallState.QUEUED, uow.now(), provider_ref=provider_ref))
            call.provider_ref = call.provider_ref or provider_ref
        if given_up:  # we had called it lost, and may be dialing again: this call must not ring
            log.error("event=late_order_ended attempt=%s carrier=%s", attempt_id, carrier.name)
            carrier.hang_up(provider_ref)

    def _unplace(self, attempt_id: UUID) -> None:
        """The carrier surely did not take the order: all rules are checked again before the next try."""
        with self._database.unit() as uow:
            attempt = lock_attempt(uow, attempt_id)
            if attempt is not None and attempt.state == AttemptState.PLACING:
                attempt.state = AttemptState.CLAIMED

    def _fail(self, call_id: UUID, reason: FailureReason, raw_code: str | None) -> None:
        """There is no call. The observer of the campaigns, told of it, plans the retry."""
        with self._database.unit() as uow:
            self._calls.end(uow, call_id, "failed", state=CallState.FAILED, failure_reason=reason, raw_code=raw_code)

    def _stop(self, attempt_id: UUID, error: UserError) -> None:
        """The campaign cannot go on (its script is gone): pause it rather than burn its targets' attempts. A target
        with a script of its own holds up nobody else: it alone is given up."""
        with self._database.unit() as uow:
            attempt = lock_attempt(uow, attempt_id)
            if attempt is None or attempt.state != AttemptState.CLAIMED:
                return  # somebody else was faster
            campaign = lock_campaign(uow, attempt.campaign_id)
            if is_standing(campaign):
                log.error("event=target_given_up target=%s why=%s", attempt.target_id, error.message)
                give_up(uow, attempt)
                return
            log.error("event=campaign_paused campaign=%s why=%s", campaign.id, error.message)
            if campaign.state == CampaignState.RUNNING:
                campaign.state = CampaignState.PAUSED
            release(uow, attempt, campaign, Refusal.NOT_RUNNING)

    def _carrier(self, name: str) -> Carrier:
        carrier = self._carriers.get(name)
        if carrier is None:
            raise Retryable(f"This process has no carrier {name!r}.", "Configure it in every worker.")
        return carrier


def _lock_call(uow: UnitOfWork, attempt_id: UUID) -> Call | None:
    return uow.session.scalar(
        select(Call).where(Call.attempt_id == attempt_id).with_for_update().execution_options(populate_existing=True)
    )


def _refs_of_others(uow: UnitOfWork, order: DialOrder) -> Collection[str]:
    """The carriers' ids of all other calls with the number."""
    others = select(Call.provider_ref).where(Call.remote_number == order.to, Call.id != order.call_id)
    return {ref for ref in uow.session.scalars(others) if ref is not None}


def _order(campaign: Campaign, attempt: Attempt, call: Call | None, unsure: bool) -> _Dial:
    assert call is not None
    assert attempt.placing_at is not None
    order = DialOrder(
        call_id=call.id,
        to=attempt.phone,
        ring_seconds=campaign.ring_seconds,
        ordered_at=attempt.placing_at,
        leave_message=campaign.on_machine == "message",
    )
    return _Dial(order, call.carrier, unsure)


def _paced(uow: UnitOfWork, campaign: Campaign, pace: Pace) -> datetime | None:
    """The moment until which a dial has to wait so that the pace holds; None when it may go. The campaign is locked."""
    recent = (
        select(Attempt.placing_at)
        .where(Attempt.campaign_id == campaign.id, Attempt.placing_at > uow.now() - pace.per)
        .order_by(Attempt.placing_at.desc())
        .limit(pace.calls)
        .subquery()
    )
    count, oldest = uow.session.execute(select(func.count(), func.min(recent.c.placing_at))).one()
    return free_again(count, oldest, pace)
