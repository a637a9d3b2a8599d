"""Numbers that are never called. Anybody may look up a number they know; the list shows, to those who work in a part of
the department, only numbers of people or calls of that part."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from admin.policy import Viewer
from core.areas import within
from core.database import UnitOfWork
from ivr.calls.model import Call
from ivr.campaigns.model import DoNotCall
from tracing.people.model import Person

MOST_NUMBERS = 100


def find_barred(uow: UnitOfWork, phone: str) -> DoNotCall | None:
    """The line of this number (E.164); None when it may be called."""
    return uow.session.get(DoNotCall, phone)


def list_barred(uow: UnitOfWork, viewer: Viewer) -> Sequence[DoNotCall]:
    """The numbers put on the list last."""
    query = select(DoNotCall).order_by(DoNotCall.at.desc()).limit(MOST_NUMBERS)
    if viewer.area:
        person = select(Person.id).where(Person.phone == DoNotCall.phone, within(Person.area, viewer.area))
        call = select(Call.id).where(Call.remote_number == DoNotCall.phone, within(Call.area, viewer.area))
        query = query.where(or_(person.exists(), call.exists()))
    return uow.session.scalars(query).all()
