"""What people answer stands in records: typed, traceable to call, turn and decision, and never under a wrong name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.clock import SimulatedClock
from core.database import Database
from flows.catalogue import Library
from flows.engine.actions import Action
from flows.engine.events import CallStarted, Event, Hypothesis, KeysPressed, SpeechHeard
from flows.engine.state import Answer, State
from ivr.calls.log import read_log
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.campaigns import service
from ivr.campaigns.model import Target
from ivr.campaigns.plan import CampaignPlan
from tests.tracing.reading import RecordView, record_of_call
from tracing.people.model import Person
from tracing.records.filing import RecordObserver
from tracing.records.model import Record, RecordAnswer

HA = {"name": "Lê Thị Hà", "phone": "+84912345678", "birth_year": 1984, "area": "38.380.14755"}
# Healthy, by keys: the question and what Hà presses.
HEALTHY = {
    "reach-person/who": "1",
    "reach-person/birth_year": "1984",
    "ready": "1",
    "exposure_date": "2011",
    "exposure_place": "4",
    "isolating": "1",
    "household": "4",
    "need": "4",
}


def as_bytes(call: Call, actions: tuple[Action, ...], next_turn: int) -> bytes:
    return str(next_turn).encode()


@dataclass
class Talk:
    """A call to Hà, answered question by question."""

    database: Database
    calls: Calls
    clock: SimulatedClock
    person: Person
    call_id: UUID = field(init=False)

    def dial(self, **changes: Any) -> Talk:
        context = {"department": "CDC", "hotline": "+842373850115", "today": "2026-11-23"}
        who = {"name": self.person.name, "birth_year": self.person.birth_year}
        values: dict[str, Any] = {
            "direction": "outbound",
            "carrier": "network",
            "remote_number": self.person.phone,
            "script": "contact-interview",
            "language": "vi",
            "context": {**context, "person": who},
            "person_id": self.person.id,
            "area": self.person.area,
            **changes,
        }
        with self.database.unit() as uow:
            self.call_id = self.calls.open(uow, **values).id
        self.take(CallStarted(self.clock.now().isoformat(), "human"))
        return self

    def take(self, event: Event) -> None:
        with self.database.unit() as uow:
            self.calls.take_turn(uow, self.call_id, self.call().next_turn, event, as_bytes)

    def press(self, digits: str) -> None:
        self.take(KeysPressed(self.clock.now().isoformat(), digits, finished=True))

    def say(self, words: str, confidence: float) -> None:
        heard = (Hypothesis(words, confidence),)
        self.take(SpeechHeard(self.clock.now().isoformat(), heard, "accept", 0.8))

    def answer(self, keys: Mapping[str, str], until: str = "") -> None:
        """Press what `keys` says for each question, "no" for any other, up to the question `until` or the end."""
        while (question := self.asked()) not in ("None", until):
            confirming = self.call().script_state["phase"] == "confirm"
            self.press("1" if confirming else keys.get(question, "2"))

    def asked(self) -> str:
        return str(self.call().script_state["step"])

    def hang_up(self) -> None:
        with self.database.unit() as uow:
            self.calls.end(uow, self.call_id)

    def call(self) -> Call:
        with self.database.unit() as uow:
            return uow.session.get_one(Call, self.call_id)

    def record(self) -> RecordView:
        with self.database.unit() as uow:
            view = record_of_call(uow, self.call_id)
        assert view is not None
        return view

    def values(self) -> dict[str, Any]:
        return {name: answer.value for name, answer in self.record().current.items()}


@pytest.fixture
def talk(database: Database, calls: Calls, clock: SimulatedClock) -> Talk:
    with database.unit() as uow:
        person = Person(**HA, language="vi", created_at=uow.now())
        uow.session.add(person)
    return Talk(database, calls, clock, person)


def records(database: Database) -> int:
    with database.unit() as uow:
        return uow.session.scalar(select(func.count()).select_from(Record)) or 0


def test_an_interview_becomes_a_complete_record_with_typed_answers(talk: Talk) -> None:
    talk.dial().answer(HEALTHY)
    view = talk.record()
    assert view.person is not None
    assert view.person.id == talk.person.id
    assert (view.record.state, view.record.form, view.record.area) == ("complete", "contact_interview", HA["area"])
    assert (view.record.risk, view.record.flagged) == ("low", False)
    assert view.record.completed_at == talk.clock.now()
    values = talk.values()
    assert (values["fever"], values["household_size"], values["need"]) == (False, 4, "none")
    assert (values["exposure_date"], values["birth_year_given"]) == ("2026-11-20", 1984)


@pytest.mark.capability("N18")
def test_every_answer_leads_back_to_its_call_turn_and_decision(talk: Talk) -> None:
    """Invariant 5: the log of the call holds, at that turn, the very event that the answer came from."""
    talk.dial().answer(HEALTHY, until="covid-symptoms/fever")
    talk.say("không", 0.81)
    assert talk.call().script_state["phase"] == "confirm"
    talk.say("đúng rồi", 0.93)
    fever = talk.record().current["fever"]
    assert (fever.value, fever.source, fever.heard, fever.confidence) == (False, "speech", "không", 0.81)
    assert (fever.confirmed, fever.step, fever.call_id) == (True, "covid-symptoms/fever", talk.call_id)
    flag = talk.record().current["red_flag"]
    assert (flag.source, flag.heard, flag.confidence) == ("keys", "2", None)
    with talk.database.unit() as uow:
        lines = read_log(uow, talk.call_id)
    saved = {name: (line.turn, answer) for line in lines if line.kind == "saved" for name, answer in line.data.items()}
    turn, logged = saved["fever"]
    assert (logged["heard"], logged["confidence"]) == ("không", 0.81)
    events = {line.turn: line.data for line in lines if line.kind == "event"}
    assert events[turn]["hypotheses"][0]["text"] == "đúng rồi"  # the turn that made it final
    assert events[turn - 1]["hypotheses"][0]["text"] == "không"
    assert fever.turn == turn - 1
    assert flag.turn is not None
    assert events[flag.turn]["digits"] == "2"


def test_answers_are_there_after_every_turn_not_at_the_end(talk: Talk) -> None:
    talk.dial().answer(HEALTHY, until="covid-symptoms/fever")
    assert talk.record().record.state == "draft"
    assert talk.values() == {"birth_year_given": 1984, "red_flag": False}
    talk.hang_up()
    assert talk.record().record.state == "draft"
    assert talk.values() == {"birth_year_given": 1984, "red_flag": False}


def test_a_red_flag_is_in_the_record_before_the_doctor_is_called(talk: Talk) -> None:
    talk.dial().answer(HEALTHY, until="covid-symptoms/red_flag")
    talk.press("1")
    view = talk.record()
    assert (view.record.risk, view.record.flagged) == ("red", True)
    assert talk.values()["red_flag"] is True


@pytest.mark.capability("N6")
@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        pytest.param(["2", "3"], "ineligible", id="says so"),
        pytest.param(["1", "1990", "1991"], "wrong_person", id="does not know the birth year"),
    ],
)
def test_a_wrong_person_leaves_no_record(talk: Talk, keys: list[str], reason: str) -> None:
    talk.dial()
    for digits in keys:
        talk.press(digits)
    assert talk.call().end_reason == reason
    assert records(talk.database) == 0


@pytest.mark.capability("N6")
@pytest.mark.parametrize("reason", ["wrong_person", "ineligible"])
@pytest.mark.forged_calls("the call's row is given an end that its script has not come to")
def test_should_a_script_save_before_it_knows_the_record_is_nobodys(talk: Talk, library: Library, reason: str) -> None:
    """Invariant 4 does not rest on the scripts alone."""
    talk.dial().answer(HEALTHY, until="covid-symptoms/fever")
    with talk.database.unit() as uow:
        call = uow.session.get_one(Call, talk.call_id)
        call.end_reason = reason
        RecordObserver(library).ended(uow, call, State("contact-interview", "r", "vi"))
    assert talk.record().person is None
    with talk.database.unit() as uow:
        assert uow.session.scalar(select(Record).where(Record.person_id == talk.person.id)) is None


@pytest.mark.capability("I3")
def test_a_second_call_goes_on_in_the_same_record_and_each_answer_names_its_call(talk: Talk) -> None:
    target = _a_target(talk)
    talk.dial(target_id=target)
    talk.answer(HEALTHY, until="isolating")
    talk.hang_up()
    first = talk.call_id
    talk.dial(target_id=target)
    talk.answer(HEALTHY)
    assert records(talk.database) == 1
    view = talk.record()
    assert view.record.state == "complete"
    assert view.current["household_size"].call_id == talk.call_id != first
    again = [answer for answer in view.answers if answer.field == "fever"]
    assert [(answer.call_id, answer.superseded_at is None) for answer in again] == [
        (first, False),
        (talk.call_id, True),
    ]


@pytest.mark.capability("N6")
def test_a_wrong_person_on_a_later_call_takes_nothing_away_and_adds_nothing(talk: Talk) -> None:
    target = _a_target(talk)
    talk.dial(target_id=target)
    talk.answer(HEALTHY, until="isolating")
    talk.hang_up()
    before = talk.values()
    first = talk.call_id
    talk.dial(target_id=target)
    talk.press("2")
    talk.press("3")
    talk.call_id = first
    assert talk.values() == before
    assert talk.record().person is not None


@pytest.mark.capability("N6")
@pytest.mark.forged_calls("the rows of calls are given an end that their scripts have not come to")
def test_what_wrong_persons_answered_gives_way_again_to_what_the_right_one_said(talk: Talk, library: Library) -> None:
    """Should a script save before it knows: answers, risk, flag and language are the first call's again."""
    observer, target = RecordObserver(library), _a_target(talk)
    talk.dial(target_id=target)
    talk.answer({**HEALTHY, "covid-symptoms/fever": "1"}, until="isolating")
    talk.hang_up()
    first, before, record = talk.call_id, talk.values(), talk.record().record
    assert (before["fever"], record.risk, record.flagged) == (True, "high", True)
    strangers = []
    for stranger in "aunt", "neighbour":
        talk.clock.advance(timedelta(hours=1))
        talk.dial(target_id=target)
        strangers.append(talk.call_id)
        saved = {"fever": Answer(False, "keys", stranger), "need": Answer("food", "keys", stranger)}
        state = State("contact-interview", "r", "en", values={"risk": "red", "flagged": True})
        with talk.database.unit() as uow:
            call = uow.session.get_one(Call, talk.call_id)
            observer.answered(uow, call, saved, state)
        assert talk.values() == {**before, "fever": False, "need": "food"}
        with talk.database.unit() as uow:
            call = uow.session.get_one(Call, talk.call_id)
            call.end_reason = "wrong_person"
            observer.ended(uow, call, state)
    talk.call_id = first
    after = talk.record()
    assert talk.values() == before
    assert (after.record.risk, after.record.flagged, after.record.language) == ("high", True, "vi")
    assert {answer.call_id for answer in after.answers} == {first, *strangers}  # nothing is thrown away
    assert {answer.call_id for answer in after.current.values()} == {first}


