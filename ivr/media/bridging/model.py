"""The table of those who wait on the line."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.tables import Base
from ivr.calls.model import Call

LEG = "leg:"
"""How rooms begin in which a caller waits for a telephone that we ring."""


class WaitingLine(Base):
    """A call that is in a room now, on the media process `process`; a browser reaches it at `address`. A row counts
    while the call is not over and that process shows signs of life, no longer."""

    __tablename__ = "waiting_line"

    room: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[UUID] = mapped_column(ForeignKey(Call.id), unique=True)
    stay: Mapped[UUID] = mapped_column(index=True)  # one coming and going; a later one of the same call has another
    address: Mapped[str]
    process: Mapped[str]
    since: Mapped[datetime]
    talks_since: Mapped[datetime | None]
