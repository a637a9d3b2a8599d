"""Which calls have their line up now, in whichever media process: each tells it with its sign of life."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.heartbeats import Heartbeat

FRESH = timedelta(seconds=30)
"""Older than this, a media process (which beats every two seconds) says nothing about now."""


def lines_up(uow: UnitOfWork) -> frozenset[UUID]:
    """The calls that media processes conduct, by their last sign of life."""
    told = uow.session.scalars(
        select(Heartbeat.status).where(Heartbeat.kind == "media", Heartbeat.at > uow.now() - FRESH)
    )
    return frozenset(UUID(call) for status in told for call in status.get("up", ()))
