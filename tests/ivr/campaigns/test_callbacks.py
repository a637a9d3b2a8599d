"""Calls that are owed to one person: the doctor calls back, the queue calls in turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.errors import Retryable, UserError
from ivr.calls.model import CallState, FailureReason
from ivr.campaigns import service
from ivr.campaigns.callbacks import CallbackStatus, call_back, call_off, callback_status
from ivr.campaigns.model import CampaignKind
from ivr.campaigns.settle import add_do_not_call
from ivr.campaigns.standing import prepare_standing, standing_campaign
from ivr.carriers.base import DialOrder
from tests.ivr.campaigns.desk import Desk, a_phone


@pytest.fixture(autouse=True)
def _standing(desk: Desk) -> None:
    desk.do(prepare_standing, "network", "Asia/Ho_Chi_Minh")


def ask(desk: Desk, phone: str, **changes: Any) -> UUID:
    values = {"script": "check-in", "phone": phone, "language": "vi", "context": {"room": "queue:7"}, **changes}
    target_id: UUID = desk.do(call_back, **values)
    return target_id


def status(desk: Desk, target_id: UUID) -> CallbackStatus:
    found: CallbackStatus = desk.do(callback_status, target_id)
    return found


@pytest.mark.capability("N9")
def test_who_asked_for_it_sees_a_call_back_ring_be_answered_and_end(desk: Desk) -> None:
    phone = a_phone()
    asked = ask(desk, phone, area="38.380")
    assert status(desk, asked) == CallbackStatus("waiting", None, 0, desk.clock.now(), None)
    desk.dialer.tick()
    assert status(desk, asked).state == "dialing"
    desk.work()
    assert status(desk, asked).state == "dialing"
    call = desk.call(phone)
    assert (call.script, call.area, call.context["room"]) == ("check-in", "38.380", "queue:7")
    desk.report(phone, CallState.RINGING)
    assert status(desk, asked).state == "ringing"
    desk.answer(phone)
    assert status(desk, asked).state == "answered"
    desk.press(phone, "2")
    desk.press(phone, "4")
    assert status(desk, asked) == CallbackStatus("done", "completed", 1, None, call.id)
    desk.wait(days=1)
    desk.tick()
    assert desk.dials() == {phone: 1}


@pytest.mark.capability("N9", "I2")
@pytest.mark.parametrize(("failure", "word"), [(FailureReason.BUSY, "busy"), (FailureReason.NO_ANSWER, "no_answer")])
def test_a_call_back_tries_again_soon_and_says_when_it_gave_up(desk: Desk, failure: FailureReason, word: str) -> None:
    phone = a_phone()
    asked = ask(desk, phone)
    states = []
    for _ in range(5):
        desk.tick()
        desk.fail(phone, failure)
        states.append(status(desk, asked).state)
        assert status(desk, asked).outcome == word
        if states[-1] == "gave_up":
            break
        assert status(desk, asked).next_at <= desk.clock.now() + timedelta(minutes=15)
        desk.wait(minutes=15)
    assert states[-1] == "gave_up"
    assert len(states) >= 4


@pytest.mark.capability("N9")
def test_a_call_back_is_made_at_night_too(desk: Desk) -> None:
    desk.clock.set(datetime(2026, 11, 23, 19, 30, tzinfo=UTC))  # half past two in the morning
    phone = a_phone()
    ask(desk, phone)
    desk.tick()
    assert desk.network.numbers == [phone]


@pytest.mark.capability("N9", "N13")
def test_the_next_free_line_is_for_whom_we_owe_a_call_not_for_the_next_of_ten_thousand(desk: Desk) -> None:
    tracing = [a_phone() for _ in range(40)]
    desk.campaign(*tracing, name="large")
    desk.campaign(*[a_phone() for _ in range(40)], name="small")
    desk.dialer._lines = 4
    desk.tick()
    assert len(desk.network.dialed) == 4
    patients = [a_phone(), a_phone()]
    for patient in patients:
        ask(desk, patient)
    desk.tick()
    assert len(desk.network.dialed) == 4  # every line is in use
    for phone in desk.network.numbers[:2]:
        desk.complete(phone)
    desk.tick()
    assert desk.network.numbers[4:] == patients


@pytest.mark.capability("I7", "N9")
def test_who_wants_no_robots_and_asks_for_a_doctor_gets_the_call_of_the_doctor_only(desk: Desk) -> None:
    phone = a_phone()
    desk.do(add_do_not_call, phone, "opt_out")
    desk.campaign(phone)
    asked = ask(desk, phone)
    desk.tick()
    assert [order.call_id for order in desk.network.dialed] == [status(desk, asked).call_id]
    desk.fail(phone, FailureReason.BUSY)
    assert status(desk, asked).state == "waiting"


@pytest.mark.capability("N9")
def test_one_person_may_be_owed_two_calls_which_are_made_one_after_the_other(desk: Desk) -> None:
    phone, person = a_phone(), uuid4()
    first, second = ask(desk, phone, person_id=person), ask(desk, phone, person_id=person)
    desk.tick()
    desk.tick()
    assert desk.dials() == {phone: 1}
    desk.complete(phone)
    desk.tick()
    desk.complete(phone)
    assert [status(desk, asked).state for asked in (first, second)] == ["done", "done"]


@pytest.mark.capability("I5", "N9")
def test_after_its_last_moment_a_call_back_is_given_up(desk: Desk) -> None:
    phone = a_phone()
    asked = ask(desk, phone, not_after=desk.clock.now() + timedelta(minutes=10))
    desk.do(service.pause, desk.do(standing_campaign, CampaignKind.CALL_BACK).id)
    desk.wait(minutes=10)
    desk.do(service.resume, desk.do(standing_campaign, CampaignKind.CALL_BACK).id)
    desk.tick()
    assert desk.network.dialed == []
    assert status(desk, asked).state == "gave_up"


@pytest.mark.capability("I5", "N9")
def test_a_retry_after_the_last_moment_is_not_planned(desk: Desk) -> None:
    phone = a_phone()
    asked = ask(desk, phone, not_after=desk.clock.now() + timedelta(seconds=30))
    desk.tick()
    desk.fail(phone, FailureReason.BUSY)
    assert status(desk, asked).state == "gave_up"


def test_a_call_that_is_not_wanted_any_more_is_not_made(desk: Desk) -> None:
    phone, ringing = a_phone(), a_phone()
    asked = ask(desk, ringing)
    desk.tick()
    assert desk.do(call_off, asked) is False  # it is just being made
    later = ask(desk, phone)
    assert desk.do(call_off, later) is True
    desk.tick()
    assert desk.dials() == {ringing: 1}
    assert status(desk, later).state == "called_off"


@pytest.mark.capability("N9")
def test_a_call_that_is_just_to_be_dialed_can_still_be_called_off(desk: Desk) -> None:
    """The doctor has reached the patient meanwhile: no robot rings to say that a doctor waits."""
    phone, behind = a_phone(), a_phone()
    asked, later = ask(desk, phone), ask(desk, behind)

    def away(order: DialOrder) -> None:
        raise Retryable("503")

    desk.network.before = away
    desk.tick()  # one order came back from the carrier, with a call opened for it
    desk.dialer.tick()
    assert desk.do(call_off, asked) is True
    assert status(desk, asked).state == "called_off"
    desk.network.before = None
    desk.wait(minutes=2)
    desk.work()
    assert (desk.target(phone).state, status(desk, asked).state) == ("done", "called_off")
    assert desk.call(phone).ended_at is not None
    assert desk.dials() == {behind: 1}
    assert desk.do(call_off, later) is False  # that one is being made


def test_a_script_that_is_gone_costs_only_its_own_call(desk: Desk) -> None:
    lost, phone = ask(desk, a_phone(), script="removed"), a_phone()
    ask(desk, phone)
    desk.tick()
    assert desk.network.numbers == [phone]
    assert status(desk, lost).state == "gave_up"
    assert desk.do(standing_campaign, CampaignKind.CALL_BACK).state == "running"


@pytest.mark.capability("I10")
@pytest.mark.parametrize("step", [service.abort, service.finish])
def test_nobody_ends_the_calls_that_are_owed(desk: Desk, step: Any) -> None:
    campaign = desk.do(standing_campaign, CampaignKind.CALL_BACK).id
    with pytest.raises(UserError, match="owed to people"):
        desk.do(step, campaign)
    desk.tick()  # and having nobody to call does not finish them
    assert desk.state(campaign) == "running"


def test_the_standing_campaigns_are_made_once_and_dial_as_the_settings_say(desk: Desk) -> None:
    before = desk.do(standing_campaign, CampaignKind.CALL_BACK)
    desk.do(prepare_standing, "sip", "Asia/Seoul")
    after = desk.do(standing_campaign, CampaignKind.CALL_BACK)
    assert (after.id, after.carrier, after.zone) == (before.id, "sip", "Asia/Seoul")


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"phone": ""}, "withheld"), ({"not_after": datetime(2026, 11, 23, 3, 0, tzinfo=UTC)}, "has passed")],
)
def test_what_cannot_be_called_back_is_refused(desk: Desk, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        ask(desk, **{"phone": a_phone(), **changes})


def test_a_call_back_that_does_not_exist_is_said_to_be_missing(desk: Desk) -> None:
    with pytest.raises(UserError, match="no such call back"):
        status(desk, uuid4())
