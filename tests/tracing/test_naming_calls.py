"""A case is called, or rings, and keys in whom they met (N11): what was confirmed is kept, once, and nothing before we
know who is speaking."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import redis
from sqlalchemy import select

from core.clock import SimulatedClock
from core.database import Database
from flows.catalogue import Library
from flows.engine.events import CallStarted, Event, KeysPressed, NothingHeard, VoiceMessage
from tests.conftest import NOW
from tests.ivr.campaigns.desk import as_bytes
from tests.tracing.naming import AN, ASKED, BORN, LAN, MINH, PLAN, NamingDesk, case_of, naming_calls, somebody
from tracing import days
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.venues.model import NamedContact
from tracing.venues.naming import MOST_NAMED, callable_number
from tracing.venues.proposals import find_for
from tracing.venues.taking import Choice, call_case, take

USER = UUID(int=7)


@pytest.fixture
def desk(database: Database, clock: SimulatedClock, library: Library, redis_client: redis.Redis) -> NamingDesk:
    return NamingDesk(database, clock, naming_calls(library), redis_client)


@pytest.fixture
def an(database: Database) -> UUID:
    """An, a confirmed case who fell ill two days ago; the case."""
    with database.unit() as uow:
        onset = days.today(uow) - timedelta(days=2)
    return case_of(database, somebody(database, "Nguyễn Văn An", AN), onset=onset)


def ask(desk: NamingDesk, case_id: UUID) -> None:
    """The case is called from its page."""
    with desk.database.unit() as uow:
        call_case(uow, uow.session.get_one(Case, case_id), by=USER, plan=ASKED)
    desk.tick()


def named(database: Database, case_id: UUID) -> dict[str, NamedContact]:
    with database.unit() as uow:
        found = uow.session.scalars(select(NamedContact).where(NamedContact.case_id == case_id))
        return {each.phone: each for each in found}


@pytest.mark.capability("N11")
def test_a_case_keys_in_two_numbers_and_when_they_met(desk: NamingDesk, an: UUID) -> None:
    ask(desk, an)
    desk.talk(AN, "1", BORN, "1", "0987111222", "1", "0", "1", "0903444555", "1", "3", "2")
    kept = named(desk.database, an)
    call = desk.call(AN)
    assert kept.keys() == {LAN, MINH}
    with desk.database.unit() as uow:
        today = days.today(uow)
    assert (kept[LAN].met_on, kept[MINH].met_on) == (today, today - timedelta(days=3))
    assert {each.call_id for each in kept.values()} == {call.id}
    assert (kept[LAN].turn, kept[MINH].turn) == (5, 9)
    assert call.end_reason == "completed"


@pytest.mark.capability("N11")
@pytest.mark.parametrize("stop_after", range(1, 11))
def test_who_hangs_up_at_any_moment_has_told_what_was_confirmed_until_then(
    desk: NamingDesk, an: UUID, stop_after: int
) -> None:
    ask(desk, an)
    pressed = ["1", BORN, "1", "0987111222", "1", "0", "1", "0903444555", "1", "3"]
    desk.talk(AN, *pressed[:stop_after])
    desk.hang_up(AN)
    confirmed = [LAN] * (stop_after >= 5) + [MINH] * (stop_after >= 9)
    assert sorted(named(desk.database, an)) == sorted(confirmed)


@pytest.mark.capability("N11")
def test_the_same_number_twice_is_kept_once_and_their_own_not_at_all(desk: NamingDesk, an: UUID) -> None:
    ask(desk, an)
    desk.talk(AN, "1", BORN, "1", "0987111222", "1", "99", "1", "84987111222", "1", "1", "0912345678", "1")
    assert desk.asked(AN) == "number"
    assert {"again", "own"} <= set(desk.steps(AN))
    kept = named(desk.database, an)
    assert kept.keys() == {LAN}
    assert kept[LAN].met_on is None


@pytest.mark.capability("N11")
@pytest.mark.parametrize(
    ("keyed", "callable_"),
    [
        ("0987111222", LAN),
        ("84987111222", LAN),
        ("02373850115", "+842373850115"),
        ("0012345678", None),
        ("0999999", None),
        ("+18765432101", None),
        ("1900545415", None),
    ],
)
def test_only_telephones_in_viet_nam_are_numbers_of_people(keyed: str, callable_: str | None) -> None:
    assert callable_number(keyed) == callable_


def test_nobody_is_asked_for_ever_after_numbers_that_cannot_be(desk: NamingDesk, an: UUID) -> None:
    ask(desk, an)
    desk.talk(AN, "1", BORN, "1", *["0123456789", "1"] * 3)
    assert desk.call(AN).end_reason == "completed"
    assert named(desk.database, an) == {}


def test_a_case_with_very_many_numbers_is_thanked(desk: NamingDesk, an: UUID) -> None:
    with desk.database.unit() as uow:
        for n in range(MOST_NAMED):
            uow.session.add(NamedContact(case_id=an, phone=f"+8490300{n:04d}", said_at=uow.now()))
    ask(desk, an)
    desk.talk(AN, "1", BORN, "1", "0987111222", "1")
    assert "enough" in desk.steps(AN)
    assert len(named(desk.database, an)) == MOST_NAMED


@pytest.mark.capability("N6")
@pytest.mark.parametrize("pressed", [["1", "1990", "1991"], ["2", "3"], ["2", "2"], ["9"]])
def test_whoever_is_not_the_case_hears_nothing_of_it_and_leaves_no_number(
    desk: NamingDesk, an: UUID, pressed: list[str]
) -> None:
    ask(desk, an)
    desk.talk(AN, *pressed)
    assert "why" not in desk.steps(AN)
    assert desk.call(AN).ended_at is not None
    assert named(desk.database, an) == {}


@pytest.mark.capability("N11")
def test_the_network_repeating_a_turn_keeps_a_number_once(desk: NamingDesk, an: UUID) -> None:
    ask(desk, an)
    desk.talk(AN, "1", BORN, "1", "0987111222")
    call = desk.call(AN)
    event = KeysPressed(desk.clock.now().isoformat(), "1", finished=True)
    for _ in range(3):
        with desk.database.unit() as uow:
            desk.calls.take_turn(uow, call.id, call.next_turn, event, as_bytes)
    assert named(desk.database, an).keys() == {LAN}
    assert desk.asked(AN) == "when_met"


def test_who_is_no_case_any_more_is_asked_no_numbers(desk: NamingDesk, an: UUID) -> None:
    ask(desk, an)
    desk.talk(AN, "1", BORN, "1")
    with desk.database.unit() as uow:
        uow.session.get_one(Case, an).by_hand = "not_a_case"
    desk.press(AN, "0987111222")
    desk.press(AN, "1")
    assert desk.call(AN).end_reason == "completed"
    assert named(desk.database, an) == {}


def dial_in(desk: NamingDesk, number: str) -> UUID:
    """Somebody rings the hotline from this number and hears what it offers."""
    with desk.database.unit() as uow:
        call = desk.calls.open(
            uow, direction="inbound", carrier="twilio", remote_number=number, script="rang-back", language="vi",
            context={"department": {"vi": "CDC", "en": "CDC", "ko": "CDC"}, "hotline": "+842373850115",
                     "today": "2026-11-23"},
        )  # fmt: skip
    with desk.database.unit() as uow:
        desk.calls.take_turn(uow, call.id, 0, CallStarted(uow.now().isoformat(), "human"), as_bytes)
    return call.id


@pytest.mark.capability("N11")
def test_a_case_who_rings_the_hotline_tells_whom_they_met(desk: NamingDesk, an: UUID) -> None:
    dial_in(desk, AN)
    desk.press(AN, "1")
    desk.press(AN, "4")
    assert desk.call(AN).script == "name-contacts"
    assert desk.asked(AN) == "reach-person/who"
    for digits in ("1", BORN, "1", "0987111222", "1", "1", "2"):
        desk.press(AN, digits)
    assert named(desk.database, an).keys() == {LAN}


def test_a_telephone_of_no_case_is_offered_the_same_and_told_that_there_is_nothing(desk: NamingDesk) -> None:
    somebody(desk.database, "Lê Thị Lan", LAN)
    dial_in(desk, LAN)
    desk.press(LAN, "1")
    desk.press(LAN, "4")
    assert "none_asked" in desk.steps(LAN)
    assert desk.asked(LAN) == "wish"


def without_a_name(desk: NamingDesk, an: UUID) -> UUID:
    """Lan's number was keyed in and taken: a person without a name, who is called."""
    with desk.database.unit() as uow:
        uow.session.add(NamedContact(case_id=an, phone=LAN, said_at=uow.now()))
    with desk.database.unit() as uow:
        case = uow.session.get_one(Case, an)
        findings = find_for(uow, case, None)
        take(uow, case, findings, [Choice(findings.open[0].key)], by=USER, plan=PLAN)
    desk.tick()
    with desk.database.unit() as uow:
        person = uow.session.scalars(select(Person).where(Person.phone == LAN)).one()
        assert (person.name, person.birth_year) == ("", None)
        return person.id


