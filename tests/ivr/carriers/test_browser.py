"""Calls from a browser: opened for nobody, and found when they were left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.clock import SimulatedClock
from core.database import Database
from core.errors import Permanent
from core.heartbeats import beat
from core.ids import new_id
from core.settings import Settings
from flows.catalogue import Library
from flows.engine.events import KeysPressed
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.campaigns.reaper import QUIET_TALK, Reaper
from ivr.carriers.base import DialOrder
from ivr.carriers.browser.carrier import BROWSER, BrowserCarrier
from ivr.carriers.browser.telephone import MADE_UP, BrowserTelephone
from ivr.lines.presence import FRESH
from ivr.lines.tickets import CallTicket, read_ticket
from ivr.media.turns import render
from tests.ivr.world import AT, started

TOLD = {"department": "CDC Thanh Hóa", "speech": ["ko"]}


@pytest.fixture
def telephone(calls: Calls, settings: Settings) -> BrowserTelephone:
    places = {"public_url": "https://cdc.example:443/console", "public_media_url": "wss://media.example/"}
    return BrowserTelephone(calls, lambda carrier: TOLD, settings.model_copy(update=places))


@pytest.fixture
def dial(database: Database, telephone: BrowserTelephone, library: Library) -> Callable[..., Call]:
    def open_call(language: str = "vi") -> Call:
        with database.unit() as uow:
            return telephone.open(uow, library.script("check-in"), language, MADE_UP, "38.380")

    return open_call


@pytest.fixture
def reaper(database: Database, calls: Calls) -> Reaper:
    return Reaper(database, calls, {BROWSER: BrowserCarrier(database)})


def now_of(database: Database, call: Call) -> Call:
    with database.unit() as uow:
        return uow.session.get_one(Call, call.id)


def talks(database: Database, calls: Calls, call: Call) -> None:
    """Somebody has answered a question."""
    with database.unit() as uow:
        calls.take_turn(uow, call.id, 0, started(), render)
        calls.take_turn(uow, call.id, 1, KeysPressed(AT, "1", finished=True), render)


@pytest.mark.capability("C7")
def test_a_call_belongs_to_nobody_and_is_told_of_somebody_made_up(dial: Callable[..., Call]) -> None:
    call = dial()
    assert (call.person_id, call.campaign_id, call.target_id, call.remote_number) == (None, None, None, "")
    assert (call.carrier, call.area, call.direction) == ("browser", "38.380", "outbound")
    assert call.context["person"] == {"name": "Nguyễn Thị Thử", "birth_year": 1990}
    assert (call.context["speech"], call.context["today"]) == (["ko"], "2026-11-23")


def test_its_ticket_lets_its_line_in_with_captions(
    database: Database, telephone: BrowserTelephone, dial: Callable[..., Call]
) -> None:
    call = dial()
    with database.unit() as uow:
        given = telephone.ticket(uow, call)
    assert read_ticket(given["ticket"]) == CallTicket(call.id, captions=True)
    assert (given["url"], telephone.origin) == ("wss://media.example/line", "https://cdc.example")


def test_while_the_usual_media_process_is_away_a_line_is_sent_to_another(
    database: Database, telephone: BrowserTelephone, dial: Callable[..., Call]
) -> None:
    call = dial()
    with database.unit() as uow:
        beat(uow, "media", "media@two:1", {"address": "wss://second.example"})
        assert telephone.ticket(uow, call)["url"] == "wss://second.example/line"
        beat(uow, "media", "media@one:1", {"address": "wss://media.example"})
        assert telephone.ticket(uow, call)["url"] == "wss://media.example/line"


@pytest.mark.capability("I11")
def test_a_call_whose_line_was_lost_a_moment_ago_is_not_closed_yet(
    database: Database, clock: SimulatedClock, calls: Calls, dial: Callable[..., Call], reaper: Reaper
) -> None:
    call = dial()
    talks(database, calls, call)
    clock.advance(QUIET_TALK + timedelta(seconds=1))
    with database.unit() as uow:
        beat(uow, "media", "media@one:1", {"up": [], "awaited": [str(call.id)]})
    assert reaper.reap() == 0


@pytest.mark.capability("I11")
def test_a_call_whose_media_process_died_is_closed(
    database: Database, clock: SimulatedClock, calls: Calls, dial: Callable[..., Call], reaper: Reaper
) -> None:
    call = dial()
    talks(database, calls, call)
    clock.advance(QUIET_TALK + timedelta(seconds=1))
    with database.unit() as uow:
        beat(uow, "media", "media@one:1", {"up": [str(new_id()), str(call.id)]})
    assert reaper.reap() == 0  # a long question, or the wait for a doctor
    clock.advance(FRESH + timedelta(seconds=1))
    assert reaper.reap() == 1
    closed = now_of(database, call)
    assert (closed.state, closed.failure_reason) == (CallState.FAILED, FailureReason.LOST)
    assert reaper.reap() == 0


@pytest.mark.capability("I11")
def test_a_call_whose_page_never_connected_is_closed(
    database: Database, clock: SimulatedClock, dial: Callable[..., Call], reaper: Reaper
) -> None:
    call = dial()
    clock.advance(timedelta(seconds=60))
    assert reaper.reap() == 0
    clock.advance(timedelta(seconds=60))
    assert reaper.reap() == 1
    assert now_of(database, call).ended_at is not None


def test_nobody_dials_a_browser(database: Database, clock: SimulatedClock) -> None:
    order = DialOrder(new_id(), "+84912345678", 30, clock.now())
    carrier = BrowserCarrier(database)
    with pytest.raises(Permanent):
        carrier.place(order)
    assert carrier.find(order, ()) is None
