"""Whole campaigns on a virtual clock, with people who do anything: every rule holds at every dial, and everybody comes
to an end."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from ivr.calls.model import Call, CallState, FailureReason
from ivr.campaigns.model import Campaign, Target, TargetState
from ivr.campaigns.reaper import Reaper
from ivr.campaigns.rules import window_of
from ivr.campaigns.settle import add_do_not_call
from ivr.campaigns.window import is_allowed
from ivr.carriers.base import DialOrder, OrderUnknown
from tests.ivr.campaigns.desk import Desk, a_phone

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
IN_BETWEEN = {"registered", "queued", "contacted", "started", "partial"}


@pytest.mark.capability("I2", "I4", "I5", "I7", "I12")
@pytest.mark.parametrize("seed", range(4))
def test_whatever_people_do_no_rule_is_broken_and_everybody_comes_to_an_end(desk: Desk, seed: int) -> None:
    random = Random(seed)
    phones = [a_phone() for _ in range(12)]
    last_moment = desk.clock.now() + timedelta(days=4) if seed % 2 else None
    campaign_id = desk.campaign(*phones, weekdays=(0, 1, 2, 3), last_moment=last_moment, cap=3, max_attempts=4)
    with desk.database.unit() as uow:
        campaign = uow.session.get_one(Campaign, campaign_id)
    barred: set[str] = set()

    def at_the_carrier(order: DialOrder) -> None:
        local = desk.clock.now().astimezone(HANOI)
        assert is_allowed(desk.clock.now(), window_of(campaign)), local
        assert 8 <= local.hour < 20, local
        assert local.weekday() < 4, local
        assert last_moment is None or desk.clock.now() < last_moment
        assert order.to not in barred
        if random.random() < 0.1:
            raise OrderUnknown  # some orders never arrive

    desk.network.before = at_the_carrier
    reaper = Reaper(desk.database, desk.calls, {"network": desk.network})
    for _ in range(600):
        desk.tick()
        reaper.reap()
        if desk.state(campaign_id) == "finished":
            break
        _people_react(desk, random)
        if random.random() < 0.02:
            phone = random.choice(phones)
            desk.do(add_do_not_call, phone, "asked")
            barred.add(phone)
        _let_time_pass(desk, random)
    assert desk.state(campaign_id) == "finished"
    dials = desk.dials() - _never_dialed(desk)
    assert max(dials.values()) <= 4
    for phone in phones:
        target = desk.target(phone)
        assert (target.state, target.disposition in IN_BETWEEN) == ("done", False)
        assert sum(target.outcomes.values()) <= 4
    assert desk.live() == 0


def _never_dialed(desk: Desk) -> Counter[str]:
    """Orders that the carrier took, and of which it said later that no telephone was rung."""
    none = select(Call.remote_number).where(Call.failure_reason == FailureReason.NOT_DIALED)
    with desk.database.unit() as uow:
        return Counter(uow.session.scalars(none))


def _people_react(desk: Desk, random: Random) -> None:
    with desk.database.unit() as uow:
        ringing = uow.session.scalars(select(Call).where(Call.ended_at.is_(None), Call.provider_ref.is_not(None))).all()
    for call in ringing:
        phone = call.remote_number
        match random.randrange(7):
            case 0:
                desk.complete(phone)
            case 1:
                desk.answer(phone, "machine")
            case 2:
                desk.answer(phone)
                desk.report(phone, CallState.COMPLETED)
            case 3:
                continue  # the callback is lost
            case _:
                desk.fail(phone, random.choice(list(FailureReason)))


def _let_time_pass(desk: Desk, random: Random) -> None:
    """A moment, or until somebody is due."""
    with desk.database.unit() as uow:
        due = uow.session.scalars(
            select(Target.next_at).where(Target.state == TargetState.WAITING).order_by(Target.next_at).limit(1)
        ).first()
        busy = uow.session.scalars(select(Call.id).where(Call.ended_at.is_(None))).first()
    if busy is None and due is not None and due > desk.clock.now() and random.random() < 0.8:
        desk.clock.set(due)
    else:
        desk.wait(minutes=random.choice([1, 7, 45]))