def birth_year(desk: NamingDesk, person_id: UUID) -> int | None:
    with desk.database.unit() as uow:
        return uow.session.get_one(Person, person_id).birth_year


@pytest.mark.capability("N6")
@pytest.mark.parametrize("name", [VoiceMessage(NOW.isoformat(), "name", 2.0), NothingHeard(NOW.isoformat())])
def test_whoever_has_no_name_says_whose_number_it_is_and_the_first_birth_year_counts(
    desk: NamingDesk, an: UUID, name: Event
) -> None:
    """Who would rather not say a name is not pressed."""
    person_id = without_a_name(desk, an)
    desk.answer(LAN)
    assert desk.asked(LAN) == "reach-person/own_number"
    desk.press(LAN, "1")
    assert desk.asked(LAN) == "reach-person/own_name"
    desk.take(LAN, name)
    desk.press(LAN, "1990")
    assert "why" in desk.steps(LAN)
    assert birth_year(desk, person_id) == 1990


@pytest.mark.capability("N6")
@pytest.mark.parametrize("pressed", [["2", "2"], ["9"], ["7", "7", "7"]])
def test_whoever_does_not_use_the_number_themselves_hears_nothing_of_an_illness(
    desk: NamingDesk, an: UUID, pressed: list[str]
) -> None:
    person_id = without_a_name(desk, an)
    desk.talk(LAN, *pressed)
    assert "why" not in desk.steps(LAN)
    assert birth_year(desk, person_id) is None


def test_a_birth_year_on_file_is_never_written_over_by_a_call(desk: NamingDesk, an: UUID) -> None:
    lan = somebody(desk.database, "Lê Thị Lan", LAN, born=None)
    with desk.database.unit() as uow:
        uow.session.add(NamedContact(case_id=an, phone=LAN, said_at=uow.now()))
    with desk.database.unit() as uow:
        case = uow.session.get_one(Case, an)
        findings = find_for(uow, case, None)
        take(uow, case, findings, [Choice(findings.open[0].key, lan)], by=USER, plan=PLAN)
    desk.tick()
    desk.talk(LAN, "1", "1990")
    assert "why" in desk.steps(LAN)
    assert birth_year(desk, lan) is None
