"""Days of follow-up on the simulated telephone network: ordered, dialed over the carrier, answered over signed
webhooks, on file, and settled, with callbacks that come late and twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from werkzeug.serving import make_server

from audio.prompts import PromptStore
from core.clock import SimulatedClock
from core.database import Database
from core.jobs import Jobs
from core.settings import Settings, read_settings
from flows.catalogue import Library
from ivr.campaigns.dialer import Dialer
from ivr.campaigns.standing import prepare_standing
from ivr.carriers.inbound import InboundPlan
from ivr.carriers.twilio_rest import WEBHOOKS, TwilioCarrier
from ivr.carriers.twilio_webhooks.blueprint import webhooks
from ivr.carriers.twilio_webhooks.sounds import sounds
from ivr.simulator.options import Chaos
from ivr.simulator.people import WILLING, Habit, SimPerson
from ivr.simulator.server import SimulatedNetwork
from tests.ivr.campaigns.desk import Desk
from tests.ivr.simulator.conftest import SID, TOKEN, options
from tests.tracing.daily.conftest import calls_of
from tests.tracing.daily.office import Office
from tracing.followup.wanted import WANTED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ZONE = "Asia/Ho_Chi_Minh"


@asynccontextmanager
async def exchange(
    office: Office, settings: Settings, prompts: PromptStore, library: Library, people: list[SimPerson]
) -> AsyncIterator[SimulatedNetwork]:
    """The web server in its threads, the simulated network on this loop, and the dialer on both."""
    app = Flask("traceline")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    chaos = Chaos(seed=3, repeat_callbacks=0.3, late_callbacks=0.3, late_seconds=0.3, repeat_turns=0.3)
    async with SimulatedNetwork(options(speed=200.0, chaos=chaos), prompts, library, people) as simulated:
        placed = {"public_url": f"http://127.0.0.1:{server.port}", "twilio_api_url": simulated.url}
        settings = settings.model_copy(update=placed)

        def nobody(*_: Any) -> InboundPlan:
            return InboundPlan("symptom-report", "vi", {})

        app.register_blueprint(webhooks(office.desk.calls, office.database, prompts, settings, nobody))
        app.register_blueprint(sounds(prompts))
        carriers = {WEBHOOKS: TwilioCarrier(WEBHOOKS, settings)}
        desk = office.desk
        desk.dialer = Dialer(
            office.database,
            office.desk.calls,
            carriers,
            lambda carrier: {"department": "CDC", "hotline": "+842373850115", "speech": []},
            wanted=WANTED,
        )
        desk.jobs = Jobs(office.database, desk.redis, "none")
        desk.jobs.register("dial", desk.dialer.dial)
        desk.jobs.register("hang_up", desk.dialer.hang_up)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield simulated
        finally:
            await asyncio.to_thread(server.shutdown)
            thread.join()
            server.server_close()


@pytest.mark.capability("T6", "T8")
async def test_from_the_first_call_to_the_last_day_over_the_telephone(
    database: Database,
    clock: SimulatedClock,
    redis_client: redis.Redis,
    library: Library,
    tmp_path: Path,
) -> None:
    prompts = PromptStore(tmp_path / "prompts", tmp_path / "recordings")
    settings = read_settings(home=tmp_path, twilio_account_sid=SID, twilio_auth_token=TOKEN)
    office = Office(database, clock, Desk(database, clock, calls_of(library), redis_client))
    with database.unit() as uow:
        prepare_standing(uow, WEBHOOKS, ZONE)
    well, ill, away, short = (
        SimPerson(
            f"+84912000{number:03d}",
            "Trần Thị Lan",
            1984,
            habit=habit,
            seed=number,
            intent={**WILLING, "temperature": 36.7, **truth},
        )
        for number, (habit, truth) in enumerate(
            [
                (Habit.KEYS, {"cough": True}),
                (Habit.RED_FLAG, {"red_flag": True}),
                (Habit.NO_ANSWER, {}),
                (Habit.HANGS_UP, {}),
            ]
        )
    )
    ids, contacts = {}, {}
    for one in (well, ill, away, short):
        ids[one.phone] = office.person(one.name, phone=one.phone, birth_year=one.birth_year)
        contacts[one.phone] = office.contact(ids[one.phone], office.day(-9), case_id=office.case().id)
    first = office.today
    assert office.period(ids[well.phone]) == (first - timedelta(days=8), first + timedelta(days=1))

    async with exchange(office, settings, prompts, library, [well, ill, away, short]) as simulated:

        async def a_try() -> None:
            """The scheduler and a worker, then everybody has done with the telephone."""
            office.desk.dialer.tick()
            await asyncio.to_thread(office.desk.work)
            await simulated.network.settled()

        for number in range(2):
            office.at(first + timedelta(days=number), 8)
            office.settle()
            office.order()
            office.order()  # another scheduler
            for _ in range(5):
                await a_try()
                clock.advance(timedelta(hours=2))
    office.at(first + timedelta(days=2), 0, 10)
    office.settle()

    results = {one.phone: office.results(ids[one.phone]) for one in (well, ill, away, short)}
    assert results[well.phone] == ["cooperative", "cooperative"]
    assert results[ill.phone] == ["cooperative", "cooperative"]
    assert results[away.phone][:2] == ["unavailable", "unavailable"]
    assert results[short.phone][:2] == ["uncooperative", "uncooperative"]
    first_visits = [office.visits(ids[one.phone])[0] for one in (well, ill)]
    assert [(visit.symptoms, visit.risk) for visit in first_visits] == [(["cough"], "medium"), (["red_flag"], "red")]
    assert [office.axes(contacts[one.phone])[1] for one in (well, ill)] == ["completed", "completed"]
    assert office.axes(contacts[away.phone])[1] == "follow_up"  # extended: nobody knows how they are
    assert office.periods(ids[away.phone])[-1].reason == "extended"
