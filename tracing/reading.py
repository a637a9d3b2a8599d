"""Reading records: scoped by area, each answer with where it came from. The caller audits the read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from core.areas import within
from core.database import UnitOfWork
from tracing.model import Person, Record, RecordAnswer

PAGE = 50


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer. `superseded_at` is set for one that was given again, or corrected."""

    field: str
    value: Any
    source: str
    heard: str
    confidence: float | None
    confirmed: bool
    call_id: UUID | None
    turn: int | None
    step: str
    at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record with its person (None when we do not know whose it is) and its answers in the order they were given."""

    record: Record
    person: Person | None
    answers: tuple[AnswerView, ...] = ()

    @property
    def current(self) -> dict[str, AnswerView]:
        """The answers that count, by field."""
        return {answer.field: answer for answer in self.answers if answer.superseded_at is None}


def read_record(uow: UnitOfWork, record_id: UUID, area: str = "") -> RecordView | None:
    """One record with all its answers; None when there is none, or none inside `area`."""
    row = uow.session.execute(_records(area).where(Record.id == record_id)).one_or_none()
    if row is None:
        return None
    answers = uow.session.scalars(
        select(RecordAnswer).where(RecordAnswer.record_id == record_id).order_by(RecordAnswer.at, RecordAnswer.id)
    )
    return RecordView(row[0], row[1], tuple(_answer(answer) for answer in answers))


def list_records(
    uow: UnitOfWork,
    area: str = "",
    *,
    flagged: bool = False,
    form: str | None = None,
    person_id: UUID | None = None,
    before: datetime | None = None,
    limit: int = PAGE,
) -> Sequence[RecordView]:
    """Records inside `area`, the newest first, without their answers. `before` is where the last page ended."""
    query = _records(area).order_by(Record.created_at.desc(), Record.id.desc()).limit(limit)
    if flagged:
        query = query.where(Record.flagged)
    if form is not None:
        query = query.where(Record.form == form)
    if person_id is not None:
        query = query.where(Record.person_id == person_id)
    if before is not None:
        query = query.where(Record.created_at < before)
    return [RecordView(record, person) for record, person in uow.session.execute(query)]


def record_of_call(uow: UnitOfWork, call_id: UUID, area: str = "") -> RecordView | None:
    """The record that a call wrote into: its own, or the draft of an earlier call that it went on with."""
    record_id = uow.session.scalar(
        select(RecordAnswer.record_id).where(RecordAnswer.call_id == call_id).limit(1)
    ) or uow.session.scalar(select(Record.id).where(Record.call_id == call_id))
    return None if record_id is None else read_record(uow, record_id, area)


def _records(area: str) -> Select[Record, Person | None]:
    return select(Record, Person).outerjoin(Person, Person.id == Record.person_id).where(within(Record.area, area))


def _answer(row: RecordAnswer) -> AnswerView:
    return AnswerView(
        field=row.field,
        value=row.value,
        source=row.source,
        heard=row.heard,
        confidence=row.confidence,
        confirmed=row.confirmed,
        call_id=row.call_id,
        turn=row.turn,
        step=row.step,
        at=row.at,
        superseded_at=row.superseded_at,
    )
