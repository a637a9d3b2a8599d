"""Practitioners, their weekly hours, appointments, the queue for a doctor's voice, and what doctors note down."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, literal_column, text
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger, Text

from core.areas import area_column
from core.encryption import EncryptedText
from core.ids import new_id, new_reference
from core.tables import Base
from core.users import User
from ivr.calls.model import Call


class AppointmentState(StrEnum):
    """FHIR R4 AppointmentStatus. A `proposed` appointment is a hold: it stands until `hold_until`."""

    PROPOSED = "proposed"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    NO_SHOW = "noshow"
    CANCELLED = "cancelled"


LIVE = (AppointmentState.PROPOSED, AppointmentState.BOOKED, AppointmentState.ARRIVED, AppointmentState.FULFILLED)
_LIVE_SQL = "state IN (" + ", ".join(f"'{state}'" for state in LIVE) + ")"


class Practitioner(Base):
    __tablename__ = "practitioner"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(User.id), unique=True)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    zone: Mapped[str]
    area: Mapped[str] = area_column()
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class WeeklyHours(Base):
    """A practitioner's regular hours on one weekday, in the practitioner's zone, cut into slots of `slot_minutes`; when
    that is None, the practitioner is on duty for the queue and has no appointments. `ends` at 00:00 is midnight."""

    __tablename__ = "weekly_hours"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioner.id"), index=True)
    weekday: Mapped[int] = mapped_column(SmallInteger)  # 0 Monday … 6 Sunday
    starts: Mapped[time]
    ends: Mapped[time]
    slot_minutes: Mapped[int | None]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class Appointment(Base):
    """A slot taken. The database forbids that live appointments of a practitioner, or of a person, overlap."""

    __tablename__ = "appointment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioner.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    state: Mapped[str] = mapped_column(server_default=AppointmentState.PROPOSED)
    hold_until: Mapped[datetime | None]
    # The person, or the caller's call while the caller is nobody we know.
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey(Call.id), index=True)
    reference: Mapped[str] = mapped_column(unique=True, default=new_reference)
    language: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    area: Mapped[str] = area_column()
    created_at: Mapped[datetime]

    __table_args__ = (
        ExcludeConstraint(
            (literal_column("practitioner_id"), "="),
            (literal_column("during"), "&&"),
            where=text(_LIVE_SQL),
            using="gist",
            name="ex_appointment_practitioner",
        ),
        # Holds are left out here: one call holds several slots while it offers them.
        ExcludeConstraint(
            (literal_column("person_id"), "="),
            (literal_column("during"), "&&"),
            where=text("person_id IS NOT NULL AND state IN ('booked', 'arrived', 'fulfilled')"),
            using="gist",
            name="ex_appointment_person",
        ),
        Index("ix_appointment_holds", "hold_until", postgresql_where=text("state = 'proposed'")),
        Index("ix_appointment_start", func.lower(literal_column("during"))),
    )


# What people call an appointment: not the holds of a call that is choosing, nor those that it gave back.
WAS_BOOKED = Appointment.hold_until.is_(None)


class QueueEntry(Base):
    """Somebody who waits for a doctor now. `state`: waiting, taken, done, left."""

    __tablename__ = "queue_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    call_id: Mapped[UUID | None] = mapped_column(ForeignKey(Call.id), unique=True)
    urgency: Mapped[int] = mapped_column(SmallInteger)  # 0 red flag, 1 urgent, 2 routine
    reason: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    area: Mapped[str] = area_column()
    created_at: Mapped[datetime]
    taken_by: Mapped[UUID | None] = mapped_column(ForeignKey("practitioner.id"))
    taken_at: Mapped[datetime | None]  # or when a call back was ordered, or the talk was last seen: `queue.OFFER` runs
    # The doctor from whom the place went back by itself, who may still write the note.
    was_with: Mapped[UUID | None] = mapped_column(ForeignKey("practitioner.id"))
    done_at: Mapped[datetime | None]
    # The call back that was last ordered for this place by who has it, and how many of all reached nobody.
    callback_id: Mapped[UUID | None] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    # They asked to be called later, not before this moment; a doctor may still take them by hand.
    call_after: Mapped[datetime | None]
    # The telephone that the doctor who has the place last had rung for it (`sip_leg`).
    telephone_id: Mapped[UUID | None]
    # Waited too long: from then on shown to the doctors of every area.
    escalated_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_queue_entry_waiting", "urgency", "created_at", postgresql_where=text("state = 'waiting'")),
    )


class ConsultationOutcome(StrEnum):
    """What the doctor and the person agreed on."""

    ADVISED = "advised"
    HOME_CARE = "home_care"
    TO_CLINIC = "to_clinic"
    EMERGENCY = "emergency"


class Consultation(Base):
    """What a doctor wrote down after talking with somebody from the queue."""

    __tablename__ = "consultation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("queue_entry.id"), index=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioner.id"))
    outcome: Mapped[str]
    note: Mapped[str] = mapped_column(EncryptedText)
    created_at: Mapped[datetime]
