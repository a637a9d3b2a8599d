"""Doctors whom the viewer may see: those whose area lies within the viewer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from admin.policy import Viewer, scoped
from core.database import UnitOfWork
from core.users import User
from telehealth.hours import hours_from
from telehealth.model import Practitioner
from telehealth.registration import DOCTOR_ROLE
from telehealth.slots import Hours


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """A line of the list: the doctor, the login (empty: none), and the hours that hold today or later."""

    doctor: Practitioner
    login: str
    hours: list[Hours]


def list_doctors(uow: UnitOfWork, viewer: Viewer, today: date) -> Sequence[DoctorRow]:
    """Those who work first, by name."""
    query = (
        select(Practitioner, User.login)
        .outerjoin(User, User.id == Practitioner.user_id)
        .order_by(Practitioner.active.desc(), Practitioner.name)
    )
    rows = uow.session.execute(scoped(query, Practitioner.area, viewer)).all()
    hours = hours_from(uow, [row[0].id for row in rows], today)
    return [DoctorRow(row[0], row[1] or "", hours[row[0].id]) for row in rows]


def find_doctor(uow: UnitOfWork, viewer: Viewer, practitioner_id: UUID) -> Practitioner | None:
    """The doctor, locked (callers may book); None when there is none or they serve another area."""
    query = select(Practitioner).where(Practitioner.id == practitioner_id)
    return uow.session.scalar(scoped(query, Practitioner.area, viewer).with_for_update(key_share=True))


def list_logins(uow: UnitOfWork, viewer: Viewer, doctor: Practitioner | None = None) -> Sequence[User]:
    """Users with the role of a doctor who are no registered doctor yet, or are this one."""
    taken = select(Practitioner.user_id).where(Practitioner.user_id.is_not(None))
    query = select(User).where(User.roles.contains([DOCTOR_ROLE]), User.active, User.id.not_in(taken))
    free = list(uow.session.scalars(scoped(query.order_by(User.login), User.area, viewer)))
    own = uow.session.get(User, doctor.user_id) if doctor and doctor.user_id else None
    return [own, *free] if own else free
