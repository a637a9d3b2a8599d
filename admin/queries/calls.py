"""Calls: the list, and one call with the person behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from admin.policy import Viewer, scoped
from admin.queries.paging import AnySelect, Page, page_of
from admin.queries.treated import record_of
from core.database import UnitOfWork
from ivr.calls.model import Call
from ivr.campaigns.model import Campaign
from telehealth.model import WAS_BOOKED, Appointment, QueueEntry
from tracing.people.model import Person
from tracing.records.model import Record


@dataclass(frozen=True, slots=True)
class CallRow:
    """A line of the list of calls."""

    id: UUID
    person: str
    phone: str
    direction: str
    state: str
    failure_reason: str | None
    end_reason: str | None
    language: str
    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long they talked; None when nobody answered or they still talk."""
        if self.answered_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.answered_at).total_seconds()


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What the list is narrowed to; empty means all. `phone` is E.164."""

    state: str = ""
    direction: str = ""
    campaign_id: UUID | None = None
    phone: str = ""


def list_calls(uow: UnitOfWork, viewer: Viewer, wanted: CallFilter, before: str | None) -> Page[CallRow]:
    """The calls of the viewer's area, newest first."""
    query: AnySelect = select(
        Call.id,
        func.coalesce(Person.name, ""),
        Call.remote_number,
        Call.direction,
        Call.state,
        Call.failure_reason,
        Call.end_reason,
        Call.language,
        Call.created_at,
        Call.answered_at,
        Call.ended_at,
    ).outerjoin(Person, Person.id == Call.person_id)
    query = scoped(query, Call.area, viewer)
    if wanted.state == "live":
        query = query.where(Call.ended_at.is_(None))
    elif wanted.state:
        query = query.where(Call.state == wanted.state)
    if wanted.direction:
        query = query.where(Call.direction == wanted.direction)
    if wanted.campaign_id:
        query = query.where(Call.campaign_id == wanted.campaign_id)
    if wanted.phone:
        query = query.where(Call.remote_number == wanted.phone)
    return page_of(uow, query, Call.id, before, lambda row: CallRow(*row))


@dataclass(frozen=True, slots=True)
class CallPage:
    """One call and what came of it."""

    call: Call
    person: str
    campaign: Campaign | None
    record: Record | None
    appointments: Sequence[Appointment]
    queue: QueueEntry | None


def find_call(uow: UnitOfWork, viewer: Viewer, call_id: UUID) -> CallPage | None:
    """The call, None when there is none or it lies outside the viewer's area."""
    found = uow.session.execute(
        scoped(
            select(Call, Person.name, Campaign, Record, QueueEntry)
            .outerjoin(Person, Person.id == Call.person_id)
            .outerjoin(Campaign, Campaign.id == Call.campaign_id)
            .outerjoin(Record, Record.id == record_of(Call.id))
            .outerjoin(QueueEntry, QueueEntry.call_id == Call.id)
            .where(Call.id == call_id),
            Call.area,
            viewer,
        )
    ).first()
    if found is None:
        return None
    call, person, campaign, record, queue = found
    appointments = uow.session.scalars(
        select(Appointment).where(Appointment.call_id == call_id, WAS_BOOKED).order_by(Appointment.created_at)
    ).all()
    return CallPage(call, person or "", campaign, record, appointments, queue)
