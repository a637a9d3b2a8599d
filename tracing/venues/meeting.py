"""Whom a case met at venues, by what is on file: one query over the index of visits, then `tracing.venues.overlap`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from core.database import UnitOfWork
from tracing.venues.model import LONGEST_VISIT, MOST_UNCERTAIN, VenueVisit
from tracing.venues.overlap import Met, Stay, Visited, Window, meetings

_UNSURE = timedelta(minutes=MOST_UNCERTAIN)


def met_at_venues(uow: UnitOfWork, person_id: UUID, window: Window, minutes_after: int) -> list[Met]:
    """Everybody who was where this person was, inside the window, the longest first."""
    rows = uow.session.execute(near_visits(person_id, window, minutes_after)).all()
    mine = {own.id: _visited(own) for own, _ in rows}
    theirs = {other.id: _visited(other) for _, other in rows}
    return meetings(mine.values(), theirs.values(), window, minutes_after)


def near_visits(person_id: UUID, window: Window, minutes_after: int) -> Select[VenueVisit, VenueVisit]:
    """Each visit of the person's in or near the window, with each of somebody else's that may have met it.

    For each of the person's visits only a stretch of a few days is read of the venue's visits, by the index on venue
    and arrival: a visit lasts a day at most, and its times are off by half a day at most. So it costs the same however
    many visits there are.
    """
    own, other = aliased(VenueVisit), aliased(VenueVisit)
    air = timedelta(minutes=minutes_after)
    return (
        select(own, other)
        .join(other, other.venue_id == own.venue_id)
        .where(
            own.person_id == person_id,
            own.arrived_at < window.until + _UNSURE,
            own.left_at >= window.first - _UNSURE,
            other.person_id != person_id,
            other.arrived_at >= own.arrived_at - LONGEST_VISIT - 2 * _UNSURE,
            other.arrived_at <= own.left_at + air + 2 * _UNSURE,
        )
    )


def _visited(visit: VenueVisit) -> Visited:
    off = timedelta(minutes=visit.uncertain_minutes)
    return Visited(visit.id, visit.venue_id, visit.person_id, Stay(visit.arrived_at, visit.left_at, off))
