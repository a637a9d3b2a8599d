"""The recognisers of one asyncio process: `fork` loads the models in processes of their own, `listen` uses them.

Nothing here ever waits on a call's behalf but `finish`, and whatever goes wrong with speech is a None: the caller goes
on by keys.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audio.decision import Thresholds, read_thresholds
from audio.models.registry import check_model
from audio.recogniser.link import WorkerLink
from audio.recogniser.listening import Listening
from audio.recogniser.supervisor import State, Supervisor
from core.errors import UserError

log = logging.getLogger(__name__)

MAX_SESSIONS = 20
"""Answers listened to at once per worker. Each costs about 0.04 of a core while sound comes in, so a worker with this
many is close to a whole core; one more would make all of them late."""
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


class Recognisers:
    """A pool per language. Make it with `fork`; `start` it inside the event loop; `close` it at the end."""

    def __init__(self, supervisors: Mapping[str, Supervisor], thresholds: Mapping[str, Thresholds]) -> None:
        self._supervisors = supervisors
        self._thresholds = thresholds
        self._running: list[asyncio.Task[None]] = []
        self._refused: dict[str, LanguageStatus] = {}

    @classmethod
    def fork(cls, models: Mapping[str, Path], workers: int) -> Recognisers:
        """Begin loading a model per language, in processes of their own; `workers` of them per language (0: keys only).

        A model that cannot be used leaves its language to keys and says why in `status`.
        """
        supervisors: dict[str, Supervisor] = {}
        thresholds: dict[str, Thresholds] = {}
        refused: dict[str, LanguageStatus] = {}
        for language, path in models.items() if workers else ():
            try:
                check_model(path)
                thresholds[language] = read_thresholds(path)
            except UserError as error:
                log.error("event=model_refused language=%s reason=%s", language, error)
                refused[language] = LanguageStatus(language, path.name, "failed", 0, workers, 0, 0, error.message)
                continue
            supervisors[language] = Supervisor(language, path, workers)
            supervisors[language].launch()
        pool = cls(supervisors, thresholds)
        pool._refused = refused
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

    def listen(self, language: str, phrases: Sequence[str]) -> Listening | None:
        """Listen for one of `phrases`. None at once if there is no recogniser free for the language."""
        link = self._free_worker(language)
        if link is None or not phrases:
            return None
        listening = Listening(link, language, phrases, self._thresholds[language])
        if listening.failed:
            listening.cancel()
            return None
        return listening

    def status(self) -> list[LanguageStatus]:
        """Every language that has a model, by its code."""
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
            )
            for s in self._supervisors.values()
        ]
        return sorted([*alive, *self._refused.values()], key=lambda status: status.language)

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
        free = [w for w in supervisor.workers if w.alive and not w.backlogged and len(w.sessions) < MAX_SESSIONS]
        return min(free, key=lambda worker: len(worker.sessions), default=None)
