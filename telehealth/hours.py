"""Editing weekly hours. Appointments made under earlier hours stay; who changes hours calls those people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select

from core.database import UnitOfWork
from core.errors import UserError
from telehealth.model import Practitioner, WeeklyHours
from telehealth.slots import Hours

SHORTEST_SLOT, LONGEST_SLOT = 5, 240


def hours_of(uow: UnitOfWork, practitioner_id: UUID) -> list[Hours]:
    """The hours that hold today or later, in order of the week."""
    today = _today(uow, _practitioner(uow, practitioner_id))
    return hours_from(uow, [practitioner_id], today)[practitioner_id]


def hours_from(uow: UnitOfWork, practitioner_ids: Collection[UUID], day: date) -> dict[UUID, list[Hours]]:
    """The hours of several practitioners that hold on this day or later, in order of the week."""
    hours: dict[UUID, list[Hours]] = {practitioner_id: [] for practitioner_id in practitioner_ids}
    for row in uow.session.scalars(
        select(WeeklyHours)
        .where(
            WeeklyHours.practitioner_id.in_(practitioner_ids),
            or_(WeeklyHours.valid_until.is_(None), WeeklyHours.valid_until >= day),
        )
        .order_by(WeeklyHours.weekday, WeeklyHours.starts)
    ):
        hours[row.practitioner_id].append(
            Hours(row.weekday, row.starts, row.ends, row.slot_minutes, row.valid_from, row.valid_until)
        )
    return hours


def first_day(uow: UnitOfWork, practitioner_id: UUID) -> date:
    """The first day on which new hours can begin: tomorrow, because what was offered today stays; today for whoever has
    no hours yet."""
    today = _today(uow, _practitioner(uow, practitioner_id))
    has_hours = any(each.valid_from <= today for each in hours_of(uow, practitioner_id))
    return today + timedelta(days=1) if has_hours else today


def replace_hours(uow: UnitOfWork, practitioner_id: UUID, hours: Sequence[Hours], valid_from: date) -> None:
    """Let these be the hours from a day on; earlier ones end the day before. The validity in `hours` is not looked at.

    Raises UserError when hours cannot be (`check_hours`) or the day is too early (`first_day`).
    """
    check_hours(hours)
    _practitioner(uow, practitioner_id, lock=True)
    if valid_from < first_day(uow, practitioner_id):
        raise UserError("New hours cannot begin today or earlier.", "Let them begin tomorrow or later.")
    uow.session.execute(
        delete(WeeklyHours).where(WeeklyHours.practitioner_id == practitioner_id, WeeklyHours.valid_from >= valid_from)
    )
    for row in uow.session.scalars(select(WeeklyHours).where(WeeklyHours.practitioner_id == practitioner_id)):
        last = valid_from - timedelta(days=1)
        row.valid_until = last if row.valid_until is None else min(row.valid_until, last)
    for each in hours:
        uow.session.add(
            WeeklyHours(
                practitioner_id=practitioner_id,
                weekday=each.weekday,
                starts=each.starts,
                ends=each.ends,
                slot_minutes=each.slot_minutes,
                valid_from=valid_from,
            )
        )
    uow.session.flush()


def check_hours(hours: Sequence[Hours]) -> None:
    """Raises UserError for hours that end before they begin, overlap on one day, or have slots of no use."""
    for each in hours:
        if each.weekday not in range(7):
            raise UserError(f"There is no weekday {each.weekday}.", "Monday is 0, Sunday is 6.")
        length = _end(each) - _minutes(each.starts)
        if length <= 0:
            raise UserError(
                f"Hours from {each.starts:%H:%M} to {each.ends:%H:%M} end before they begin.",
                "Split hours over midnight into two days.",
            )
        if each.slot_minutes is None:
            continue
        if not SHORTEST_SLOT <= each.slot_minutes <= LONGEST_SLOT:
            raise UserError(
                f"A slot of {each.slot_minutes} minutes cannot be used.",
                f"Choose {SHORTEST_SLOT} to {LONGEST_SLOT} minutes.",
            )
        if each.slot_minutes > length:
            raise UserError(
                f"A slot of {each.slot_minutes} minutes is longer than the hours from {each.starts:%H:%M}.",
                "Choose a shorter slot.",
            )
    for before, after in pairwise(sorted(hours, key=lambda each: (each.weekday, each.starts))):
        if before.weekday == after.weekday and _end(before) > _minutes(after.starts):
            raise UserError(
                f"Hours overlap: one begins at {after.starts:%H:%M} before the other ends.", "Correct one of them."
            )


def _practitioner(uow: UnitOfWork, practitioner_id: UUID, lock: bool = False) -> Practitioner:
    # Not against appointments, which refer to the practitioner: callers book meanwhile.
    practitioner = uow.session.get(Practitioner, practitioner_id, with_for_update={"key_share": True} if lock else None)
    if practitioner is None:
        raise UserError("There is no such practitioner.", "Look it up in the list again.")
    return practitioner


def _today(uow: UnitOfWork, practitioner: Practitioner) -> date:
    now: datetime = uow.now()
    return now.astimezone(ZoneInfo(practitioner.zone)).date()


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _end(hours: Hours) -> int:
    return _minutes(hours.ends) or 24 * 60
