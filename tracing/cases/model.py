"""Cases, their contacts, how they met, and what the laboratory said.

The axes of a contact and of a case are those of `tracing.cases.axes`; `tracing.cases.status` alone decides how they
change, and every change leaves a row of `contact_change`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.areas import area_column
from core.ids import new_id, new_reference
from core.tables import Base


class Case(Base):
    """Somebody who has the disease, or may have it (F0). `number` is what lists call it (BN12345). A list may name a
    case of which nothing else is known: it has no person."""

    __tablename__ = "disease_case"  # CASE is a word of SQL

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    disease: Mapped[str]
    number: Mapped[str] = mapped_column(default=new_reference)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    by_rule: Mapped[str]  # the axes: classification by the rules, by a person, and the outcome
    by_hand: Mapped[str | None]
    outcome: Mapped[str] = mapped_column(server_default="none_yet")
    onset_on: Mapped[date | None]
    sampled_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    area: Mapped[str] = area_column()
    reported_at: Mapped[datetime]  # when the department came to know of it
    created_by: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("disease", "number"),
        Index("ix_disease_case_reported_at", "reported_at"),
        # People search for a part of the number: "12345" finds BN12345.
        Index("ix_disease_case_number", "number", postgresql_using="gin", postgresql_ops={"number": "gin_trgm_ops"}),
    )


class Contact(Base):
    """A person who met a source: a case, or a contact of one (then they are F2 or further). `generation` follows from
    the sources and is kept for lists; `tracing.cases.generations` is the rule."""

    __tablename__ = "contact"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    disease: Mapped[str]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("disease_case.id"))  # whom they met
    became_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("disease_case.id"), index=True)
    source_contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"), index=True)
    generation: Mapped[int] = mapped_column(server_default=text("1"))  # F1, F2, …
    status: Mapped[str] = mapped_column(server_default="active")
    follow_up: Mapped[str] = mapped_column(server_default="no_follow_up")
    by_rule: Mapped[str] = mapped_column(server_default="unconfirmed")
    by_hand: Mapped[str | None]
    first_exposed_on: Mapped[date | None]
    last_exposed_on: Mapped[date | None]
    facts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # what rules ask about: home_is_fit, …
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"), index=True)
    area: Mapped[str] = area_column()
    source: Mapped[str]  # list, keyed (by the case, on the telephone), venue, person
    reported_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    # When follow-up is to be worked out: at once for who is new, None once it is, later where no rule holds yet.
    plan_at: Mapped[datetime | None] = mapped_column(server_default=text("'epoch'"))
    unplanned: Mapped[dict[str, Any] | None]  # why there is no follow-up, in words by language

    __table_args__ = (
        CheckConstraint("case_id IS NULL OR source_contact_id IS NULL", name="one_source"),
        Index("uq_contact_case", "person_id", "case_id", unique=True, postgresql_where=text("case_id IS NOT NULL")),
        Index(
            "uq_contact_unknown_source",
            "person_id",
            "disease",
            unique=True,
            postgresql_where=text("case_id IS NULL AND source_contact_id IS NULL"),
        ),
        Index(
            "uq_contact_source_contact",
            "person_id",
            "source_contact_id",
            unique=True,
            postgresql_where=text("source_contact_id IS NOT NULL"),
        ),
        Index("ix_contact_case_id", "case_id"),
        Index("ix_contact_followed", "area", "team_id", postgresql_where=text("follow_up = 'follow_up'")),
        Index("ix_contact_reported_at", "reported_at"),
        Index("ix_contact_plan_at", "plan_at", postgresql_where=text("plan_at IS NOT NULL")),
        # Who waits for a team; few, while there are teams.
        Index("ix_contact_without_team", "area", postgresql_where=text("team_id IS NULL AND status = 'active'")),
    )


class ContactChange(Base):
    """What changed about a contact or a case: an axis, a period, a team. `by` None: a rule, which `why` names."""

    __tablename__ = "contact_change"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("disease_case.id"), index=True)
    what: Mapped[str]  # status, follow_up, by_rule, by_hand, outcome, period, quarantine, team, source
    before: Mapped[Any] = mapped_column(JSONB)
    after: Mapped[Any] = mapped_column(JSONB)
    why: Mapped[str] = mapped_column(server_default="")
    by: Mapped[UUID | None]
    at: Mapped[datetime]


class Exposure(Base):
    """How and when a contact met the source: a person at home or work, an event, a venue both were at."""

    __tablename__ = "exposure"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"), index=True)
    kind: Mapped[str]  # person, household, event, venue
    day: Mapped[date]
    venue_id: Mapped[UUID | None] = mapped_column(ForeignKey("venue.id"), index=True)
    place: Mapped[str] = mapped_column(server_default="")
    minutes: Mapped[int | None]
    metres: Mapped[float | None]
    masked: Mapped[bool | None]
    source: Mapped[str]  # list, keyed, venue, person
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"))
    turn: Mapped[int | None]
    by: Mapped[UUID | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("contact_id", "day", "kind", "place", "venue_id", postgresql_nulls_not_distinct=True),
    )


class LabTest(Base):
    """A laboratory test of a person, for the case or the contact they are."""

    __tablename__ = "lab_test"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("disease_case.id"), index=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"), index=True)
    disease: Mapped[str]
    kind: Mapped[str]  # pcr, antigen, igm
    sampled_on: Mapped[date]
    result: Mapped[str] = mapped_column(server_default="pending")  # pending, positive, negative, unclear
    result_on: Mapped[date | None]
    laboratory: Mapped[str] = mapped_column(server_default="")
    by: Mapped[UUID | None]
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_lab_test_pending", "id", postgresql_where=text("result = 'pending'")),)
