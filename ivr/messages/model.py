"""Voice messages, and answers in somebody's own voice. What they say stands here sealed only; a deleted one leaves its
dates and the fingerprint of what was there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.encryption import EncryptedText
from core.ids import new_id
from core.tables import Base


class Transcription(StrEnum):
    """How far the words of a message have come."""

    WAITING = "waiting"
    DONE = "done"
    EMPTY = "empty"  # no word was understood
    NO_MODEL = "no_model"
    FAILED = "failed"
    NEVER = "never"  # an answer: what was understood of it stands in the record


class Kind(StrEnum):
    """What somebody said: a message that they left, or the answer to one question."""

    MESSAGE = "message"
    ANSWER = "answer"


class VoiceMessageRow(Base):
    __tablename__ = "voice_message"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"))
    turn: Mapped[int]
    kind: Mapped[str] = mapped_column(server_default=Kind.MESSAGE)
    language: Mapped[str]
    created_at: Mapped[datetime]
    seconds: Mapped[float]
    provider_ref: Mapped[str | None] = mapped_column(unique=True)  # the carrier's own id, of one that it recorded
    fetched_at: Mapped[datetime | None]  # when the sound came here; None while the carrier alone has it
    lost_at: Mapped[datetime | None]  # the carrier had it no more, or would not give it
    forgotten_at: Mapped[datetime | None]  # when the carrier said that it has deleted its own
    sound: Mapped[bytes | None] = mapped_column(LargeBinary)  # µ-law, sealed under `key`
    key: Mapped[str | None] = mapped_column(EncryptedText)
    sha256: Mapped[str | None]  # of the sound before it was sealed
    transcription: Mapped[str] = mapped_column(server_default=Transcription.WAITING)
    transcription_tries: Mapped[int] = mapped_column(server_default=text("0"))
    transcript: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed under `key`
    delete_after: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("call_id", "turn", "sha256"),
        # The tick that deletes looks only at what is still there.
        Index("ix_voice_message_due", "delete_after", postgresql_where=text("deleted_at IS NULL")),
    )
