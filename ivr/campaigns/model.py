"""Campaigns, their targets, and the attempts to reach each."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import SmallInteger

from core.areas import area_column
from core.encryption import EncryptedText
from core.ids import new_id
from core.tables import Base


class CampaignKind(StrEnum):
    """`list`: people plan it, for a list of people, and it comes to an end. The others stand for ever, one of each, and
    their targets come one by one: `call_back` for those whom we owe a call, `missed_call` for those who rang once,
    `follow_up` for the daily calls to those under follow-up."""

    LIST = "list"
    CALL_BACK = "call_back"
    MISSED_CALL = "missed_call"
    FOLLOW_UP = "follow_up"


class CampaignState(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    ABORTED = "aborted"


class TargetState(StrEnum):
    """`waiting` for its next attempt at `next_at`; `calling`; `done` with a disposition."""

    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"


class AttemptState(StrEnum):
    """`claimed`: decided, not yet given to the carrier. `placing`: being given; after a crash we cannot know, so the
    carrier is asked. `placed`: the carrier has it. `ended`: over, with an outcome."""

    CLAIMED = "claimed"
    PLACING = "placing"
    PLACED = "placed"
    ENDED = "ended"


_WAITING = text("state = 'waiting'")


class Campaign(Base):
    __tablename__ = "campaign"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(server_default=CampaignKind.LIST)
    name: Mapped[str]
    script: Mapped[str]  # of a standing campaign: its targets carry their own
    carrier: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="vi")
    state: Mapped[str] = mapped_column(server_default=CampaignState.DRAFT)
    zone: Mapped[str]
    window_from: Mapped[time]
    window_until: Mapped[time]
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))  # 0 Monday … 6 Sunday
    last_moment: Mapped[datetime | None]  # after it a target is overdue, never dialed
    cap: Mapped[int]  # calls at the same time
    pace: Mapped[float]  # calls per second
    ring_seconds: Mapped[int] = mapped_column(server_default=text("40"))
    on_machine: Mapped[str] = mapped_column(server_default="message")  # message, hang_up
    retries: Mapped[dict[str, Any]]  # outcome -> list of delays in seconds: {"busy": [120, 900], …}
    max_attempts: Mapped[int] = mapped_column(server_default=text("6"))  # dials of one target that reach the network
    area: Mapped[str] = area_column()
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("uq_campaign_standing", "kind", unique=True, postgresql_where=text("kind <> 'list'")),)


class CampaignArea(Base):
    """An area and time zone (`zone` empty: the campaign's) with targets of a campaign, and when it last got a line:
    areas take turns (N13). Never removed, so that its few rows stand for all targets when the next ones are chosen."""

    __tablename__ = "campaign_area"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    zone: Mapped[str] = mapped_column(primary_key=True)
    served_at: Mapped[datetime | None]


class Target(Base):
    __tablename__ = "target"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"))
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    phone: Mapped[str] = mapped_column(EncryptedText)
    language: Mapped[str]
    context: Mapped[dict[str, Any]]
    area: Mapped[str] = area_column()
    state: Mapped[str] = mapped_column(server_default=TargetState.WAITING)
    disposition: Mapped[str] = mapped_column(server_default="registered")  # the words of I12
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    outcomes: Mapped[dict[str, Any]]  # outcome -> how often
    resume_state: Mapped[dict[str, Any] | None]  # where the person left off (I3)
    script: Mapped[str | None]  # its own, instead of the campaign's
    zone: Mapped[str] = mapped_column(server_default="")  # the person's time zone; empty: the campaign's
    last_moment: Mapped[datetime | None]  # its own, beside the campaign's
    added_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    next_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        # A list names a person once; a call back may be owed to the same person again.
        Index("uq_target_person", "campaign_id", "person_id", unique=True, postgresql_where=text("script IS NULL")),
        # Choosing the next target of an area reads this index from its start: flat however large the campaign grows.
        Index("ix_target_due", "campaign_id", "area", "zone", "next_at", "id", postgresql_where=_WAITING),
        Index("ix_target_campaign", "campaign_id", "id"),  # for the console: the newest of a campaign, and no others
        Index("ix_target_calling", "campaign_id", postgresql_where=text("state = 'calling'")),
        Index("ix_target_next", "campaign_id", "next_at", postgresql_where=_WAITING),  # for the console
        Index(
            "ix_target_last_moment",
            "campaign_id",
            "last_moment",
            postgresql_where=text("state = 'waiting' AND last_moment IS NOT NULL"),
        ),
        Index("ix_target_phone", "phone", "added_at"),
        Index("ix_target_campaign_disposition", "campaign_id", "disposition", "state"),
        # How many missed calls were answered within the hour; targets of lists have no script of their own.
        Index("ix_target_owed", "campaign_id", "added_at", postgresql_where=text("script IS NOT NULL")),
    )


class Attempt(Base):
    """One dial of one target; goes to the carrier at most once (N12)."""

    __tablename__ = "attempt"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    target_id: Mapped[UUID] = mapped_column(ForeignKey("target.id"))
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id"))
    number: Mapped[int]
    phone: Mapped[str] = mapped_column(EncryptedText)
    state: Mapped[str] = mapped_column(server_default=AttemptState.CLAIMED)
    outcome: Mapped[str | None]
    claimed_at: Mapped[datetime]
    placing_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("target_id", "number"),
        Index("ix_attempt_live", "campaign_id", postgresql_where=text("state <> 'ended'")),
        Index("ix_attempt_placing", "campaign_id", "placing_at"),  # the pace: how many were dialed just now
        Index("ix_attempt_phone", "phone", "placing_at"),  # did we call this number, and when (N5)
        # People share phones: one live attempt per number, whatever the campaign.
        Index("uq_attempt_live_phone", "phone", unique=True, postgresql_where=text("state <> 'ended'")),
    )


class DoNotCall(Base):
    __tablename__ = "do_not_call"

    phone: Mapped[str] = mapped_column(EncryptedText, primary_key=True)
    reason: Mapped[str]
    at: Mapped[datetime]
