"""Which media processes there are, and which calls have their line up there: each tells it with its sign of life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.database import UnitOfWork
from core.heartbeats import Heartbeat

FRESH = timedelta(seconds=30)
"""Older than this, a media process (which beats every two seconds) says nothing about now."""
ALIVE = timedelta(seconds=15)
"""No line is sent to a media process that has been silent for longer."""


def lines_up(uow: UnitOfWork) -> frozenset[UUID]:
    """The calls that media processes conduct, by their last sign of life."""
    return frozenset(UUID(call) for told in _told(uow, FRESH) for call in told.get("up", ()))


def lines_kept(uow: UnitOfWork) -> frozenset[UUID]:
    """The calls that media processes conduct, or whose line was lost a moment ago and may come back to them."""
    awaited = frozenset(UUID(call) for told in _told(uow, FRESH) for call in told.get("awaited", ()))
    return lines_up(uow) | awaited


def line_addresses(uow: UnitOfWork) -> frozenset[str]:
    """Where browsers reach the media processes that are alive."""
    return frozenset(told["address"] for told in _told(uow, ALIVE) if told.get("address"))


def line_address(uow: UnitOfWork, usual: str) -> str:
    """Where a line goes for which any media process will do: the usual one, unless only others are alive."""
    alive = line_addresses(uow)
    return usual if usual in alive or not alive else min(alive)


def _told(uow: UnitOfWork, within: timedelta) -> list[dict[str, Any]]:
    fresh = select(Heartbeat.status).where(Heartbeat.kind == "media", Heartbeat.at > uow.now() - within)
    return list(uow.session.scalars(fresh))
