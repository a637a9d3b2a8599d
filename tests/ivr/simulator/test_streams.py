"""The simulated side of a Media Stream keeps Twilio's protocol and the pace of a telephone."""

import asyncio
import base64
import json

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from twilio.request_validator import RequestValidator

from audio.codec import ULAW_SILENCE
from ivr.simulator.call import Order
from ivr.simulator.people import SimPerson
from ivr.simulator.server import SimulatedNetwork
from tests.ivr.simulator.conftest import TOKEN, options


class Peer:
    """Our side of a stream, as a list of what came and a queue to say what goes."""

    def __init__(self):
        self.messages = []
        self.times = []
        self.socket = None
        self.url = ""
        self.signed = False
        self.started = asyncio.Event()
        self.came = asyncio.Condition()

    async def handle(self, request):
        signature = request.headers["X-Twilio-Signature"]
        self.signed = RequestValidator(TOKEN).validate(self.url + "/stream", {}, signature)
        self.socket = web.WebSocketResponse()
        await self.socket.prepare(request)
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                async with self.came:
                    self.messages.append(json.loads(message.data))
                    self.times.append(asyncio.get_running_loop().time())
                    self.came.notify_all()
        return self.socket

    def of(self, event):
        return [message for message in self.messages if message["event"] == event]

    async def until(self, event, count=1):
        async with asyncio.timeout(10), self.came:
            await self.came.wait_for(lambda: len(self.of(event)) >= count)

    @property
    def sid(self):
        return self.of("start")[0]["streamSid"]

    async def media(self, ulaw):
        payload = base64.b64encode(ulaw).decode()
        await self.send("media", media={"payload": payload})

    async def send(self, event, **content):
        await self.socket.send_str(json.dumps({"event": event, "streamSid": self.sid, **content}))


@pytest.fixture
async def peer():
    peer = Peer()
    application = web.Application()
    application.router.add_get("/stream", peer.handle)
    server = TestServer(application)
    await server.start_server()
    peer.url = str(server.make_url("")).rstrip("/").replace("http://", "ws://")
    yield peer
    await server.close()


@pytest.fixture
async def simulated(prompts):
    person = SimPerson("+84912000001", "Lan", 1984, "ko", dictated=("1", "say:예", "hang_up"))
    async with SimulatedNetwork(options(), prompts, people=[person]) as network:
        yield network


@pytest.fixture
async def stream(peer, simulated, app):
    after = "<Redirect>/fixed/after</Redirect>"
    app.twiml["after"] = "<Response><Hangup/></Response>"
    url = f"{peer.url}/stream"
    twiml = f'<Connect><Stream url="{url}"><Parameter name="call" value="42"/></Stream></Connect>{after}'
    app.twiml["start"] = f"<Response>{twiml}</Response>"
    order = Order(f"{app.url}/fixed/start", status_callback=f"{app.url}/status")
    call = simulated.network.place("+84912000001", "+842373850115", order)
    await peer.until("start")
    return call


async def test_the_stream_introduces_itself_as_twilio_does(peer, stream):
    connected, start = peer.messages[:2]
    assert peer.signed
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start["sequenceNumber"] == "1"
    assert start["start"]["callSid"] == stream.sid
    assert start["start"]["customParameters"] == {"call": "42"}
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    assert start["start"]["streamSid"] == start["streamSid"]


