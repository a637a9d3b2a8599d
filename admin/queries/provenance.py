"""Where the answers of a record came from: who corrected them, and what is left of the sound in which they were
said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.users import User
from ivr.messages.model import Kind, VoiceMessageRow
from tracing.records.model import RecordAnswer

Heard = tuple[UUID, int]
"""A call and its turn."""


def correctors(uow: UnitOfWork, answers: Iterable[RecordAnswer]) -> Mapping[UUID, str]:
    """The names of those who corrected these answers."""
    ids = {answer.corrected_by for answer in answers if answer.corrected_by is not None}
    rows = uow.session.execute(select(User.id, User.name).where(User.id.in_(ids))) if ids else ()
    return {row[0]: row[1] for row in rows}


def sounds(uow: UnitOfWork, answers: Iterable[RecordAnswer]) -> Mapping[Heard, VoiceMessageRow]:
    """The sound of spoken answers, by call and turn; deleted ones too, as the day of their deletion is told."""
    calls = {answer.call_id for answer in answers if answer.source == "speech" and answer.call_id is not None}
    if not calls:
        return {}
    rows = select(VoiceMessageRow).where(VoiceMessageRow.call_id.in_(calls), VoiceMessageRow.kind == Kind.ANSWER)
    rows = rows.order_by(VoiceMessageRow.created_at, VoiceMessageRow.id)
    return {(row.call_id, row.turn): row for row in uow.session.scalars(rows)}
