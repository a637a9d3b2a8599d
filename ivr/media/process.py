"""The media process: recognisers, the conductor, the stream server, its sign of life, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy.exc import SQLAlchemyError

from audio.prompts import PromptStore
from audio.recogniser.pool import Recognisers
from core.database import Database
from core.heartbeats import beat
from ivr.calls.service import Calls
from ivr.media.bridging.switchboard import Switchboard
from ivr.media.bridging.waiting import DatabaseLines, Legs
from ivr.media.conductor import Conductor
from ivr.media.conversation import Offers
from ivr.media.doors.admission import ExpectedCalls
from ivr.media.doors.line_calls import LineCalls
from ivr.media.doors.line_door import LineDoor
from ivr.media.doors.server import MediaServer
from ivr.media.doors.twilio_door import TwilioDoor, Verify
from ivr.media.playback import StoredSounds
from ivr.media.read_along import CaptionedTurns
from ivr.media.turns import DatabaseTurns, Keep, KeepAnswer

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
LEAVE_SECONDS = 8.0
"""How long calls may take to be left at the end: the turn they are taking, and the close of their websocket."""
TURN_THREADS = 10
"""Turns saved at the same time; no more than the database has connections for."""
MAX_CALLS = 120


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """What one media process is to be. `carriers` are those whose calls may come as Media Streams, `origin` is where
    the pages of browser telephones come from, `address` where these reach this very process; `models` by language;
    `workers` recognisers for each (0: keys only), with thresholds `measured` by calibration in that folder. `keep`
    stores voice messages, `keep_answer` the sound of spoken answers, `legs` have telephones rung."""

    host: str
    port: int
    carriers: Collection[str]
    models: Mapping[str, Path]
    workers: int
    max_calls: int = MAX_CALLS
    origin: str = ""
    address: str = ""
    keep: Keep | None = None
    keep_answer: KeepAnswer | None = None
    legs: Legs | None = None
    measured: Path | None = None


def run_media(
    plan: MediaPlan,
    database: Database,
    calls: Calls,
    prompts: PromptStore,
    verify: Verify,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT, then leave every call to its webhooks. Blocks; call it from the main thread.

    `database` must be this process's own. `ready` is told the port once streams are taken. Models load meanwhile:
    until one is there, its language goes by keys.
    """
    recognisers = Recognisers.fork(plan.models, plan.workers, plan.measured)
    with ThreadPoolExecutor(TURN_THREADS, thread_name_prefix="turn") as executor:
        uvloop.run(_run(plan, database, calls, prompts, verify, recognisers, executor, ready))


async def _run(
    plan: MediaPlan,
    database: Database,
    calls: Calls,
    prompts: PromptStore,
    verify: Verify,
    recognisers: Recognisers,
    executor: ThreadPoolExecutor,
    ready: Callable[[int], None] | None,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    process = f"media@{socket.gethostname()}:{os.getpid()}"
    turns = DatabaseTurns(database, calls, executor, plan.keep, plan.keep_answer)
    switchboard = Switchboard()
    lines = DatabaseLines(database, executor, plan.address, process, plan.legs)
    offers = Offers(plan.keep is not None, plan.keep_answer is not None, bridging=(switchboard, lines))
    conductor = Conductor(turns, StoredSounds(prompts), recognisers, offers)
    line_calls = LineCalls(database, calls, executor, lambda: conductor.up)
    doors = (
        TwilioDoor(conductor, verify, ExpectedCalls(database, executor, *plan.carriers)),
        LineDoor(
            conductor,
            line_calls,
            lambda line: CaptionedTurns(turns, line, database, executor),
            switchboard.join,
            plan.origin,
        ),
    )
    server = MediaServer(doors, plan.max_calls)
    loading = loop.create_task(recognisers.start())
    try:
        async with server.listening(plan.host, plan.port) as listening:
            port = listening.sockets[0].getsockname()[1]
            log.info("event=media_up port=%s max_calls=%s", port, plan.max_calls)
            if ready is not None:
                ready(port)
            place = {"address": plan.address}
            await _beat_until(
                stop,
                database,
                executor,
                process,
                lambda: place | status(server, conductor, line_calls, recognisers),
            )
            log.info("event=media_ending calls=%s", conductor.calls)
            server.accepts = False
            switchboard.leave_all()
            conductor.leave_all()
            await conductor.left(LEAVE_SECONDS)
    finally:
        loading.cancel()
        await line_calls.close()
        await recognisers.close()


def status(
    server: MediaServer, conductor: Conductor, line_calls: LineCalls, recognisers: Recognisers
) -> dict[str, Any]:
    """What the heartbeat tells: `calls` up, which of ours they are (`up`), those whose line may come back (`awaited`),
    streams `refused`, `frames` in and `frames_dropped`, `latency` of answers, and the `recogniser` of each language."""
    return {
        "calls": conductor.calls,
        "up": [str(call) for call in conductor.up],
        "awaited": [str(call) for call in line_calls.awaited],
        "accepts": server.accepts,
        "refused": server.refused,
        "frames": conductor.frames,
        "frames_dropped": conductor.frames_dropped,
        "latency": conductor.latencies.summary(),
        "recogniser": [asdict(language) for language in recognisers.status()],
    }


async def _beat_until(
    stop: asyncio.Event,
    database: Database,
    executor: ThreadPoolExecutor,
    process: str,
    tell: Callable[[], dict[str, Any]],
) -> None:
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        try:
            await loop.run_in_executor(executor, _beat, database, process, tell())
        except SQLAlchemyError as error:
            log.warning("event=heartbeat_missed error=%s", type(error).__name__)
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                await stop.wait()
        except TimeoutError:
            continue


def _beat(database: Database, process: str, told: dict[str, Any]) -> None:
    with database.unit() as uow:
        beat(uow, "media", process, told)
