"""How long a person is followed up and kept apart for a disease, and what each day brought.

One period for each person and disease, however many contacts they are: nobody is called once for each case they met.
Periods and quarantines are never overwritten: a new one closes the one before, and both name the decision they follow.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.ids import new_id
from core.tables import Base

_CURRENT = text("superseded_at IS NULL")


class FollowUp(Base):
    """A period of follow-up, first and last day included. `rule`, `course` and `decision` say where it comes from and
    `situation` what was known of the person then; `reason`: started, new_exposure, extended, overridden, changed."""

    __tablename__ = "follow_up"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    disease: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    rule: Mapped[str]
    course: Mapped[str]
    decision: Mapped[str]
    situation: Mapped[dict[str, Any]]
    reason: Mapped[str]
    why: Mapped[str] = mapped_column(server_default="")
    by: Mapped[UUID | None]
    at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    settle_next: Mapped[date | None]  # the first day of which nobody has said yet what follows; None: nothing is left

    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="days"),
        Index("uq_follow_up_current", "person_id", "disease", unique=True, postgresql_where=_CURRENT),
        Index("ix_follow_up_last_day", "last_day", postgresql_where=_CURRENT),
        Index("ix_follow_up_settle_next", "settle_next", postgresql_where=_CURRENT),
    )


class PeriodAdjustment(Base):
    """What lengthens or shortens a period beside its rule. `kind`: `last_day` (a person set the last day of follow-up),
    `confinement` (a person set the last confined day of the quarantine), `missed` (a last day without a talk). All are
    kept, with author, time and reason; `tracing.followup.planning` works the period out from them."""

    __tablename__ = "period_adjustment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    disease: Mapped[str]
    kind: Mapped[str]
    day: Mapped[date]
    by: Mapped[UUID | None]
    by_name: Mapped[str] = mapped_column(server_default="")  # as people know the author
    why: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_period_adjustment_person", "person_id", "disease"),
        Index(
            "uq_period_adjustment_missed",
            "person_id",
            "disease",
            "day",
            unique=True,
            postgresql_where=text("kind = 'missed'"),
        ),
    )


class Quarantine(Base):
    """One part of a quarantine: where, and from which day to which. Parts of one order share `order_id`; a new order
    (extended, reduced, lifted) closes the parts of the one before."""

    __tablename__ = "quarantine"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    disease: Mapped[str]
    place: Mapped[str]  # centre, home, self_monitoring
    first_day: Mapped[date]
    last_day: Mapped[date]
    decision: Mapped[str]
    reason: Mapped[str]  # ordered, new_exposure, extended, reduced, lifted
    why: Mapped[str] = mapped_column(server_default="")
    by: Mapped[UUID | None]
    at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="days"),
        Index("ix_quarantine_person", "person_id", "disease"),
    )


class FollowUpVisit(Base):
    """One follow-up of one day: a call, or somebody who went there. `result` None: not yet. Calls that were ordered
    have a target; what was answered stands in the record."""

    __tablename__ = "follow_up_visit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    disease: Mapped[str]
    day: Mapped[date]
    nth: Mapped[int] = mapped_column(server_default=text("1"))  # of that day
    result: Mapped[str | None]  # cooperative, uncooperative, unavailable, not_performed
    how: Mapped[str] = mapped_column(server_default="call")  # call, visit
    target_id: Mapped[UUID | None] = mapped_column(ForeignKey("target.id"), unique=True)
    record_id: Mapped[UUID | None] = mapped_column(ForeignKey("record.id"))
    symptoms: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))  # ids of the rulebook, red flags too
    risk: Mapped[str | None]  # by the rulebook, from what was answered: low, medium, high, red
    note: Mapped[str] = mapped_column(server_default="")
    by: Mapped[UUID | None]
    at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("person_id", "disease", "day", "nth"),
        Index("ix_follow_up_visit_day", "day"),  # for reports
        Index("ix_follow_up_visit_due", "day", postgresql_where=text("result IS NULL")),
        # Ordering the calls of a day reads those that are left, not those of the whole day again and again.
        Index("ix_follow_up_visit_open", "day", postgresql_where=text("result IS NULL AND target_id IS NULL")),
        # For the day's work: who said that they are ill, and whom nobody reached.
        Index("ix_follow_up_visit_ill", "day", postgresql_where=text("symptoms <> '[]'")),
        Index("ix_follow_up_visit_missed", "day", postgresql_where=text("result = 'unavailable'")),
    )
