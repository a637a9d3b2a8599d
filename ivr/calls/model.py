"""A call and its log."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.areas import area_column
from core.encryption import EncryptedText
from core.ids import new_id
from core.tables import Base


class CallState(StrEnum):
    """Where a call is. Kept apart from why it failed (I1)."""

    CREATED = "created"
    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


class FailureReason(StrEnum):
    """Why a call failed, in one vocabulary for all carriers; the carrier's own code stands in `raw_code`."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    CANCELED = "canceled"
    PROVIDER_ERROR = "provider_error"
    LOST = "lost"
    NOT_DIALED = "not_dialed"  # surely no telephone was rung, so nothing is to be made of it


class ScriptRevision(Base):
    """A script as it was when a call began on it. Immutable: a call in progress finishes on its revision."""

    __tablename__ = "script_revision"

    revision: Mapped[str] = mapped_column(primary_key=True)
    script: Mapped[str]
    source: Mapped[str]
    created_at: Mapped[datetime]


class Call(Base):
    __tablename__ = "call"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    direction: Mapped[str]  # inbound, outbound
    carrier: Mapped[str]
    provider_ref: Mapped[str | None]  # the carrier's own id (Twilio: CallSid)
    remote_number: Mapped[str] = mapped_column(EncryptedText, index=True)
    state: Mapped[str] = mapped_column(server_default=CallState.CREATED)
    failure_reason: Mapped[str | None]
    raw_code: Mapped[str | None]
    answered_by: Mapped[str | None]  # human, machine, unknown
    script: Mapped[str]
    revision: Mapped[str] = mapped_column(ForeignKey("script_revision.revision"))
    language: Mapped[str]
    context: Mapped[dict[str, Any]]  # what the script is told of the person
    script_state: Mapped[dict[str, Any]]
    next_turn: Mapped[int] = mapped_column(server_default=text("0"))
    end_reason: Mapped[str | None]  # the script's own: completed, refused, wrong_person, machine, hangup, limit, …
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    campaign_id: Mapped[UUID | None] = mapped_column(index=True)
    target_id: Mapped[UUID | None] = mapped_column(index=True)
    attempt_id: Mapped[UUID | None] = mapped_column(unique=True)
    area: Mapped[str] = area_column()
    created_at: Mapped[datetime] = mapped_column(index=True)
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    talked_at: Mapped[datetime | None]  # when somebody of ours first talked with the caller, in a bridge
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("carrier", "provider_ref"),
        Index("ix_call_open", "created_at", postgresql_where=text("ended_at IS NULL")),
    )


class CallEvent(Base):
    """One line of a call's log. Event, actions, saved answers and notes of a turn replay it exactly (N2)."""

    __tablename__ = "call_event"

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    turn: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str]  # opened, event, effect, actions, saved, note, status, aside: see ivr.calls.log
    data: Mapped[dict[str, Any]]
