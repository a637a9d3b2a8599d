"""Records: the list that tracers work on, and one record with the way every answer came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CompoundSelect, func, select

from admin.policy import Viewer, scoped
from admin.queries.paging import AnySelect, Page, page_of
from admin.queries.treated import seen_records
from core.database import UnitOfWork
from ivr.calls.model import Call
from telehealth.model import WAS_BOOKED, Appointment
from tracing.cases.reading import Met, met_by
from tracing.people.model import Person
from tracing.records.model import Record, RecordAnswer


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A line of the list of records. A caller whom nobody knows has no name."""

    id: UUID
    reference: str
    form: str
    state: str
    risk: str | None
    flagged: bool
    language: str
    created_at: datetime
    completed_at: datetime | None
    call_id: UUID | None
    campaign_id: UUID | None
    person_id: UUID | None
    name: str
    birth_year: int | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """What the list is narrowed to; empty means all. `phone` is E.164, `since` and `until` a span of creation."""

    flagged: bool = False
    risk: str = ""
    state: str = ""
    form: str = ""
    name: str = ""
    phone: str = ""
    since: datetime | None = None
    until: datetime | None = None
    campaign_id: UUID | None = None


def list_records(
    uow: UnitOfWork, viewer: Viewer, wanted: RecordFilter, before: str | None = None, size: int = 50
) -> Page[RecordRow]:
    """The records of the viewer's area, newest first."""
    query: AnySelect = (
        select(
            Record.id,
            Record.reference,
            Record.form,
            Record.state,
            Record.risk,
            Record.flagged,
            Record.language,
            Record.created_at,
            Record.completed_at,
            Record.call_id,
            Call.campaign_id,
            Record.person_id,
            func.coalesce(Person.name, ""),
            Person.birth_year,
            func.coalesce(Person.phone, Call.remote_number, type_=Person.phone.type),
        )
        .outerjoin(Person, Person.id == Record.person_id)
        .outerjoin(Call, Call.id == Record.call_id)
    )
    query = _narrowed(scoped(query, Record.area, viewer), wanted)
    return page_of(uow, query, Record.id, before, lambda row: RecordRow(*row), size)


def _narrowed(query: AnySelect, wanted: RecordFilter) -> AnySelect:
    if wanted.flagged:
        query = query.where(Record.flagged)
    for column, value in ((Record.risk, wanted.risk), (Record.state, wanted.state), (Record.form, wanted.form)):
        if value:
            query = query.where(column == value)
    if wanted.name:
        # The stored column is unaccented and lower case: so is what was typed, by the same function.
        typed = func.lower(func.immutable_unaccent(wanted.name))
        query = query.where(Person.name_search.contains(typed))
    if wanted.phone:
        query = query.where(Record.id.in_(_records_of_number(wanted.phone)))
    if wanted.since:
        query = query.where(Record.created_at >= wanted.since)
    if wanted.until:
        query = query.where(Record.created_at < wanted.until)
    if wanted.campaign_id:
        query = query.where(Call.campaign_id == wanted.campaign_id)
    return query


def _records_of_number(phone: str) -> CompoundSelect[UUID]:
    """Records of people with this number and of calls with it. A union, since PostgreSQL uses both indexes for it; for
    a condition with OR across two tables it reads all records."""
    of_people = select(Record.id).join(Person, Person.id == Record.person_id).where(Person.phone == phone)
    of_calls = select(Record.id).join(Call, Call.id == Record.call_id).where(Call.remote_number == phone)
    return of_people.union(of_calls)


def answers_of(uow: UnitOfWork, record_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[RecordAnswer]]:
    """The current answers of several records, in one query."""
    found: dict[UUID, list[RecordAnswer]] = {record_id: [] for record_id in record_ids}
    for answer in uow.session.scalars(
        select(RecordAnswer)
        .where(RecordAnswer.record_id.in_(record_ids), RecordAnswer.superseded_at.is_(None))
        .order_by(RecordAnswer.turn, RecordAnswer.id)
    ):
        found[answer.record_id].append(answer)
    return found


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One record, the person, how they were exposed, all answers (replaced ones too), and their appointments."""

    record: Record
    person: Person | None
    phone: str
    contacts: Sequence[Met]
    answers: Sequence[RecordAnswer]
    appointments: Sequence[Appointment]


def find_record(uow: UnitOfWork, viewer: Viewer, record_id: UUID) -> RecordPage | None:
    """The record, None when there is none or it is not the viewer's to see."""
    found = uow.session.execute(
        select(Record, Person, Call.remote_number)
        .outerjoin(Person, Person.id == Record.person_id)
        .outerjoin(Call, Call.id == Record.call_id)
        .where(Record.id == record_id, seen_records(viewer))
    ).first()
    if found is None:
        return None
    record, person, dialed = found
    contacts = met_by(uow, person.id) if person is not None else []
    answers = uow.session.scalars(
        select(RecordAnswer).where(RecordAnswer.record_id == record.id).order_by(RecordAnswer.turn, RecordAnswer.id)
    ).all()
    appointments = uow.session.scalars(
        select(Appointment)
        .where(Appointment.call_id.in_({answer.call_id for answer in answers if answer.call_id}), WAS_BOOKED)
        .order_by(Appointment.created_at)
    ).all()
    return RecordPage(record, person, person.phone if person else dialed or "", contacts, answers, appointments)
