"""A record as the tests look at it: with its person and every answer, and where each came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from tracing.people.model import Person
from tracing.records.model import Record, RecordAnswer

_RECORDS = select(Record, Person).outerjoin(Person, Person.id == Record.person_id)


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


def read_record(uow: UnitOfWork, record_id: UUID) -> RecordView | None:
    """One record with all its answers; None when there is none."""
    row = uow.session.execute(_RECORDS.where(Record.id == record_id)).one_or_none()
    if row is None:
        return None
    answers = uow.session.scalars(
        select(RecordAnswer).where(RecordAnswer.record_id == record_id).order_by(RecordAnswer.at, RecordAnswer.id)
    )
    return RecordView(row[0], row[1], tuple(_answer(answer) for answer in answers))


def record_of_call(uow: UnitOfWork, call_id: UUID) -> RecordView | None:
    """The record that a call wrote into: its own, or the draft of an earlier call that it went on with."""
    record_id = uow.session.scalar(
        select(RecordAnswer.record_id).where(RecordAnswer.call_id == call_id).limit(1)
    ) or uow.session.scalar(select(Record.id).where(Record.call_id == call_id))
    return None if record_id is None else read_record(uow, record_id)


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