def test_a_value_that_the_form_would_not_take_is_kept_as_it_was_given(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    """A turn never fails because of what somebody keyed."""
    talk.person = _without_birth_year(talk)
    talk.dial().answer({**HEALTHY, "reach-person/birth_year": "0007"}, until="covid-symptoms/fever")
    assert talk.values()["birth_year_given"] == 7
    assert "event=answer_outside_form" in caplog.text


def test_answers_that_no_form_knows_are_not_filed(talk: Talk, library: Library) -> None:
    talk.dial()
    with talk.database.unit() as uow:
        call = uow.session.get_one(Call, talk.call_id)
        state = State("contact-interview", "r", "vi")
        RecordObserver(library).answered(uow, call, {"shoe_size": Answer(42, "keys")}, state)
    assert records(talk.database) == 0
    with talk.database.unit() as uow:
        assert uow.session.scalars(select(RecordAnswer)).all() == []


def _a_target(talk: Talk) -> UUID:
    with talk.database.unit() as uow:
        campaign = service.create_campaign(uow, CampaignPlan("F1", "contact-interview", "network"))
        service.add_targets(uow, campaign.id, [service.NewTarget(talk.person.phone, "vi", person_id=talk.person.id)])
        return uow.session.scalars(select(Target.id)).one()


def _without_birth_year(talk: Talk) -> Person:
    with talk.database.unit() as uow:
        person = uow.session.get_one(Person, talk.person.id)
        person.birth_year = None
        return person
