"""Messages that a carrier records itself: brought here by a job, kept like our own, then deleted at the carrier.

Never inside a webhook: the carrier may need a minute before a recording can be fetched, and waits for our answer.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from audio import codec
from core.database import Database, UnitOfWork
from core.errors import Permanent, Retryable, UserError
from core.ids import new_id
from ivr.messages.model import Transcription, VoiceMessageRow
from ivr.messages.sealing import new_key, seal
from ivr.messages.store import KEEP_DAYS, TRANSCRIBE, language_of

log = logging.getLogger(__name__)

FETCH, FORGET = "messages.fetch", "messages.forget"
GIVE_UP_AFTER = timedelta(days=1)
"""A recording that its carrier still does not have is lost."""


class NotThere(Retryable):
    """The carrier has no such recording, or not yet."""


class RecordingsAtProvider(Protocol):
    """The carrier that records. Both raise Retryable when it cannot be reached, Permanent when it refuses for good."""

    def fetch(self, recording: str) -> bytes:
        """The sound as an 8 kHz WAV file. Raises NotThere."""

    def delete(self, recording: str) -> None:
        """Delete the recording. One that is not there is deleted."""


def expect(uow: UnitOfWork, *, call_id: UUID, turn: int, recording: str, seconds: float, days: int = KEEP_DAYS) -> str:
    """Note a message that the carrier has recorded under its id `recording`, to be brought here after the commit;
    returns our recording id. Harmless to repeat. Raises UserError for a call that is not there."""
    message = uow.session.scalar(
        insert(VoiceMessageRow)
        .values(
            id=new_id(),
            call_id=call_id,
            turn=turn,
            language=language_of(uow, call_id),
            created_at=uow.now(),
            seconds=seconds,
            provider_ref=recording,
            delete_after=uow.now() + timedelta(days=days),
        )
        .on_conflict_do_nothing(index_elements=["provider_ref"])
        .returning(VoiceMessageRow.id)
    )
    if message is not None:
        uow.send(FETCH, {"message": str(message)})
        return str(message)
    return str(uow.session.scalars(select(VoiceMessageRow.id).where(VoiceMessageRow.provider_ref == recording)).one())


class Fetcher:
    """The jobs `messages.fetch` and `messages.forget`."""

    def __init__(self, database: Database, provider: RecordingsAtProvider) -> None:
        self._database = database
        self._provider = provider

    def fetch(self, payload: Mapping[str, Any]) -> None:
        """Bring one message here. The carrier is told to delete it only after ours is committed."""
        message = UUID(payload["message"])
        with self._database.unit() as uow:
            row = uow.session.get(VoiceMessageRow, message)
            if row is None or row.provider_ref is None or row.fetched_at or row.deleted_at or row.lost_at:
                return
            recording, waited = row.provider_ref, uow.now() - row.created_at
        try:
            pcm = codec.wav_to_pcm(self._provider.fetch(recording))
        except NotThere:
            if waited < GIVE_UP_AFTER:
                raise
            self._lose(message)
            raise Permanent("The carrier has no such recording.", "Its message is marked as lost.") from None
        except Permanent:
            self._lose(message)
            raise
        except UserError as error:
            self._lose(message)
            raise Permanent("What the carrier gave is no sound.", error.message) from error
        self._keep(message, codec.pcm_to_ulaw(pcm))

    def forget(self, payload: Mapping[str, Any]) -> None:
        """Delete a recording at the carrier, and note that it is done. One that the carrier refuses to delete is asked
        for again: until somebody has put it right, the proof of deletion names it. Raises Retryable."""
        recording = payload["recording"]
        try:
            self._provider.delete(recording)
        except Permanent as error:
            raise Retryable("The carrier will not delete a recording.", error.message) from error
        with self._database.unit() as uow:
            done = update(VoiceMessageRow).where(VoiceMessageRow.provider_ref == recording)
            uow.session.execute(done.values(forgotten_at=uow.now()))

    def _keep(self, message: UUID, ulaw: bytes) -> None:
        with self._database.unit() as uow:
            row = uow.session.get(VoiceMessageRow, message, with_for_update=True)
            if row is None or row.provider_ref is None or row.fetched_at is not None or row.deleted_at is not None:
                return
            row.key = new_key()
            row.sound = seal(row.key, row.id, "sound", ulaw)
            row.sha256 = hashlib.sha256(ulaw).hexdigest()
            row.seconds = len(ulaw) / codec.RATE
            row.fetched_at = uow.now()
            uow.send(TRANSCRIBE, {"message": str(message)})
            uow.send(FORGET, {"recording": row.provider_ref})

    def _lose(self, message: UUID) -> None:
        with self._database.unit() as uow:
            row = uow.session.get_one(VoiceMessageRow, message, with_for_update=True)
            row.lost_at = uow.now()
            row.transcription = Transcription.FAILED
        log.error("event=message_lost message=%s", message)
