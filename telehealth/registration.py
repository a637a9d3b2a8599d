"""Registering doctors: who they are, which languages they speak, which login is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, or_, select

from core.database import UnitOfWork
from core.errors import UserError
from core.users import User, tidy_login
from telehealth.model import Appointment, AppointmentState, Practitioner
from telehealth.wording import LANGUAGES

DOCTOR_ROLE = "doctor"


def register_doctor(
    uow: UnitOfWork, *, name: str, languages: Sequence[str], zone: str, area: str = "", user: User | None = None
) -> Practitioner:
    """Add a doctor; bookable once there are hours. Raises UserError when something is missing or cannot be."""
    doctor = Practitioner(name="", languages=[], zone=_checked_zone(zone), area=area, active=True)
    describe(doctor, name=name, languages=languages)
    link_user(uow, doctor, user)
    uow.session.add(doctor)
    uow.session.flush()
    return doctor


def describe(doctor: Practitioner, *, name: str, languages: Sequence[str]) -> None:
    """Change what callers hear of a doctor. Raises UserError without a name or a language that the hotline speaks."""
    if not name.strip():
        raise UserError("A doctor needs a name.", "Write it as callers shall know it.")
    unknown = [language for language in languages if language not in LANGUAGES]
    if unknown:
        raise UserError(f"{unknown[0]!r} is no language of the hotline.", "Choose among vi, en and ko.")
    if not languages:
        raise UserError("A doctor needs at least one language.", "Choose those in which the doctor can talk.")
    doctor.name, doctor.languages = name.strip(), [each for each in LANGUAGES if each in languages]


def link_user(uow: UnitOfWork, doctor: Practitioner, user: User | None) -> None:
    """Let a login act as this doctor; None takes it away. Raises UserError for a login that is no doctor's, or that is
    another doctor's already."""
    if user is not None and user.id != doctor.user_id:
        if DOCTOR_ROLE not in user.roles:
            raise UserError(f"The login {user.login!r} is not a doctor's.", "Give it the role of doctor first.")
        if uow.session.scalar(select(Practitioner.id).where(Practitioner.user_id == user.id)) is not None:
            raise UserError(
                f"The login {user.login!r} belongs to another doctor.", "Take it away there first, or choose another."
            )
    doctor.user_id = user.id if user is not None else None


def booked_from_now(uow: UnitOfWork, practitioner_id: UUID) -> int:
    """How many people have an appointment with this doctor that has not begun."""
    query = select(func.count()).where(
        Appointment.practitioner_id == practitioner_id,
        Appointment.state == AppointmentState.BOOKED,
        func.lower(Appointment.during) > uow.now(),
    )
    return uow.session.scalar(query) or 0


def find_doctor(uow: UnitOfWork, text: str) -> Practitioner:
    """The doctor of this login, name or id, locked (callers may book). Raises UserError for none, and for several."""
    login = select(User.id).where(User.login == tidy_login(text)).scalar_subquery()
    wanted = or_(Practitioner.name == text.strip(), Practitioner.user_id == login)
    with suppress(ValueError):
        wanted = Practitioner.id == UUID(text)
    found = uow.session.scalars(select(Practitioner).where(wanted).with_for_update(key_share=True)).all()
    if not found:
        raise UserError(f"There is no doctor {text!r}.", "See `traceline doctor list`.")
    if len(found) > 1:
        raise UserError(f"Several doctors are called {text!r}.", "Name the one by the id in `traceline doctor list`.")
    return found[0]


def _checked_zone(zone: str) -> str:
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UserError(f"There is no time zone {zone!r}.", "Write one such as Asia/Ho_Chi_Minh.") from error
