"""The simulator is told what to do over HTTP, and says clearly what it cannot do."""

import aiohttp
import pytest

from ivr.simulator.people import make_people
from ivr.simulator.server import SimulatedNetwork
from tests.ivr.simulator.conftest import options


@pytest.fixture
async def simulated(prompts, library):
    async with SimulatedNetwork(options(), prompts, library) as network:
        yield network


@pytest.fixture
async def http(simulated):
    async with aiohttp.ClientSession(simulated.url) as session:
        yield session


async def test_people_are_loaded_one_dials_and_the_report_tells(http, simulated, app):
    people = [person.to_json() for person in make_people(1, 3)]
    assert (await http.post("/simulator/people", json=people)).status == 201
    assert await (await http.get("/simulator/people")).json() == people
    app.twiml["start"] = "<Response><Hangup/></Response>"
    dial = {"phone": people[0]["phone"], "url": f"{app.url}/fixed/start"}
    assert (await http.post("/simulator/dial", json=dial)).status == 201
    await simulated.network.settled()
    told = await (await http.get("/simulator/report")).json()
    assert told["calls"] == 1
    assert told["running"] == 0
    assert [item["status"] for item in told["people"][0]["calls"]] == ["completed"]
    assert [item["status"] for item in await (await http.get("/simulator/calls")).json()] == ["completed"]


async def test_people_are_made_from_a_seed(http, simulated):
    made = await (await http.post("/simulator/people", json={"seed": 4, "count": 10})).json()
    assert made == [person.to_json() for person in make_people(4, 10)]
    assert len(simulated.network.people) == 10


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("people", "a string"),
        ("people", [{"name": "nobody"}]),
        ("people", {"seed": "x", "count": 1}),
        ("people", [make_people(1, 1)[0].to_json()] * 2),
        ("dial", {"phone": "+84900000000", "url": "http://127.0.0.1:9/"}),
        ("dial", {"phone": "+84900000000"}),
        ("faults", {"earthquakes": 1}),
        ("faults", {"lose_answers": -1}),
    ],
)
async def test_a_wrong_request_gets_a_clear_error_and_changes_nothing(http, simulated, path, body):
    response = await http.post(f"/simulator/{path}", json=body)
    assert response.status == 400
    assert (await response.json())["error"]
    assert simulated.network.people == {}
    assert simulated.network.calls == {}


async def test_what_is_not_json_is_refused(http):
    assert (await http.post("/simulator/people", data=b"{")).status == 400
