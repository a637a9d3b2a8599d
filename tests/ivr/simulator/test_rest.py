"""Twilio's own client and Twilio's own description of its interface are content with the simulated one."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from ivr.simulator.people import Habit, SimPerson
from ivr.simulator.server import SimulatedNetwork
from tests.ivr.simulator.conftest import SID, TOKEN, options

OURS = "+842373850115"
OPENAPI = Path(__file__).parents[4] / "shared/twilio/twilio_api_v2010.json"


class Redirected(TwilioHttpClient):
    """Twilio's client, sent to the simulator."""

    def __init__(self, url):
        super().__init__(timeout=5)
        self.url = url

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", self.url), *args, **kwargs)


def busy(number):
    return SimPerson(f"+8491200{number:04d}", "Lan", 1984, habit=Habit.BUSY)


@pytest.fixture
async def simulated():
    # A speed at which nothing ends while a test looks at it.
    async with SimulatedNetwork(options(speed=0.001), people=[busy(n) for n in range(8)]) as network:
        yield network


@pytest.fixture
def client(simulated):
    return Client(SID, TOKEN, http_client=Redirected(simulated.url))


async def place(client, number=0, **changes):
    values = {"to": busy(number).phone, "from_": OURS, "url": "http://127.0.0.1:9/voice", "timeout": 30, **changes}
    return await asyncio.to_thread(partial(client.calls.create, **values))


async def test_twilios_client_orders_and_reads_a_call(client, simulated):
    events = ["initiated", "ringing", "answered", "completed"]
    call = await place(client, status_callback="http://127.0.0.1:9/s", status_callback_event=events)
    assert (call.status, call.direction, call.to) == ("queued", "outbound-api", busy(0).phone)
    again = await asyncio.to_thread(client.calls(call.sid).fetch)
    assert again.sid == call.sid
    assert simulated.network.calls[call.sid].order.status_callback_events == tuple(events)


async def test_a_call_is_found_by_its_numbers_page_after_page(client):
    placed = [await place(client, number) for number in (1, 2, 3, 1, 1)]
    mine = await asyncio.to_thread(lambda: client.calls.list(to=busy(1).phone, from_=OURS, page_size=2))
    assert [call.sid for call in mine] == [placed[index].sid for index in (4, 3, 0)]
    assert await asyncio.to_thread(lambda: client.calls.list(to="+84999999999")) == []


async def test_a_filter_by_start_time_leaves_out_what_started_before(client, simulated):
    call = await place(client)
    await asyncio.sleep(0)
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    found = await asyncio.to_thread(lambda: client.calls.list(start_time_after=now - hour))
    assert [item.sid for item in found] == [call.sid]
    assert await asyncio.to_thread(lambda: client.calls.list(start_time_after=now + hour)) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": ""}, 21201),
        ({"from_": ""}, 21213),
        ({"to": "12"}, 21211),
        ({"from_": "anonymous"}, 21212),
        ({"url": "ftp://example.org"}, 21205),
        ({"url": ""}, 21205),
        ({"status_callback_event": ["answered", "sneezed"]}, 21626),
        ({"timeout": 900}, 20001),
        ({"machine_detection": "Maybe"}, 20001),
    ],
)
async def test_wrong_parameters_are_refused_with_twilios_codes(client, simulated, changes, code):
    with pytest.raises(TwilioRestException) as refused:
        await place(client, **changes)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert simulated.network.calls == {}


async def test_wrong_credentials_and_unknown_calls_are_refused(client, simulated):
    stranger = Client(SID, "wrong", http_client=Redirected(simulated.url))
    with pytest.raises(TwilioRestException) as refused:
        await place(stranger)
    assert (refused.value.status, refused.value.code) == (401, 20003)
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(client.calls("CA" + "0" * 32).fetch)
    assert refused.value.code == 20404


async def test_a_ringing_call_is_canceled_and_an_ended_one_cannot_be(client, simulated):
    call = await place(client)
    await asyncio.to_thread(lambda: client.calls(call.sid).update(status="completed"))
    async with asyncio.timeout(5):
        await simulated.network.calls[call.sid].over.wait()
    assert simulated.network.calls[call.sid].status == "canceled"
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(lambda: client.calls(call.sid).update(status="completed"))
    assert refused.value.code == 21220


@pytest.mark.capability("N12")
async def test_an_order_may_be_taken_and_its_answer_lost(client, simulated):
    simulated.network.faults.lose_answers = 1
    with pytest.raises(RequestException):
        await place(client)
    assert [call.to for call in simulated.network.calls.values()] == [busy(0).phone]


@pytest.mark.parametrize(("fault", "status"), [("server_errors", 500), ("too_many_requests", 429)])
async def test_an_order_may_be_refused_and_nothing_is_dialed(client, simulated, fault, status):
    async with aiohttp.ClientSession() as session:
        await session.post(f"{simulated.url}/simulator/faults", json={fault: 1})
    with pytest.raises(TwilioRestException) as refused:
        await place(client)
    assert refused.value.status == status
    assert simulated.network.calls == {}
    assert (await place(client)).status == "queued"


async def test_calls_and_lists_have_the_shape_that_twilio_publishes(client, simulated):
    if not OPENAPI.exists():
        pytest.skip(f"needs {OPENAPI.name}, Twilio's OpenAPI document")
    from openapi_schema_validator import OAS30Validator

    await place(client)
    document = json.loads(OPENAPI.read_text())
    async with aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth(SID, TOKEN)}) as session:
        base = f"{simulated.url}/2010-04-01/Accounts/{SID}"
        listing = await (await session.get(f"{base}/Calls.json")).json()
    call = document["components"]["schemas"]["api.v2010.account.call"]
    path = document["paths"]["/2010-04-01/Accounts/{AccountSid}/Calls.json"]
    whole = path["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for schema, value in ((call, listing["calls"][0]), (whole, listing)):
        validator = OAS30Validator({**schema, "components": document["components"]})
        assert [error.message for error in validator.iter_errors(value)] == []
    assert set(call["properties"]) <= set(listing["calls"][0])
