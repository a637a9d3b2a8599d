"""The recognisers of one asyncio process: `fork` loads the models in processes of their own, `listen` uses them.

Nothing here ever waits on a call's behalf but `finish`, and whatever goes wrong with speech is a None: the caller goes
on by keys.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audio.decision import CAREFUL, Thresholds
from audio.models.registry import check_model
from audio.recogniser.link import WorkerLink
from audio.recogniser.listening import Listening
from audio.recogniser.supervisor import State, Supervisor
from audio.thresholds import read_thresholds
from core.errors import UserError

log = logging.getLogger(__name__)

LOAD_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class LanguageStatus:
    """For the health page: one language's recogniser."""

    language: str
    model: str
    state: State
    workers: int
    wanted: int
    sessions: int
    crashes: int
    last_error: str
    load: float = 0.0
    """Share of the workers' time that goes into listening now: measured, see `audio.recogniser.load`."""
    cost: float = 0.0
    """Seconds of work per second of speech."""
    wait_ms: int = 0
    """The longest a reply waits now."""
    refused: int = 0
    """Answers that were left to keys because one more would have made others late."""
    spared: int = 0
    """Answers that were not heard a second time, and so read back, because the workers were busy."""
    calibrated: bool = False
    certain: bool = True
    """Whether any answer can be certain: the model knows words enough for a second opinion."""


class Recognisers:
    """A pool per language. Make it with `fork`; `start` it inside the event loop; `close` it at the end."""

    def __init__(
        self, supervisors: Mapping[str, Supervisor], thresholds: Mapping[str, Thresholds], calibrated: Collection[str]
    ) -> None:
        self._supervisors = supervisors
        self._thresholds = thresholds
        self._calibrated = calibrated
        self._running: list[asyncio.Task[None]] = []
        self._refusals: Counter[str] = Counter()
        self._spared: Counter[str] = Counter()
        self._unusable: dict[str, LanguageStatus] = {}

    @classmethod
    def fork(cls, models: Mapping[str, Path], workers: int, measured: Path | None = None) -> Recognisers:
        """Begin loading a model per language, in processes of their own; `workers` of them per language (0: keys only).
        Thresholds `measured` by calibration are read from that folder.

        A model that cannot be used leaves its language to keys and says why in `status`.
        """
        supervisors: dict[str, Supervisor] = {}
        thresholds: dict[str, Thresholds] = {}
        calibrated: set[str] = set()
        unusable: dict[str, LanguageStatus] = {}
        for language, path in models.items() if workers else ():
            try:
                takes_grammar = check_model(path)
                found = read_thresholds(measured, language, path) if measured is not None else None
            except UserError as error:
                log.error("event=model_refused language=%s reason=%s", language, error)
                unusable[language] = LanguageStatus(language, path.name, "failed", 0, workers, 0, 0, error.message)
                continue
            thresholds[language] = found or (Thresholds() if takes_grammar else CAREFUL)
            calibrated |= {language} if found else set()
            supervisors[language] = Supervisor(language, path, workers)
            supervisors[language].launch()
        pool = cls(supervisors, thresholds, calibrated)
        pool._unusable = unusable
        return pool

    async def start(self) -> None:
        """Connect, and wait until every model is loaded or has failed (at most two minutes). Calls may come before:
        they go by keys until then."""
        self._running = [asyncio.create_task(supervisor.run()) for supervisor in self._supervisors.values()]
        waits = [asyncio.create_task(supervisor.settled.wait()) for supervisor in self._supervisors.values()]
        if waits:
            _, late = await asyncio.wait(waits, timeout=LOAD_SECONDS)
            for wait in late:
                wait.cancel()

    def listen(
        self, language: str, phrases: Sequence[str], certain: bool = False, spare: bool = False
    ) -> Listening | None:
        """Listen for one of `phrases`. None at once if there is no recogniser for the language, or none that has time
        for one more answer. `certain`: what is accepted must be beyond doubt. `spare`: without the time to make sure,
        nothing is accepted, and what was heard is read back."""
        link = self._free_worker(language)
        if link is None or not phrases:
            return None
        doubting = certain and spare and not link.has_time
        self._spared[language] += doubting
        listening = Listening(link, language, phrases, self._thresholds[language], certain, doubting)
        if listening.failed:
            listening.cancel()
            return None
        return listening

    def refuse(self, language: str) -> None:
        """An answer is left to keys: no worker had time for it until it was over."""
        self._refusals[language] += 1

    def status(self) -> list[LanguageStatus]:
        """Every language that has a model, by its code."""
        now = time.monotonic()
        alive = [
            LanguageStatus(
                language=s.language,
                model=s.name,
                state=s.state,
                workers=len(s.workers),
                wanted=s.wanted,
                sessions=sum(len(link.sessions) for link in s.workers),
                crashes=s.crashes,
                last_error=s.last_error,
                load=round(sum(worker.busy for worker in s.workers) / max(1, len(s.workers)), 3),
                cost=round(max((w.load.cost for w in s.workers), default=s.cost), 3),
                wait_ms=round(1000 * max((w.load.wait(now) for w in s.workers), default=0.0)),
                refused=self._refusals[s.language],
                spared=self._spared[s.language],
                calibrated=s.language in self._calibrated,
                certain=s.certain,
            )
            for s in self._supervisors.values()
        ]
        return sorted([*alive, *self._unusable.values()], key=lambda status: status.language)

    async def close(self) -> None:
        """End every process of the pool."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.gather(*(supervisor.close() for supervisor in self._supervisors.values()))

    def _free_worker(self, language: str) -> WorkerLink | None:
        supervisor = self._supervisors.get(language)
        if supervisor is None:
            return None
        free = [worker for worker in supervisor.workers if worker.has_room]
        return min(free, key=lambda worker: worker.busy, default=None)
