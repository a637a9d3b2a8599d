"""Whoever dials the hotline is nobody we know: people share telephones, and the hotline does not ask who speaks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.settings import Settings, read_settings
from flows.engine.events import CallStarted, Event, KeysPressed
from flows.engine.state import Answer, State
from ivr.calls.model import Call
from ivr.calls.turn import Turn
from ivr.campaigns.callbacks import call_back, callback_status
from ivr.campaigns.following import close
from ivr.campaigns.model import Attempt, Target
from ivr.campaigns.settle import add_do_not_call
from ivr.campaigns.words import Disposition
from ivr.carriers.twilio_inbound import take_call
from ivr.carriers.twilio_rest import STREAMS
from telehealth import queue
from telehealth.calling_back import order_call_back
from telehealth.model import Practitioner, QueueEntry
from tests.tracing.reading import record_of_call
from traceline import Traceline
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.records.filing import RecordObserver

NUMBER = "+84912345678"
OURS, FOR_MISSED_CALLS = "+842373850115", "+842373850116"
_calls = itertools.count(1)


@pytest.fixture
def app(settings: Settings, database_url: str, clock: SimulatedClock) -> Iterator[Traceline]:
    ours = {"database_url": database_url, "language": "vi", "missed_call_numbers": FOR_MISSED_CALLS}
    app = Traceline(settings.model_copy(update=ours))
    app.database.clock = clock
    yield app
    app.database.close()


def on_file(database: Database, *names: str) -> None:
    with database.unit() as uow:
        for name in names:
            uow.session.add(Person(name=name, phone=NUMBER, language="ko", area="38.380.14755", created_at=uow.now()))


def ring(app: Traceline, database: Database, number: str = NUMBER, dialed: str = OURS) -> bytes:
    """What the carrier is answered."""
    fields = {"CallSid": f"CA{next(_calls):032x}", "From": number, "To": dialed}
    with database.unit() as uow:
        return take_call(uow, app.calls, app.inbound, STREAMS, fields, lambda call: call.id.bytes)


def dial(app: Traceline, database: Database, number: str = NUMBER) -> Call:
    call_id = UUID(bytes=ring(app, database, number))
    with database.unit() as uow:
        return uow.session.get_one(Call, call_id)


def press(app: Traceline, database: Database, call_id: UUID, *keys: str) -> Turn:
    """Pick up and press these keys; the last turn."""
    at = database.clock.now().isoformat()
    events: list[Event] = [CallStarted(at, "human"), *(KeysPressed(at, key) for key in keys)]
    for turn, event in enumerate(events):
        with database.unit() as uow:
            taken = app.calls.take_turn(uow, call_id, turn, event, lambda *_: b"")
    assert isinstance(taken, Turn)
    return taken


@pytest.mark.capability("N11")
@pytest.mark.parametrize(("outcome", "script"), [("none_yet", "rang-back"), ("recovered", "symptom-report")])
def test_a_case_who_rings_may_tell_whom_they_met(app: Traceline, database: Database, outcome: str, script: str) -> None:
    """Whose case it is, is no more told than by any other number: who is speaking is asked first."""
    on_file(database, "Lê Thị Hà")
    with database.unit() as uow:
        person = uow.session.scalars(select(Person)).one()
        case = {"disease": "covid-19", "by_rule": "confirmed", "outcome": outcome, "reported_at": uow.now()}
        uow.session.add(Case(person_id=person.id, **case))
    call = dial(app, database)
    assert call.script == script
    assert "Lê Thị Hà" not in str(call.context)
    assert call.person_id is None


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
    taken = press(app, database, call.id, "1", "7", "8", "6")
    assert "sẽ gọi lại số máy này" in str(taken.actions)
    with database.unit() as uow:
        entry = uow.session.scalars(select(QueueEntry)).one()
        assert (entry.call_id, entry.state, entry.reason) == (call.id, "waiting", "not_understood")


@pytest.mark.capability("N9")
def test_who_is_called_back_and_presses_later_hears_for_how_long_nobody_calls_and_that_is_so(
    app: Traceline, database: Database
) -> None:
    call = dial(app, database)
    with database.unit() as uow:
        doctor = Practitioner(name="BS. Lê Minh", languages=["vi"], zone="Asia/Ho_Chi_Minh", area="", active=True)
        uow.session.add(doctor)
        uow.session.flush()
        entry = queue.enter(uow, urgency=queue.Urgency.URGENT, reason="", language="vi", call_id=call.id)
        queue.take(uow, entry.id, doctor.id)
        order_call_back(uow, entry, number=NUMBER, name="")
    app.dialer.tick()
    with database.unit() as uow:
        target = uow.session.scalars(select(Target)).one()
        call = app.calls.open(
            uow,
            direction="outbound",
            carrier=STREAMS,
            remote_number=NUMBER,
            script="doctor-callback",
            language="vi",
            context={**app.told(STREAMS), **target.context},
            campaign_id=target.campaign_id,
            target_id=target.id,
            attempt_id=uow.session.scalars(select(Attempt.id)).one(),
        )
    taken = press(app, database, call.id, "3")
    assert "thường không sớm hơn" in str(taken.actions)
    assert "ba mươi" in str(taken.actions)
    with database.unit() as uow:
        entry = uow.session.scalars(select(QueueEntry)).one()
        assert (entry.state, entry.call_after) == ("waiting", uow.now() + timedelta(minutes=30))
        assert queue.take_next(uow, doctor.id) is None
        assert callback_status(uow, target.id).outcome == "callback"  # as the console tells it


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


def called_back(database: Database) -> list[str]:
    with database.unit() as uow:
        return [target.phone for target in uow.session.scalars(select(Target).order_by(Target.id))]


def after_the_call(app: Traceline, database: Database) -> None:
    """Every call back that is owed has been made."""
    with database.unit() as uow:
        for target in uow.session.scalars(select(Target).where(Target.state == "waiting")):
            close(target, Disposition.COMPLETED, uow.now())


@pytest.mark.capability("N5")
def test_from_a_number_that_we_called_the_first_thing_is_whether_we_did(app: Traceline, database: Database) -> None:
    with database.unit() as uow:
        target_id = call_back(uow, script="missed-call", phone=NUMBER, language="vi", context={})
        target = uow.session.get_one(Target, target_id)
        uow.session.add(
            Attempt(
                target_id=target.id,
                campaign_id=target.campaign_id,
                number=1,
                phone=NUMBER,
                state="ended",
                outcome="no_answer",
                claimed_at=uow.now(),
                placing_at=uow.now() - timedelta(days=2),
            )
        )
    assert dial(app, database).script == "rang-back"
    assert dial(app, database, "+84912345679").script == "symptom-report"


@pytest.mark.capability("I13")
def test_who_rings_once_costs_nothing_and_is_called_back(app: Traceline, database: Database) -> None:
    on_file(database, "Lê Thị Hà")
    assert b"<Reject" in ring(app, database, NUMBER, FOR_MISSED_CALLS)
    with database.unit() as uow:
        assert uow.session.scalars(select(Call)).all() == []
        (target,) = uow.session.scalars(select(Target))
    assert (target.phone, target.script, target.language) == (NUMBER, "missed-call", "ko")
    assert (target.person_id, target.area) == (None, "38.380.14755")
    assert target.last_moment == database.clock.now() + timedelta(hours=1)


@pytest.mark.capability("I13", "N1")
def test_what_one_line_was_told_is_not_told_to_the_line_that_calls_back(app: Traceline, database: Database) -> None:
    """The number was rung by SIP, say, which hears words; the line that calls back may hear keys only."""
    ring(app, database, NUMBER, FOR_MISSED_CALLS)
    with database.unit() as uow:
        assert uow.session.scalars(select(Target.context)).one() == {}


@pytest.mark.capability("I13", "I4")
def test_at_night_only_who_is_on_file_is_called_back_at_once(
    app: Traceline, database: Database, clock: SimulatedClock
) -> None:
    clock.advance(timedelta(hours=14))
    stranger = "+84912345679"
    on_file(database, "Lê Thị Hà")
    for number in (NUMBER, stranger):
        ring(app, database, number, FOR_MISSED_CALLS)
    with database.unit() as uow:
        due = {target.phone: target.next_at <= uow.now() for target in uow.session.scalars(select(Target))}
    assert due == {NUMBER: True, stranger: False}


@pytest.mark.capability("I13")
def test_however_many_numbers_ring_the_settings_bound_how_many_are_called_back(
    app: Traceline, database: Database
) -> None:
    app.settings = app.settings.model_copy(update={"missed_calls_per_hour": 2})
    for number in range(4):
        ring(app, database, f"+8491234500{number}", FOR_MISSED_CALLS)
    assert len(called_back(database)) == 2


@pytest.mark.capability("I13", "I9")
def test_a_missed_call_told_twice_is_called_back_once(app: Traceline, database: Database) -> None:
    fields = {"CallSid": f"CA{'a' * 32}", "From": NUMBER, "To": FOR_MISSED_CALLS}

    def told(_: int) -> bytes:
        with database.unit() as uow:
            return take_call(uow, app.calls, app.inbound, STREAMS, fields, lambda call: call.id.bytes)

    with ThreadPoolExecutor(4) as twins:
        answers = set(twins.map(told, range(4)))
    assert len(answers) == 1
    assert called_back(database) == [NUMBER]


@pytest.mark.capability("I13")
def test_who_rings_many_times_at_once_is_owed_one_call(app: Traceline, database: Database) -> None:
    with ThreadPoolExecutor(4) as impatient:
        list(impatient.map(lambda _: ring(app, database, NUMBER, FOR_MISSED_CALLS), range(8)))
    assert called_back(database) == [NUMBER]


@pytest.mark.capability("I13")
def test_a_number_is_called_back_three_times_a_day_and_not_more(
    app: Traceline, database: Database, clock: SimulatedClock
) -> None:
    for _ in range(5):
        ring(app, database, NUMBER, FOR_MISSED_CALLS)
        after_the_call(app, database)
        clock.advance(timedelta(hours=1))
    assert len(called_back(database)) == 3
    clock.advance(timedelta(hours=20))
    ring(app, database, NUMBER, FOR_MISSED_CALLS)
    assert len(called_back(database)) == 4


@pytest.mark.capability("I13", "I7")
@pytest.mark.parametrize("number", ["anonymous", "+12125551234", "+841900561234", "+84912345670"])
def test_nobody_makes_us_call_abroad_dear_numbers_or_who_wants_no_calls(
    app: Traceline, database: Database, number: str
) -> None:
    with database.unit() as uow:
        add_do_not_call(uow, "+84912345670", "opt_out")
    assert b"<Reject" in ring(app, database, number, FOR_MISSED_CALLS)
    assert called_back(database) == []


@pytest.mark.capability("I13")
def test_the_hotline_itself_goes_on_where_the_missed_call_is_answered(app: Traceline, database: Database) -> None:
    with database.unit() as uow:
        call = app.calls.open(
            uow, direction="outbound", carrier=STREAMS, remote_number=NUMBER, script="missed-call", language="vi"
        )
    at = database.clock.now().isoformat()
    for turn, event in enumerate((CallStarted(at, "human"), KeysPressed(at, "3"))):
        with database.unit() as uow:
            app.calls.take_turn(uow, call.id, turn, event, lambda *_: b"")
    with database.unit() as uow:
        call = uow.session.get_one(Call, call.id)
    assert (call.script, call.language, call.script_state["step"]) == ("symptom-report", "ko", "consent")


@pytest.mark.parametrize("wrong", ["12", "not a number"])
def test_a_number_of_ours_that_is_none_ends_the_start(wrong: str) -> None:
    with pytest.raises(UserError, match="TRACELINE_MISSED_CALL_NUMBERS"):
        read_settings(missed_call_numbers=wrong)
