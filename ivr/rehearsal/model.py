"""The newest rehearsal of each campaign: asked for, being made, or its report."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables import Base


class RehearsalState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Rehearsal(Base):
    """One row for a campaign: a new rehearsal takes the place of the one before. `number` says which it is, so that a
    job that was overtaken writes nothing. The report holds counts, and nothing of single people."""

    __tablename__ = "rehearsal"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    number: Mapped[int] = mapped_column(server_default=text("1"))
    state: Mapped[str] = mapped_column(server_default=RehearsalState.WAITING)
    seed: Mapped[int]
    people: Mapped[int | None]  # None: as many as are on the list
    share: Mapped[float] = mapped_column(server_default=text("0"))  # how much of it is done
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None]  # why there is no report: what is wrong, and in the next line what to do
