"""Who rings our number once is called back at our cost; whoever rings with somebody else's number gets little of it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from ivr.calls.model import CallState, FailureReason
from ivr.campaigns.missed_calls import answer_missed_call
from ivr.campaigns.model import DoNotCall
from ivr.campaigns.standing import prepare_standing
from tests.ivr.campaigns.desk import Desk, a_phone
from tests.ivr.campaigns.test_rang_back import Ringing

NIGHT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # three o'clock in the morning
MORNING = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.fixture
def hotline(interview_desk: Desk) -> Desk:
    interview_desk.do(prepare_standing, "network", "Asia/Ho_Chi_Minh")
    return interview_desk


def ring_once(desk: Desk, phone: str, **changes: Any) -> bool:
    values = {"script": "missed-call", "language": "vi", "countries": {"VN"}, "most_per_hour": 100, **changes}
    answered: bool = desk.do(answer_missed_call, phone, **values)
    return answered


@pytest.mark.capability("I13", "N6", "I3")
def test_a_report_that_was_broken_off_is_not_gone_on_with_by_whoever_picks_up_next(hotline: Desk) -> None:
    """Invariant 4: another person would answer the second half of somebody's symptoms."""
    phone = a_phone()
    ring_once(hotline, phone)
    hotline.tick()
    hotline.answer(phone)
    for digits in ("1", "1", "2"):  # Vietnamese; agrees; no danger sign
        hotline.press(phone, digits)
    assert hotline.call(phone).script == "symptom-report"
    hotline.report(phone, CallState.COMPLETED)
    assert hotline.target(phone).resume_state is None
    ring_once(hotline, phone)
    hotline.tick()
    hotline.answer(phone)
    assert (hotline.call(phone).script, hotline.answers(phone)) == ("missed-call", {})
    hotline.press(phone, "1")
    assert hotline.asked(phone) == "consent"


@pytest.mark.capability("I13")
@pytest.mark.parametrize(
    "end",
    [
        lambda desk, phone: desk.fail(phone, FailureReason.NO_ANSWER),
        lambda desk, phone: desk.fail(phone, FailureReason.REJECTED),
        lambda desk, phone: (desk.answer(phone), desk.report(phone, CallState.COMPLETED)),
    ],
    ids=["does not answer", "rejects it", "hangs up on the robot"],
)
def test_a_telephone_that_somebody_else_made_us_ring_is_not_rung_again(hotline: Desk, end: Any) -> None:
    phone = a_phone()
    ring_once(hotline, phone)
    hotline.tick()
    end(hotline, phone)
    hotline.wait(minutes=59)
    hotline.tick()
    assert hotline.dials() == {phone: 1}


@pytest.mark.capability("I13", "I2")
def test_a_telephone_that_was_busy_is_tried_again(hotline: Desk) -> None:
    phone = a_phone()
    ring_once(hotline, phone)
    hotline.tick()
    hotline.fail(phone, FailureReason.BUSY)
    hotline.wait(minutes=1)
    hotline.tick()
    assert hotline.dials() == {phone: 2}


@pytest.mark.capability("I13", "I4")
def test_nobody_has_a_stranger_rung_at_three_in_the_morning(hotline: Desk) -> None:
    stranger, patient = a_phone(), a_phone()
    hotline.clock.set(NIGHT)
    ring_once(hotline, stranger)
    ring_once(hotline, patient, known=True)
    hotline.tick()
    assert hotline.network.numbers == [patient]
    assert hotline.target(stranger).next_at == MORNING
    hotline.clock.set(MORNING)
    hotline.tick()
    assert hotline.network.numbers == [patient, stranger]


@pytest.mark.capability("I13")
def test_however_many_numbers_ring_no_more_are_called_in_an_hour_than_the_settings_say(
    hotline: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "ivr.campaigns.missed_calls"):
        answered = [ring_once(hotline, a_phone(), most_per_hour=3) for _ in range(6)]
    assert answered == [True, True, True, False, False, False]
    assert [record.getMessage() for record in caplog.records] == ["event=missed_calls_full per_hour=3"]
    hotline.wait(hours=1)
    assert ring_once(hotline, a_phone(), most_per_hour=3)


@pytest.mark.capability("I13", "I7")
def test_who_did_not_ring_presses_nine_and_is_never_called_again(hotline: Desk) -> None:
    phone = a_phone()
    ring_once(hotline, phone)
    hotline.tick()
    hotline.answer(phone)
    hotline.press(phone, "9")
    assert hotline.call(phone).end_reason == "opted_out"
    assert hotline.target(phone).disposition == "refused"
    hotline.wait(days=2)
    assert not ring_once(hotline, phone)


@pytest.mark.capability("I7")
def test_a_withheld_number_is_not_barred_as_a_number_and_the_caller_hears_so(hotline: Desk) -> None:
    ringing = Ringing(hotline, "", "missed-call")
    ringing.press("9")
    assert "không ghi lại số được" in ringing.said
    with hotline.database.unit() as uow:
        assert uow.session.scalars(select(DoNotCall)).all() == []


@pytest.mark.capability("N1")
def test_the_script_is_told_of_the_line_that_dials_not_of_the_one_that_was_rung(hotline: Desk) -> None:
    """A line that hears keys only must not ask for words, whatever line the person rang."""
    phone = a_phone()
    ring_once(hotline, phone)
    with hotline.database.unit() as uow:
        target = uow.session.merge(hotline.target(phone))
        target.context = {"speech": ["vi", "ko"], "today": "2026-11-22", "entry": "7"}
    hotline.dialer._told = lambda carrier: {"speech": []}
    hotline.tick()
    context = hotline.call(phone).context
    assert (context["speech"], context["today"], context["entry"]) == ([], "2026-11-23", "7")
