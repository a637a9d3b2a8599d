"""People, contacts, and the records of what they said."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.areas import area_column
from core.encryption import EncryptedText
from core.ids import new_id, new_reference
from core.tables import Base


class Person(Base):
    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    # Without diacritics and case, for people who type "nguyen van an".
    name_search: Mapped[str] = mapped_column(Computed("lower(immutable_unaccent(name))", persisted=True))
    birth_year: Mapped[int | None]
    sex: Mapped[str | None]
    phone: Mapped[str] = mapped_column(EncryptedText, index=True)
    language: Mapped[str] = mapped_column(server_default="vi")
    address: Mapped[str] = mapped_column(server_default="")
    area: Mapped[str] = area_column()
    created_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_person_name_search",
            "name_search",
            postgresql_using="gin",
            postgresql_ops={"name_search": "gin_trgm_ops"},
        ),
    )


class Contact(Base):
    """A person exposed to a source case (named as the list names it, until cases come in)."""

    __tablename__ = "contact"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    source_case: Mapped[str] = mapped_column(server_default="")
    generation: Mapped[int] = mapped_column(server_default=text("1"))  # F1, F2, …
    exposed_on: Mapped[date | None]
    exposure_place: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("person_id", "source_case"),)


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

    __table_args__ = (Index("ix_record_flagged", "created_at", postgresql_where=text("flagged")),)


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
        Index(
            "uq_record_answer_current",
            "record_id",
            "field",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )
