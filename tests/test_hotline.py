"""Whoever dials the hotline is nobody we know: people share telephones, and the hotline does not ask who speaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from core.clock import SimulatedClock
from core.database import Database
from core.settings import Settings
from flows.engine.events import CallStarted, Event, KeysPressed
from flows.engine.state import Answer, State
from ivr.calls.model import Call
from ivr.calls.turn import Turn
from ivr.carriers.twilio_inbound import take_call
from ivr.carriers.twilio_rest import STREAMS
from telehealth.model import QueueEntry
from tests.tracing.reading import record_of_call
from traceline import Traceline
from tracing.model import Person
from tracing.records import RecordObserver

NUMBER = "+84912345678"


@pytest.fixture
def app(settings: Settings, database_url: str, clock: SimulatedClock) -> Iterator[Traceline]:
    app = Traceline(settings.model_copy(update={"database_url": database_url, "language": "vi"}))
    yield app
    app.database.close()


def on_file(database: Database, *names: str) -> None:
    with database.unit() as uow:
        for name in names:
            uow.session.add(Person(name=name, phone=NUMBER, language="ko", area="38.380.14755", created_at=uow.now()))


def dial(app: Traceline, database: Database, number: str = NUMBER) -> Call:
    fields = {"CallSid": f"CA{'0' * 32}", "From": number}
    with database.unit() as uow:
        take_call(uow, app.calls, app.inbound, STREAMS, fields, lambda call: call.id.bytes)
        return uow.session.scalars(select(Call)).one()


@pytest.mark.capability("N6")
def test_what_is_said_on_the_only_known_persons_telephone_is_not_filed_under_that_person(
    app: Traceline, database: Database
) -> None:
    """Invariant 4: perhaps it is the sister who dials."""
    on_file(database, "Lê Thị Hà")
    call = dial(app, database)
    with database.unit() as uow:
        state = State("symptom-report", "r", "ko")
        RecordObserver(app.library).answered(uow, call, {"fever": Answer(True, "keys")}, state)
        view = record_of_call(uow, call.id)
    assert view is not None
    assert view.person is None
    assert call.person_id is None


def test_whom_the_robot_does_not_understand_waits_for_a_doctor_who_knows_why(
    app: Traceline, database: Database
) -> None:
    """The robot says that somebody will call this number: the queue is what keeps it."""
    call = dial(app, database)
    at = database.clock.now().isoformat()
    events: list[Event] = [CallStarted(at, "human"), *(KeysPressed(at, key) for key in ("1", "7", "8", "6"))]
    for turn, event in enumerate(events):
        with database.unit() as uow:
            taken = app.calls.take_turn(uow, call.id, turn, event, lambda *_: b"")
            assert isinstance(taken, Turn)
    assert "sẽ gọi lại số máy này" in str(taken.actions)
    with database.unit() as uow:
        entry = uow.session.scalars(select(QueueEntry)).one()
        assert (entry.call_id, entry.state, entry.reason) == (call.id, "waiting", "not_understood")


def test_a_number_of_one_known_person_tells_the_language_and_the_area(app: Traceline, database: Database) -> None:
    on_file(database, "Lê Thị Hà")
    call = dial(app, database)
    assert (call.script, call.language, call.area) == ("symptom-report", "ko", "38.380.14755")
    assert call.context["today"] == "2026-11-23"


@pytest.mark.parametrize("names", [(), ("Lê Thị Hà", "Lê Văn An")], ids=["of nobody", "of a family"])
def test_a_number_tells_nothing_when_it_is(app: Traceline, database: Database, names: tuple[str, ...]) -> None:
    on_file(database, *names)
    call = dial(app, database)
    assert (call.language, call.area) == ("vi", "")


def test_a_withheld_number_is_answered_too(app: Traceline, database: Database) -> None:
    call = dial(app, database, "anonymous")
    assert (call.remote_number, call.language) == ("", "vi")
