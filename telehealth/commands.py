"""Doctors on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import click
from sqlalchemy import select

from core.audit import write_audit
from core.commands import open_database
from core.database import UnitOfWork
from core.errors import UserError
from core.settings import read_settings
from core.users import User, tidy_login
from telehealth.hours import first_day, hours_of, replace_hours
from telehealth.model import Practitioner
from telehealth.registration import booked_from_now, find_doctor, register_doctor
from telehealth.slots import Hours
from telehealth.week import in_periods, parse_line
from telehealth.wording import LANGUAGES

_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@click.group()
def doctor() -> None:
    """Doctors: who can be booked, when, and who answers the queue."""


@doctor.command()
@click.argument("name")
@click.option("--login", default="", help="the login of the console that is this doctor's")
@click.option(
    "--language", "languages", multiple=True, default=("vi",), show_default=True, type=click.Choice(LANGUAGES)
)
@click.option("--area", default=None, help="the area served, such as 38.380; default: the login's, or all")
@click.option("--zone", default=None, help="time zone of the hours; default: the department's")
def add(name: str, login: str, languages: tuple[str, ...], area: str | None, zone: str | None) -> None:
    """Register a doctor. Then give `hours`."""
    with open_database() as database, database.unit() as uow:
        user = _user(uow, login) if login else None
        added = register_doctor(
            uow,
            name=name,
            languages=languages,
            zone=zone or read_settings().zone,
            area=area if area is not None else user.area if user else "",
            user=user,
        )
        _audit(uow, "doctor.added", added, {"languages": added.languages, "area": added.area, "login": login})
        click.echo(added.id)


@doctor.command("list")
def list_() -> None:
    """Every doctor, with login, languages and hours."""
    with open_database() as database, database.unit() as uow:
        logins = {user.id: user.login for user in uow.session.scalars(select(User))}
        for each in uow.session.scalars(select(Practitioner).order_by(Practitioner.active.desc(), Practitioner.name)):
            login = logins[each.user_id] if each.user_id else "-"
            state = "" if each.active else "  (deactivated)"
            click.echo(f"{each.id}  {each.name}  {login}  {','.join(each.languages)}  {each.area or '-'}{state}")
            _show(hours_of(uow, each.id))


@doctor.command()
@click.argument("who", metavar="DOCTOR")
@click.argument("lines", metavar="[HOURS]...", nargs=-1)
@click.option("--slots", default=15, show_default=True, help="minutes of an appointment")
@click.option("--from", "since", default=None, help="the first day, such as 2026-12-01; default: as soon as can be")
def hours(who: str, lines: tuple[str, ...], slots: int, since: str | None) -> None:
    """Set the weekly hours of DOCTOR (login, name or id), or show them when no HOURS are given.

    Each HOURS is days and times, in quotes: "0-4 07:30-11:30 13:30-17:00" is Monday to Friday; "6 08:00-12:00 duty" is
    Sunday, only to answer the doctors' queue. They take the place of all earlier ones.
    """
    with open_database() as database, database.unit() as uow:
        found = find_doctor(uow, who)
        if lines:
            week = [each for line in lines for each in parse_line(line, slots)]
            day = _day(since) if since else first_day(uow, found.id)
            replace_hours(uow, found.id, week, day)
            _audit(uow, "doctor.hours", found, {"from": day.isoformat(), "hours": list(lines), "slots": slots})
        _show(hours_of(uow, found.id))


@doctor.command()
@click.argument("who", metavar="DOCTOR")
def deactivate(who: str) -> None:
    """Offer no more slots of DOCTOR (login, name or id). Appointments that are booked stay."""
    with open_database() as database, database.unit() as uow:
        found = find_doctor(uow, who)
        found.active = False
        _audit(uow, "doctor.deactivated", found)
        click.echo(f"deactivated: {found.name}; appointments still booked: {booked_from_now(uow, found.id)}")


def _show(week: list[Hours]) -> None:
    for period in in_periods(week):
        click.echo(f"  from {period.since}" + (f" until {period.until}" if period.until else ""))
        for line in period.lines:
            kind = "queue duty only" if line.slot_minutes is None else f"{line.slot_minutes} minutes each"
            click.echo(f"    {','.join(_DAY_NAMES[day] for day in line.weekdays)}  {line.times}  {kind}")


def _user(uow: UnitOfWork, login: str) -> User:
    user = uow.session.scalar(select(User).where(User.login == tidy_login(login)))
    if user is None:
        raise UserError(f"There is no user {login!r}.", "Add it with `traceline user add`.")
    return user


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise UserError(f"{text!r} is no day.", "Write it as 2026-12-01.") from error


def _audit(uow: UnitOfWork, action: str, about: Practitioner, detail: Mapping[str, Any] | None = None) -> None:
    write_audit(uow, action, f"doctor:{about.id}", login="(command line)", detail=detail)


commands: list[click.Command] = [doctor]
