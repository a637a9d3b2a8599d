"""The published recordings as a process that plays prompts sees them: which there are, kept in memory and looked up
again every two seconds, so that a call costs no question to the database.

While the database is away, what was known goes on being played.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from audio.model import PromptRecording
from core.database import Database, UnitOfWork

log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0
"""How long after its publication a recording is heard by new prompts, on every machine, at the latest."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording that is played."""

    id: UUID
    sha256: str


class Shelf:
    """Used by many threads. Never raises: a prompt without its recording is said by text to speech."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._edition: tuple[int, int] | None = None
        self._played: dict[tuple[str, str, str], Recorded] = {}

    def find(self, language: str, clip: str, text: str) -> Recorded | None:
        """The recording of these words, if one is played."""
        self._look()
        return self._played.get((language, clip, text))

    def edition(self) -> tuple[int, int] | None:
        """Another one whenever anything has been published or withdrawn."""
        self._look()
        return self._edition

    def sound(self, recording: Recorded) -> bytes | None:
        """Its samples; None when the database is away."""
        try:
            with self._database.unit() as uow:
                return uow.session.scalar(select(PromptRecording.sound).where(PromptRecording.id == recording.id))
        except SQLAlchemyError as error:
            log.warning("event=recording_out_of_reach error=%s", type(error).__name__)
            return None

    def _look(self) -> None:
        # One thread looks; the others meanwhile play what is known.
        if time.monotonic() - self._looked_at < FRESH_SECONDS or not self._lock.acquire(blocking=self._edition is None):
            return
        try:
            if time.monotonic() - self._looked_at < FRESH_SECONDS:
                return
            with self._database.unit() as uow:
                edition = _edition(uow)
                if edition != self._edition:
                    self._played, self._edition = _played(uow), edition
        except SQLAlchemyError as error:
            log.warning("event=recordings_not_looked_up error=%s", type(error).__name__)
        finally:
            self._looked_at = time.monotonic()
            self._lock.release()


def _edition(uow: UnitOfWork) -> tuple[int, int]:
    """Every publication adds a row and every withdrawal a date, and neither is ever taken back."""
    counts = select(func.count(), func.count(PromptRecording.withdrawn_at)).select_from(PromptRecording)
    rows, withdrawn = uow.session.execute(counts).one()
    return rows, withdrawn


def _played(uow: UnitOfWork) -> dict[tuple[str, str, str], Recorded]:
    row = PromptRecording
    found = uow.session.execute(
        select(row.language, row.clip, row.text, row.id, row.sha256).where(row.withdrawn_at.is_(None))
    )
    return {(language, clip, text): Recorded(id_, sha256) for language, clip, text, id_, sha256 in found}
