"""Records: filled forms, each answer with where it came from."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.areas import area_column
from core.ids import new_id, new_reference
from core.tables import Base


class Record(Base):
    """A filled form. `state`: draft (call going on or broken off), complete."""

    __tablename__ = "record"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    form: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True, default=new_reference)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"), unique=True)
    state: Mapped[str] = mapped_column(server_default="draft")
    language: Mapped[str]
    risk: Mapped[str | None]  # low, medium, high, red
    flagged: Mapped[bool] = mapped_column(server_default=text("false"))
    area: Mapped[str] = area_column()
    created_at: Mapped[datetime] = mapped_column(index=True)
    completed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_record_flagged", "created_at", postgresql_where=text("flagged")),
        # When somebody was first reached, of thousands of contacts, for reports: answered by the index alone.
        Index(
            "ix_record_first",
            "person_id",
            "created_at",
            "id",
            postgresql_include=["call_id"],
            postgresql_where=text("call_id IS NOT NULL"),
        ),
    )


class RecordAnswer(Base):
    """One answer with its provenance (invariant 5). A correction adds a row and closes the old one; nothing is lost."""

    __tablename__ = "record_answer"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    record_id: Mapped[UUID] = mapped_column(ForeignKey("record.id"))
    field: Mapped[str]
    value: Mapped[Any] = mapped_column(JSONB)
    source: Mapped[str]  # keys, speech, voice, script, staff
    heard: Mapped[str] = mapped_column(server_default="")
    confidence: Mapped[float | None]
    confirmed: Mapped[bool] = mapped_column(server_default=text("false"))
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"), index=True)
    turn: Mapped[int | None]
    step: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    corrected_by: Mapped[UUID | None]
    correction_reason: Mapped[str | None]

    __table_args__ = (
        Index("ix_record_answer_record_id", "record_id"),  # what was corrected is shown too
        Index(
            "uq_record_answer_current",
            "record_id",
            "field",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )
