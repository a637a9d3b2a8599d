"""The legs of the SIP gateways: telephones that are to be rung, that ring, or that talk."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.encryption import EncryptedText
from core.tables import Base


class LegState(StrEnum):
    """`ordered`: no gateway has it yet. `claimed`: one has, and may have dialed; nobody else ever will."""

    ORDERED = "ordered"
    CLAIMED = "claimed"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class SipLeg(Base):
    """One telephone on a gateway. The leg of a call has the call's id; one that is rung for a room has its own."""

    __tablename__ = "sip_leg"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)  # the id when we ring, `in:` and its Call-ID when it rings us
    room: Mapped[str | None] = mapped_column(index=True)
    number: Mapped[str | None] = mapped_column(EncryptedText)  # to be rung; gone when it is over
    ring_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default=LegState.ORDERED)
    gateway: Mapped[str | None]  # the process that claimed it, by the name of its heartbeat
    failure_reason: Mapped[str | None]
    raw_code: Mapped[str | None]
    hang_up: Mapped[bool] = mapped_column(server_default=text("false"))  # somebody wants it ended
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    # Gateways look for orders every second, whatever has ended.
    __table_args__ = (Index("ix_sip_leg_open", "created_at", postgresql_where=text("ended_at IS NULL")),)
