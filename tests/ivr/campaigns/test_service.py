"""What people do with campaigns, and what they see of them."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.errors import Retryable, UserError
from ivr.calls.model import FailureReason
from ivr.campaigns import service
from ivr.campaigns.bench import measure_choose
from ivr.campaigns.model import Campaign
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.progress import estimate, progress
from ivr.carriers.base import DialOrder
from tests.ivr.campaigns.desk import Desk, a_phone


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "  "}, "no name"),
        ({"script": "no-such-script"}, "There is no script 'no-such-script'. Choose one of check-in."),
        ({"carrier": "pigeon"}, "There is no carrier 'pigeon'"),
        ({"cap": 0}, "0 calls at a time"),
        ({"cap": 100_000}, "100000 calls at a time"),
        ({"pace": 0.0}, "0 calls per second"),
        ({"pace": float("nan")}, "nan calls per second"),
        ({"ring_seconds": 5}, "no ring time"),
        ({"max_attempts": 0}, "0 attempts"),
        ({"on_machine": "shout"}, "'shout' is nothing to do"),
        ({"window_from": time(20), "window_until": time(8)}, "end before they begin"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"weekdays": ()}, "no day to call on"),
        ({"retries": {"busy": "soon"}}, "'soon' is not a delay"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_with_the_reason(desk: Desk, wrong: dict[str, Any], says: str) -> None:
    values = {"name": "F1", "script": "check-in", "carrier": "network", **wrong}
    with pytest.raises(UserError) as refused:
        desk.do(service.create_campaign, CampaignPlan(**values), scripts=["check-in"], carriers=["network"])
    assert says in str(refused.value)
    with desk.database.unit() as uow:
        assert uow.session.query(Campaign).count() == 0


def test_a_last_moment_in_the_past_is_refused(desk: Desk) -> None:
    for last_moment in (desk.clock.now(), desk.clock.now().replace(tzinfo=None)):
        with pytest.raises(UserError, match="last moment"):
            desk.campaign(a_phone(), last_moment=last_moment)


@pytest.mark.capability("I10")
def test_a_campaign_goes_only_where_its_state_allows(desk: Desk) -> None:
    campaign = desk.campaign(a_phone(), running=False)
    for step in (service.pause, service.resume):
        with pytest.raises(UserError, match="is draft, not"):
            desk.do(step, campaign)
    desk.do(service.start, campaign)
    with pytest.raises(UserError, match="is running, not draft"):
        desk.do(service.start, campaign)
    desk.do(service.abort, campaign)
    for step in (service.start, service.pause, service.resume, service.abort, service.finish):
        with pytest.raises(UserError, match="aborted"):
            desk.do(step, campaign)
    with pytest.raises(UserError, match="is over"):
        desk.do(service.add_targets, campaign, [service.NewTarget(a_phone(), "vi")])


def test_a_campaign_without_anybody_to_call_does_not_start(desk: Desk) -> None:
    with pytest.raises(UserError, match="nobody to call"):
        desk.campaign()


def test_what_does_not_exist_is_said_to_be_missing(desk: Desk) -> None:
    for step in (service.start, service.abort, progress):
        with pytest.raises(UserError, match="There is no such campaign"):
            desk.do(step, uuid4())
    with pytest.raises(UserError, match="There is no campaign 'F9'"):
        desk.do(service.campaign_named, "F9")


def test_a_campaign_is_found_by_its_name_or_its_id(desk: Desk) -> None:
    campaign = desk.campaign(a_phone(), name="Đợt 1")
    assert desk.do(service.campaign_named, "Đợt 1").id == campaign
    assert desk.do(service.campaign_named, str(campaign)).id == campaign


def test_nobody_stands_on_a_list_twice(desk: Desk) -> None:
    campaign = desk.campaign(running=False)
    person = service.NewTarget(a_phone(), "vi", person_id=uuid4())
    assert desk.do(service.add_targets, campaign, [person, person]) == 1
    assert desk.do(service.add_targets, campaign, [person]) == 0


@pytest.mark.capability("I12")
def test_progress_adds_up(desk: Desk) -> None:
    phones = [a_phone() for _ in range(6)]
    campaign = desk.campaign(*phones, cap=5)
    desk.tick()
    desk.fail(phones[1], FailureReason.BUSY)
    desk.answer(phones[2])
    desk.press(phones[2], "2")
    desk.wait(minutes=2)
    desk.tick()  # the sixth, whose turn it was before the busy one
    assert desk.do(progress, campaign).retries == {1: 6}
    desk.complete(phones[0])
    desk.tick()
    now = desk.do(progress, campaign)
    assert now.dispositions == {"completed": 1, "queued": 4, "started": 1}
    assert sum(now.dispositions.values()) == now.targets == now.waiting + now.calling + now.done == 6
    assert now.outcomes == {"completed": 1, "busy": 1}
    assert now.retries == {1: 5, 2: 1}
    assert (now.live, now.state) == (5, "running")
    assert now.finished_by is not None
    assert now.finished_by > desk.clock.now()


@pytest.mark.capability("I12")
def test_attempts_that_never_rang_count_for_nothing(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone)
    desk.dialer.tick()
    desk.do(service.pause, campaign)
    desk.work()
    now = desk.do(progress, campaign)
    assert (now.outcomes, now.retries, now.live) == ({}, {}, 0)


@pytest.mark.capability("I12")
def test_an_order_that_the_carrier_did_not_take_was_no_dial(desk: Desk) -> None:
    phone = a_phone()
    campaign = desk.campaign(phone)

    def away(order: DialOrder) -> None:
        raise Retryable("503")

    desk.network.before = away
    desk.tick()
    assert desk.do(progress, campaign).retries == {}
    desk.do(service.pause, campaign)
    desk.wait(seconds=2)
    desk.work()
    assert desk.attempts(phone)[0].outcome == "not_dialed"
    assert desk.do(progress, campaign).retries == {}


def test_the_estimate_is_a_rule_of_three(desk: Desk) -> None:
    now = desk.clock.now()
    assert estimate(30, 10, timedelta(minutes=5), now) == now + timedelta(minutes=15)
    assert estimate(0, 10, timedelta(minutes=5), now) is None
    assert estimate(30, 0, timedelta(minutes=5), now) is None


def test_choosing_the_next_target_costs_the_same_however_large_the_campaign(desk: Desk) -> None:
    small, large = measure_choose(desk.database, [500, 20_000])
    assert large.median_ms < small.median_ms * 8  # forty times as many, on a machine that does other things too
    with desk.database.unit() as uow:
        assert uow.session.query(Campaign).count() == 0
