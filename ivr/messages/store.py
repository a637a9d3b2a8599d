"""Keeping voice messages and reading them again. Sound goes in and comes out as µ-law; it is never at rest unsealed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from audio.codec import RATE
from core.database import UnitOfWork
from core.errors import UserError
from core.ids import new_id
from ivr.calls.model import Call
from ivr.messages.model import Kind, Transcription, VoiceMessageRow
from ivr.messages.sealing import new_key, seal, unseal

TRANSCRIBE = "messages.transcribe"
"""The job that writes down what a message says."""
KEEP_DAYS = 90
"""How long messages are kept when nothing else is said: the default of the setting."""


def keep(uow: UnitOfWork, *, call_id: UUID, turn: int, ulaw: bytes, days: int = KEEP_DAYS) -> str:
    """Keep a message that was recorded on a line of ours, sealed, until `days` from now; returns its recording id.

    Harmless to repeat: the same sound of the same turn is kept once. It is written down in the background after the
    commit. Raises UserError for a call that is not there, and for no sound.
    """
    message, added = _store(uow, call_id, turn, ulaw, days, Kind.MESSAGE)
    if added:
        uow.send(TRANSCRIBE, {"message": str(message)})
    return str(message)


def keep_answer(uow: UnitOfWork, *, call_id: UUID, turn: int, ulaw: bytes, days: int) -> UUID:
    """Keep what somebody said to the question of this turn, as a message is kept. Nobody writes it down: what was
    understood of it stands in the record. Harmless to repeat. Raises as `keep`."""
    return _store(uow, call_id, turn, ulaw, days, Kind.ANSWER)[0]


def _store(uow: UnitOfWork, call_id: UUID, turn: int, ulaw: bytes, days: int, kind: Kind) -> tuple[UUID, bool]:
    """The sound's id, and whether it was not there before."""
    if not ulaw:
        raise UserError("There is no sound in the voice message.")
    fingerprint = hashlib.sha256(ulaw).hexdigest()
    message, key = new_id(), new_key()
    added = uow.session.scalar(
        insert(VoiceMessageRow)
        .values(
            id=message,
            call_id=call_id,
            turn=turn,
            kind=kind,
            transcription=Transcription.WAITING if kind is Kind.MESSAGE else Transcription.NEVER,
            language=language_of(uow, call_id),
            created_at=uow.now(),
            fetched_at=uow.now(),
            seconds=len(ulaw) / RATE,
            sound=seal(key, message, "sound", ulaw),
            key=key,
            sha256=fingerprint,
            delete_after=uow.now() + timedelta(days=days),
        )
        .on_conflict_do_nothing(index_elements=["call_id", "turn", "sha256"])
        .returning(VoiceMessageRow.id)
    )
    if added is not None:
        return added, True
    same = VoiceMessageRow.call_id == call_id, VoiceMessageRow.turn == turn, VoiceMessageRow.sha256 == fingerprint
    return uow.session.scalars(select(VoiceMessageRow.id).where(*same)).one(), False


def sound_of(row: VoiceMessageRow) -> bytes | None:
    """The message as µ-law; None when it has not come yet, or is deleted."""
    if row.sound is None or row.key is None:
        return None
    return unseal(row.key, row.id, "sound", row.sound)


def transcript_of(row: VoiceMessageRow) -> str | None:
    """What the message says, as far as a machine understood it; None when it was not written down, or is deleted."""
    if row.transcript is None or row.key is None:
        return None
    return unseal(row.key, row.id, "transcript", row.transcript).decode()


def language_of(uow: UnitOfWork, call_id: UUID) -> str:
    """The language that the call is held in. Raises UserError for a call that is not there."""
    language = uow.session.scalar(select(Call.language).where(Call.id == call_id))
    if language is None:
        raise UserError("There is no such call.")
    return language
