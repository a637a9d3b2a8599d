"""The department's clock: on which day something was, and where a day begins and ends.

The zone is that of the standing campaign of follow-up, which is set when the installation is prepared: the days that
are planned are the days that are dialed.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.database import UnitOfWork
from ivr.campaigns.model import Campaign, CampaignKind
from ivr.campaigns.standing import DEFAULT_ZONE

_KEPT = "tracing.zone"


def zone(uow: UnitOfWork) -> ZoneInfo:
    """The department's time zone."""
    kept = uow.session.info.get(_KEPT)
    if kept is None:
        found = uow.session.scalar(select(Campaign.zone).where(Campaign.kind == CampaignKind.FOLLOW_UP))
        kept = uow.session.info[_KEPT] = ZoneInfo(found or DEFAULT_ZONE)
    return kept


def local(uow: UnitOfWork, moment: datetime) -> datetime:
    """A moment on the department's clock."""
    return moment.astimezone(zone(uow))


def today(uow: UnitOfWork) -> date:
    """The department's day, now."""
    return local(uow, uow.now()).date()


def start_of(uow: UnitOfWork, day: date) -> datetime:
    """The first moment of a day. A day is over at the start of the next."""
    return datetime.combine(day, time(0), zone(uow))


def end_of(uow: UnitOfWork, day: date) -> datetime:
    """The first moment after a day."""
    return start_of(uow, day + timedelta(days=1))
