"""The numbers of the first page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from admin.policy import Viewer, scoped
from admin.queries.treated import seen_appointments
from core.database import UnitOfWork
from telehealth.model import Appointment
from tracing.lists.model import ListImport
from tracing.records.model import Record


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Records that came in and appointments that begin within a day."""

    records: int
    flagged: int


def count_records(uow: UnitOfWork, viewer: Viewer, since: datetime) -> DayCounts:
    """Records since the beginning of the day."""
    query = scoped(
        select(func.count(), func.count().filter(Record.flagged)).select_from(Record), Record.area, viewer
    ).where(Record.created_at >= since)
    records, flagged = uow.session.execute(query).one()
    return DayCounts(records, flagged)


def count_appointments(uow: UnitOfWork, viewer: Viewer, since: datetime, until: datetime) -> int:
    """Appointments that begin in the span and are still meant to be kept, or have been."""
    starts = func.lower(Appointment.during)
    query = select(func.count()).select_from(Appointment).where(seen_appointments(viewer))
    return (
        uow.session.scalar(
            query.where(starts >= since, starts < until, Appointment.state.in_(("booked", "arrived", "fulfilled")))
        )
        or 0
    )


def count_lists(uow: UnitOfWork, viewer: Viewer) -> int:
    """Lists that were checked and wait for somebody to decide."""
    query = scoped(select(func.count()).select_from(ListImport), ListImport.area, viewer)
    return uow.session.scalar(query.where(ListImport.state == "checked")) or 0
