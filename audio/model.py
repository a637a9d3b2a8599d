"""Recorded prompts: in the database, so that every machine plays the same, from one moment on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from core.ids import new_id
from core.tables import Base


class PromptRecording(Base):
    """A recording of the words `text` of one clip. It is played while it is not withdrawn and the script still says
    these words; what was replaced or withdrawn is kept, to be looked at and put back."""

    __tablename__ = "prompt_recording"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    language: Mapped[str]
    clip: Mapped[str]
    text: Mapped[str]
    voice: Mapped[str]  # who speaks
    sound: Mapped[bytes] = mapped_column(LargeBinary)  # 16-bit samples at 8 kHz, normalised and trimmed
    sha256: Mapped[str]
    seconds: Mapped[float]
    published_at: Mapped[datetime]
    published_by: Mapped[str]  # login
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_prompt_recording_played",
            "language",
            "clip",
            "text",
            unique=True,
            postgresql_where=sql("withdrawn_at IS NULL"),
        ),
        Index("ix_prompt_recording_clip", "language", "clip"),
    )
