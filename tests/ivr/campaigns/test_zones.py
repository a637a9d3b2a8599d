"""Calling hours are those of the person called, wherever the campaign is planned (I4)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from core.errors import UserError
from core.phones import zone_of_number
from ivr.calls.model import FailureReason
from ivr.campaigns import service
from ivr.campaigns.model import Campaign
from ivr.campaigns.outlook import Hold, Outlook, outlook
from tests.ivr.campaigns.desk import Desk, a_phone

SEOUL, BERLIN = "+821012345678", "+4915111212345"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def campaign_with(desk: Desk, *targets: service.NewTarget, **plan: object) -> UUID:
    campaign = desk.campaign(running=False, **plan)
    desk.do(service.add_targets, campaign, targets)
    desk.do(service.start, campaign)
    return campaign


def seen(desk: Desk, campaign: UUID, lines: int | None = None) -> Outlook:
    with desk.database.unit() as uow:
        return outlook(uow, uow.session.get_one(Campaign, campaign), lines)


@pytest.mark.capability("I4")
@pytest.mark.parametrize(
    ("moment", "called"),
    [
        ("2026-11-23T23:30", ["Seoul"]),  # 06:30 in Vietnam, 08:30 in Korea
        ("2026-11-24T03:00", ["Hanoi", "Seoul"]),
        ("2026-11-24T12:00", ["Hanoi"]),  # 19:00 in Vietnam, 21:00 in Korea
        ("2026-11-24T13:00", []),
    ],
)
def test_a_number_abroad_is_called_in_the_hours_of_its_country(desk: Desk, moment: str, called: list[str]) -> None:
    home = "+84912345678"
    names = {home: "Hanoi", SEOUL: "Seoul"}
    desk.clock.set(utc("2026-11-23T20:00"))
    campaign_with(desk, service.NewTarget(home, "vi"), service.NewTarget(SEOUL, "ko"))
    desk.clock.set(utc(moment))
    desk.tick()
    assert sorted(names[number] for number in desk.network.numbers) == called


@pytest.mark.capability("I4")
def test_where_a_person_is_known_to_be_counts_more_than_the_number(desk: Desk) -> None:
    desk.clock.set(utc("2026-11-23T03:00"))  # ten in Hanoi, four in Berlin
    phone = "+84912345678"
    campaign = campaign_with(desk, service.NewTarget(phone, "vi", zone="Europe/Berlin"))
    desk.tick()
    assert desk.network.dialed == []
    assert seen(desk, campaign) == Outlook(1, None, (Hold.OUTSIDE_HOURS,), utc("2026-11-23T07:00"))
    desk.clock.set(utc("2026-11-23T07:00"))
    desk.tick()
    assert desk.network.numbers == [phone]


@pytest.mark.capability("I4")
def test_a_retry_waits_for_the_morning_of_the_person_called(desk: Desk) -> None:
    desk.clock.set(utc("2026-11-23T10:50"))  # 19:50 in Korea
    campaign_with(desk, service.NewTarget(SEOUL, "ko"))
    desk.tick()
    desk.fail(SEOUL, FailureReason.NO_ANSWER)
    assert desk.target(SEOUL).next_at == utc("2026-11-23T23:00")


@pytest.mark.capability("I4")
def test_the_hours_of_the_person_called_are_checked_again_when_the_job_runs(desk: Desk) -> None:
    desk.clock.set(utc("2026-11-23T10:59"))
    campaign_with(desk, service.NewTarget(SEOUL, "ko"))
    desk.dialer.tick()
    desk.wait(minutes=1)
    desk.work()
    assert desk.network.dialed == []
    assert desk.target(SEOUL).next_at == utc("2026-11-23T23:00")


@pytest.mark.capability("I4")
@pytest.mark.parametrize(
    ("evening", "morning"),
    [("2026-10-24T17:30", "2026-10-25T07:00"), ("2026-03-28T18:30", "2026-03-29T06:00")],
    ids=["the clocks go back", "the clocks go forward"],
)
def test_the_morning_after_a_change_of_clocks_begins_at_eight_there(desk: Desk, evening: str, morning: str) -> None:
    """In Berlin eight o'clock is 06:00 UTC in summer, 07:00 in winter."""
    desk.clock.set(utc(evening))  # half past seven there
    campaign_with(desk, service.NewTarget(BERLIN, "en"), retries={"no_answer": "1h"})
    desk.tick()
    desk.fail(BERLIN, FailureReason.NO_ANSWER)
    assert desk.target(BERLIN).next_at == utc(morning)
    desk.clock.set(utc(morning) - timedelta(seconds=1))
    desk.tick()
    assert desk.dials() == {BERLIN: 1}
    desk.wait(seconds=1)
    desk.tick()
    assert desk.dials() == {BERLIN: 2}


@pytest.mark.capability("I4")
def test_a_window_until_midnight_ends_at_midnight_of_the_person_called(desk: Desk) -> None:
    desk.clock.set(utc("2026-11-23T14:59"))  # 23:59 in Korea
    campaign_with(desk, service.NewTarget(SEOUL, "ko"), window_until=time(0))
    desk.dialer.tick()
    desk.wait(minutes=1)
    desk.work()
    assert desk.network.dialed == []
    assert desk.target(SEOUL).next_at == utc("2026-11-23T23:00")


def test_a_zone_that_nobody_knows_is_refused(desk: Desk) -> None:
    with pytest.raises(UserError, match="no time zone"):
        campaign_with(desk, service.NewTarget(a_phone(), "vi", zone="Mars/Olympus"))


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+84912345678", "Asia/Ho_Chi_Minh"),
        (SEOUL, "Asia/Seoul"),
        (BERLIN, "Europe/Berlin"),
        ("+12125551234", "America/New_York"),
        ("+18005551234", None),  # anywhere in North America
    ],
)
def test_the_zone_of_a_number(number: str, zone: str | None) -> None:
    assert zone_of_number(number) == zone


@pytest.mark.capability("I4", "I6", "I10")
def test_the_outlook_says_why_somebody_waits(desk: Desk) -> None:
    phones = [f"+8491234567{n}" for n in range(3)]
    campaign = campaign_with(desk, *[service.NewTarget(phone, "vi") for phone in phones], cap=1, pace=0.5)
    assert seen(desk, campaign).holds == ()
    desk.tick()
    assert seen(desk, campaign) == Outlook(2, None, (Hold.CAP,), None)
    with desk.database.unit() as uow:
        uow.session.get_one(Campaign, campaign).cap = 2
    assert seen(desk, campaign, lines=1).holds == (Hold.LINES,)
    desk.do(service.pause, campaign)
    assert seen(desk, campaign).holds == (Hold.PAUSED,)
    desk.do(service.resume, campaign)
    desk.fail(phones[0], FailureReason.BUSY)
    later = desk.target(phones[0]).next_at
    assert seen(desk, campaign) == Outlook(2, later, (), None)
    with desk.database.unit() as uow:
        uow.session.get_one(Campaign, campaign).cap = 10
    desk.do(service.add_targets, campaign, [service.NewTarget(a_phone(), "vi") for _ in range(3)])
    desk.dialer.tick()
    assert seen(desk, campaign).holds == (Hold.PACE,)