async def test_frames_come_every_twenty_milliseconds_silence_too_and_do_not_drift(peer, stream):
    await peer.until("media", 60)
    frames = peer.of("media")
    assert [frame["media"]["chunk"] for frame in frames[:3]] == ["1", "2", "3"]
    assert [frame["media"]["timestamp"] for frame in frames[:3]] == ["0", "20", "40"]
    assert base64.b64decode(frames[0]["media"]["payload"]) == ULAW_SILENCE
    assert {frame["media"]["track"] for frame in frames} == {"inbound"}
    times = [time for time, message in zip(peer.times, peer.messages, strict=True) if message["event"] == "media"]
    assert times[59] - times[0] == pytest.approx(59 * 0.02, abs=0.1)
    numbers = [int(message["sequenceNumber"]) for message in peer.messages[1:]]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_marks_return_when_the_sound_before_them_has_been_heard(peer, stream):
    loop = asyncio.get_running_loop()
    started = loop.time()
    await peer.media(b"\x10" * 160 * 10)
    await peer.send("mark", mark={"name": "first"})
    await peer.media(b"\x10" * 160 * 10)
    await peer.send("mark", mark={"name": "second"})
    await peer.until("mark", 2)
    assert [message["mark"]["name"] for message in peer.of("mark")] == ["first", "second"]
    times = [time for time, message in zip(peer.times, peer.messages, strict=True) if message["event"] == "mark"]
    assert times[0] - started >= 0.17
    assert times[1] - times[0] == pytest.approx(0.2, abs=0.08)


async def test_clear_returns_the_marks_at_once(peer, stream):
    await peer.media(b"\x10" * 8000 * 20)
    await peer.send("mark", mark={"name": "far away"})
    await peer.send("clear")
    async with asyncio.timeout(2):
        await peer.until("mark")
    assert peer.of("mark")[0]["mark"]["name"] == "far away"


async def test_a_person_presses_then_speaks_then_hangs_up(peer, stream, app, simulated):
    for turn in range(3):
        await peer.media(b"\x10" * 160 * 5)
        await peer.send("mark", mark={"name": f"prompt {turn}"})
        if turn == 0:
            await peer.until("dtmf")
        elif turn == 1:
            heard = len(peer.of("media"))
            async with asyncio.timeout(10):
                while not any(
                    base64.b64decode(frame["media"]["payload"]) != ULAW_SILENCE for frame in peer.of("media")[heard:]
                ):
                    await peer.until("media", len(peer.of("media")) + 5)
            await peer.until("media", len(peer.of("media")) + 60)
    await peer.until("stop")
    await simulated.network.settled()
    assert peer.of("dtmf")[0]["dtmf"] == {"track": "inbound_track", "digit": "1"}
    assert peer.of("stop")[0]["stop"]["callSid"] == stream.sid
    assert (stream.status, stream.ended_from) == ("completed", "person")
    assert [path for path, _ in app.requests if path == "/fixed/after"] == []
    assert simulated.network.troubles == []


async def test_when_we_close_the_stream_the_twiml_behind_it_goes_on(peer, stream, app, simulated):
    await peer.socket.close()
    await simulated.network.settled()
    assert app.requests[-2][0] == "/fixed/after"
    assert (stream.status, stream.ended_from) == ("completed", "application")


async def test_a_stream_that_cannot_be_opened_does_not_end_the_call(app, simulated):
    stream = '<Connect><Stream url="ws://127.0.0.1:9/stream"/></Connect><Redirect>/fixed/after</Redirect>'
    app.twiml = {"start": f"<Response>{stream}</Response>", "after": "<Response><Hangup/></Response>"}
    simulated.network.place("+84912000001", "+842373850115", Order(f"{app.url}/fixed/start"))
    await simulated.network.settled()
    assert app.requests[-1][0] == "/fixed/after"
    assert [item.kind for item in simulated.network.troubles] == ["stream"]


async def test_nonsense_on_the_stream_is_noted_and_the_call_goes_on(peer, stream, simulated):
    await peer.send("dance")
    await peer.socket.send_str("no json")
    await peer.socket.send_str(json.dumps({"event": "clear", "streamSid": "MZ0"}))
    await peer.send("media", media={"payload": "***"})
    await peer.send("mark", mark={"name": "still there"})
    await peer.until("mark")
    assert [item.kind for item in simulated.network.troubles] == ["stream"] * 4


async def test_the_account_ends_the_call_and_the_stream_is_stopped(peer, stream, simulated):
    simulated.network.end(stream, "completed")
    await peer.until("stop")
    await simulated.network.settled()
    assert stream.status == "completed"
