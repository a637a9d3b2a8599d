"""Places where people met, who was there when, and whom a case named on the telephone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.areas import area_column
from core.encryption import EncryptedText
from core.ids import new_id
from core.tables import Base


class Venue(Base):
    """A place or an event: a market, a bus, a wedding."""

    __tablename__ = "venue"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    name_search: Mapped[str] = mapped_column(Computed("lower(immutable_unaccent(name))", persisted=True))
    kind: Mapped[str]  # home, work, school, market, transport, health, worship, event, other
    address: Mapped[str] = mapped_column(server_default="")
    area: Mapped[str] = area_column()
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]

    __table_args__ = (
        Index(
            "ix_venue_name_search",
            "name_search",
            postgresql_using="gin",
            postgresql_ops={"name_search": "gin_trgm_ops"},
        ),
    )


LONGEST_VISIT = timedelta(days=1)
MOST_UNCERTAIN = 720
"""Who stayed for longer has a visit for each day, and who is less sure than that is not sure of the day. Both bounds
let a query look for meetings in a short stretch of the index, however old and busy the venue is."""


class VenueVisit(Base):
    """Somebody was at a venue. Either time may be up to `uncertain_minutes` earlier or later."""

    __tablename__ = "venue_visit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    venue_id: Mapped[UUID] = mapped_column(ForeignKey("venue.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    arrived_at: Mapped[datetime]
    left_at: Mapped[datetime]
    uncertain_minutes: Mapped[int] = mapped_column(server_default=text("0"))
    source: Mapped[str]  # list, call, person
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint("arrived_at <= left_at AND left_at <= arrived_at + interval '1 day'", name="times"),
        CheckConstraint("uncertain_minutes BETWEEN 0 AND 720", name="uncertain"),
        UniqueConstraint("venue_id", "person_id", "arrived_at"),
        Index("ix_venue_visit_times", "venue_id", "arrived_at", "left_at"),
    )


class NamedContact(Base):
    """A number that a case keyed in: somebody they met. It waits until a person looks at it, and then became a contact
    (`contact_id`) or was put aside. The same number of the same case is kept once, however often it is keyed."""

    __tablename__ = "named_contact"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("disease_case.id"))
    phone: Mapped[str] = mapped_column(EncryptedText)
    met_on: Mapped[date | None]
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey("call.id"))
    turn: Mapped[int | None]
    said_at: Mapped[datetime]
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"))
    put_aside_at: Mapped[datetime | None]
    by: Mapped[UUID | None]

    __table_args__ = (UniqueConstraint("case_id", "phone"),)


class OverlapPutAside(Base):
    """Somebody looked at where this person and the case met at venues, and does not make a contact of them."""

    __tablename__ = "overlap_put_aside"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("disease_case.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    by: Mapped[UUID]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("case_id", "person_id"),)
