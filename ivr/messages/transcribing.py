"""Writing messages down: a slow job, so a worker of its own does it, and no call waits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from audio.codec import ulaw_to_pcm
from audio.models.registry import find_models
from audio.transcription import transcribe
from core.database import Database, UnitOfWork
from core.errors import Retryable
from ivr.messages.model import Transcription, VoiceMessageRow
from ivr.messages.sealing import seal
from ivr.messages.store import TRANSCRIBE, sound_of

log = logging.getLogger(__name__)

TRIES = 3
"""How often a message is tried that its transcriber dies of, or takes too long for."""


class Transcriber:
    """The job `messages.transcribe`. `write_down(pcm, model, seconds)` gives the words, or raises Retryable."""

    def __init__(
        self, database: Database, models: Path, write_down: Callable[[bytes, Path, float], str] = transcribe
    ) -> None:
        self._database = database
        self._models = models
        self._write_down = write_down

    def transcribe(self, payload: Mapping[str, Any]) -> None:
        """Write one message down. Nothing happens to one that is written down, or deleted. Raises Retryable until the
        tries are used up."""
        message = UUID(payload["message"])
        with self._database.unit() as uow:
            row = _waiting(uow, message)
            ulaw = sound_of(row) if row is not None else None
            if row is None or ulaw is None:
                return
            if row.transcription_tries >= TRIES:  # whoever tried it last did not live to say so
                log.warning("event=message_not_transcribed message=%s tries=%s", message, row.transcription_tries)
                row.transcription = Transcription.FAILED
                return
            model = find_models(self._models).get(row.language)
            if model is None:
                row.transcription = Transcription.NO_MODEL
                return
            row.transcription_tries += 1
            tries, seconds = row.transcription_tries, row.seconds
        try:
            text = self._write_down(ulaw_to_pcm(ulaw), model.path, seconds)
        except Retryable:
            if tries < TRIES:
                raise
            log.warning("event=message_not_transcribed message=%s tries=%s", message, tries)
            self._finish(message, Transcription.FAILED)
        else:
            self._finish(message, Transcription.DONE if text else Transcription.EMPTY, text)

    def _finish(self, message: UUID, state: Transcription, text: str = "") -> None:
        with self._database.unit() as uow:
            row = _waiting(uow, message)
            if row is None or row.key is None:  # deleted meanwhile
                return
            row.transcription = state
            if text:
                row.transcript = seal(row.key, row.id, "transcript", text.encode())


def ask_again(uow: UnitOfWork, message: UUID) -> None:
    """Write a message down that could not be: a model has been installed since."""
    row = uow.session.get(VoiceMessageRow, message, with_for_update=True)
    if row is None or row.sound is None or row.transcription not in (Transcription.NO_MODEL, Transcription.FAILED):
        return
    row.transcription, row.transcription_tries = Transcription.WAITING, 0
    uow.send(TRANSCRIBE, {"message": str(message)})


def _waiting(uow: UnitOfWork, message: UUID) -> VoiceMessageRow | None:
    row = uow.session.get(VoiceMessageRow, message, with_for_update=True)
    return row if row is not None and row.transcription == Transcription.WAITING else None
