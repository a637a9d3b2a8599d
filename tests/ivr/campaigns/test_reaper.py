"""Calls that never end are found and closed, and their targets called again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.errors import Permanent, Retryable, UserError
from ivr.calls.model import CallState, FailureReason
from ivr.calls.status import StatusReport
from ivr.campaigns.reaper import LONGEST_CALL, LONGEST_QUEUE, QUIET_RING, QUIET_TALK, RING_SLACK, Reaper
from ivr.carriers.base import DialOrder
from tests.ivr.campaigns.desk import Desk, a_phone


@pytest.fixture
def reaper(desk: Desk) -> Reaper:
    return Reaper(desk.database, desk.calls, {"network": desk.network})


@pytest.mark.capability("I11")
def test_a_telephone_that_rings_for_ever_is_closed_and_the_target_retried(desk: Desk, reaper: Reaper) -> None:
    phone = a_phone()
    desk.campaign(phone, ring_seconds=40)
    desk.tick()
    desk.wait(minutes=3)  # the carrier held the order back
    desk.report(phone, CallState.RINGING)
    desk.clock.advance(timedelta(seconds=40) + RING_SLACK)
    assert reaper.reap() == 0
    desk.wait(seconds=1)
    assert reaper.reap() == 1
    assert desk.network.hung_up == ["CA1"]
    assert desk.call(phone).failure_reason == FailureReason.LOST
    target = desk.target(phone)
    assert (target.state, target.outcomes) == ("waiting", {"lost": 1})
    assert reaper.reap() == 0


@pytest.mark.capability("I11")
def test_a_carrier_that_is_away_for_long_costs_nobody_an_attempt(desk: Desk, reaper: Reaper) -> None:
    phone = a_phone()
    desk.campaign(phone)

    def away(order: DialOrder) -> None:
        raise Retryable("503")

    desk.network.before = away
    desk.tick()
    for _ in range(12):
        desk.wait(minutes=10)
        desk.work()
        assert reaper.reap() == 0
    desk.network.before = None
    desk.wait(minutes=10)
    desk.work()
    assert desk.dials() == {phone: 1}
    assert desk.target(phone).outcomes == {}


@pytest.mark.capability("I6", "I11")
def test_time_runs_from_ringing_not_from_queuing(desk: Desk, reaper: Reaper) -> None:
    phone = a_phone()
    desk.campaign(phone, ring_seconds=40)
    desk.tick()
    desk.clock.advance(LONGEST_QUEUE)
    assert reaper.reap() == 0
    desk.wait(seconds=1)
    assert reaper.reap() == 1


@pytest.mark.capability("I11")
def test_a_conversation_whose_end_we_never_heard_is_closed_and_keeps_its_answers(desk: Desk, reaper: Reaper) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.tick()
    desk.answer(phone)
    desk.press(phone, "2")
    desk.clock.advance(LONGEST_CALL)
    assert reaper.reap() == 0
    desk.wait(seconds=1)
    assert reaper.reap() == 1
    target = desk.target(phone)
    assert (target.disposition, target.outcomes) == ("started", {"lost": 1})
    assert target.resume_state is not None


@pytest.mark.capability("I11")
def test_a_call_the_carrier_cannot_end_now_stays_until_the_next_time(
    desk: Desk, reaper: Reaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [a_phone(), a_phone()]
    desk.campaign(*phones)
    desk.tick()
    desk.wait(hours=2)

    def hang_up(provider_ref: str) -> None:
        raise Retryable("503") if provider_ref == "CA1" else Permanent("no such call")

    monkeypatch.setattr(desk.network, "hang_up", hang_up)
    assert reaper.reap() == 1
    assert desk.call(phones[0]).ended_at is None
    assert desk.call(phones[1]).failure_reason == FailureReason.LOST


@pytest.mark.capability("I11")
def test_a_call_that_cannot_be_closed_keeps_no_other_from_being_closed(
    desk: Desk, reaper: Reaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [a_phone(), a_phone()]
    desk.campaign(*phones)
    desk.tick()
    desk.wait(hours=2)

    def status(provider_ref: str, now: datetime) -> None:
        if provider_ref == "CA1":
            raise UserError("The answer is not one that the carrier would give.")

    monkeypatch.setattr(desk.network, "status", status)
    assert reaper.reap() == 1
    assert desk.call(phones[0]).ended_at is None
    assert desk.call(phones[1]).failure_reason == FailureReason.LOST


@pytest.mark.capability("I11")
@pytest.mark.parametrize("answered", [False, True])
def test_a_lost_callback_is_made_up_for_by_asking_the_carrier(desk: Desk, reaper: Reaper, answered: bool) -> None:
    phone = a_phone()
    desk.campaign(phone, ring_seconds=40)
    desk.tick()
    if answered:
        desk.answer(phone)
        desk.press(phone, "2")
    quiet = QUIET_TALK if answered else timedelta(seconds=40) + QUIET_RING
    state, reason = (CallState.COMPLETED, None) if answered else (CallState.FAILED, FailureReason.BUSY)
    desk.network.statuses["CA1"] = StatusReport(state, desk.clock.now(), reason, provider_ref="CA1")
    desk.clock.advance(quiet)
    assert reaper.reap() == 0
    desk.wait(seconds=1)
    assert reaper.reap() == 1
    assert desk.target(phone).outcomes == ({"breakoff": 1} if answered else {"busy": 1})
    assert desk.network.hung_up == []


@pytest.mark.capability("I11")
def test_a_long_conversation_that_the_carrier_still_has_goes_on(desk: Desk, reaper: Reaper) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.tick()
    desk.answer(phone)
    desk.network.statuses["CA1"] = StatusReport(CallState.IN_PROGRESS, desk.clock.now(), provider_ref="CA1")
    desk.wait(minutes=30)
    assert reaper.reap() == 0
    assert desk.call(phone).ended_at is None
    assert desk.network.hung_up == []


def test_a_callback_that_comes_after_all_changes_nothing(desk: Desk, reaper: Reaper) -> None:
    phone = a_phone()
    desk.campaign(phone)
    desk.tick()
    desk.wait(hours=2)
    reaper.reap()
    before = desk.target(phone).outcomes
    desk.report(phone, CallState.COMPLETED)
    assert desk.target(phone).outcomes == before == {"lost": 1}


@pytest.mark.capability("I11")
def test_long_conversations_do_not_hide_a_call_that_is_over(desk: Desk, reaper: Reaper) -> None:
    talking = [a_phone() for _ in range(201)]
    desk.campaign(*talking, cap=300)
    for _ in range(3):
        desk.tick()
        desk.wait(seconds=1)
    for phone in talking:
        desk.answer(phone)
    desk.wait(minutes=30)
    silent = a_phone()
    desk.campaign(silent, ring_seconds=40)
    desk.tick()
    desk.report(silent, CallState.RINGING)
    desk.clock.advance(timedelta(seconds=41) + RING_SLACK)
    assert reaper.reap() == 1
    assert desk.call(silent).failure_reason == FailureReason.LOST
