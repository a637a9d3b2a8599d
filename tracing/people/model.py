"""People, and what was found out about who is whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.areas import area_column
from core.encryption import EncryptedText
from core.ids import new_id
from core.tables import Base


class Person(Base):
    """Somebody. One who was found to be somebody else on file is `merged_into` them: nobody sees that entry any more,
    and the merge can be undone."""

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
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "ix_person_name_search",
            "name_search",
            postgresql_using="gin",
            postgresql_ops={"name_search": "gin_trgm_ops"},
        ),
        # Namesakes of one birth year: who is perhaps the same person on another number.
        Index("ix_person_namesakes", "name_search", "birth_year"),
    )


class PersonMerge(Base):
    """Two entries of one person made one: `merged_id` became `kept_id`. `moved` is what it takes to undo it: the rows
    that changed hands, and what was filled in from the other entry."""

    __tablename__ = "person_merge"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kept_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    merged_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    why: Mapped[list[Any]]  # what spoke for it, as it was shown to whoever decided
    moved: Mapped[dict[str, Any]]
    by: Mapped[UUID]
    at: Mapped[datetime]
    undone_by: Mapped[UUID | None]
    undone_at: Mapped[datetime | None]


class NotDuplicate(Base):
    """Somebody looked at these two and said that they are two. `low_id` is the smaller id."""

    __tablename__ = "not_duplicate"

    low_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    high_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    by: Mapped[UUID]
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("low_id < high_id", name="order"),
        Index("ix_not_duplicate_high_id", "high_id"),
    )


class DuplicateCandidate(Base):
    """Two entries that resemble each other, found in the background; `signs` are those of `tracing.people.likeness`. It
    goes when somebody decides, and when the two no longer resemble each other."""

    __tablename__ = "duplicate_candidate"

    low_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    high_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    degree: Mapped[int]
    points: Mapped[int]
    signs: Mapped[list[Any]]
    found_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("low_id < high_id", name="order"),
        Index("ix_duplicate_candidate_order", "degree", "points", "low_id", "high_id"),
        Index("ix_duplicate_candidate_high_id", "high_id"),
    )


class DuplicateSearch(Base):
    """How far the search for duplicates has come: `new` follows the people who are added, `round` goes over all of them
    again and again, for what is known of people changes."""

    __tablename__ = "duplicate_search"

    name: Mapped[str] = mapped_column(primary_key=True)
    after: Mapped[UUID | None]
    at: Mapped[datetime]


class Dose(Base):
    """A dose of vaccine. `number` counts from 1; `given_on` None: that it was given is known, the day is not."""

    __tablename__ = "dose"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    disease: Mapped[str]
    number: Mapped[int]
    vaccine: Mapped[str] = mapped_column(server_default="")
    given_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(server_default="")  # list, call, person
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("person_id", "disease", "number"),)
