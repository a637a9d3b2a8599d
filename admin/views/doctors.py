"""Doctors: list, register, weekly hours, the login that is theirs, deactivate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import days
from admin.area_choice import chosen_area
from admin.current import audit, context, uow, viewer, wants_json, zone
from admin.errors import user_message
from admin.policy import needs
from admin.queries import doctors as queries
from admin.queries.users import list_areas
from core.errors import UserError
from core.rights import Right
from core.users import User
from telehealth.hours import first_day, hours_of, replace_hours
from telehealth.model import Practitioner
from telehealth.registration import booked_from_now, describe, link_user, register_doctor
from telehealth.slots import Hours
from telehealth.week import in_periods, parse_times, write_times
from telehealth.wording import LANGUAGES

pages = Blueprint("doctors", __name__)
USUAL_SLOT_MINUTES = 15


@pages.get("/doctors")
@needs(Right.DOCTORS_SEE)
def doctors() -> ResponseReturnValue:
    if wants_json():
        return {"doctors": [_as_json(row) for row in _rows()]}
    return _list_page()


@pages.post("/doctors")
@needs(Right.DOCTORS_SEE, Right.DOCTORS_RUN)
def add_doctor() -> ResponseReturnValue:
    form = request.form
    try:
        doctor = register_doctor(
            uow(),
            name=form.get("name", ""),
            languages=form.getlist("languages"),
            zone=context().settings.zone,
            area=chosen_area(),
            user=_login(None),
        )
    except UserError as error:
        return _list_page(problem=user_message(error)), 400
    audit("doctor.added", _subject(doctor), _described(doctor))
    flash(gettext("Registered. Now give the weekly hours."))
    return redirect(_address(doctor))


@pages.get("/doctors/<uuid:practitioner_id>")
@needs(Right.DOCTORS_SEE)
def doctor(practitioner_id: UUID) -> ResponseReturnValue:
    return _doctor_page(_doctor(practitioner_id))


@pages.post("/doctors/<uuid:practitioner_id>")
@needs(Right.DOCTORS_SEE, Right.DOCTORS_RUN)
def change_doctor(practitioner_id: UUID) -> ResponseReturnValue:
    found = _doctor(practitioner_id)
    before = _described(found)
    describe(found, name=request.form.get("name", ""), languages=request.form.getlist("languages"))
    link_user(uow(), found, _login(found))
    found.area = chosen_area(found.area)
    after = _described(found)
    audit(
        "doctor.changed",
        _subject(found),
        {key: [before[key], after[key]] for key in after if after[key] != before[key]},
    )
    flash(gettext("Saved."))
    return redirect(_address(found))


@pages.post("/doctors/<uuid:practitioner_id>/hours")
@needs(Right.DOCTORS_SEE, Right.DOCTORS_RUN)
def change_hours(practitioner_id: UUID) -> ResponseReturnValue:
    found = _doctor(practitioner_id)
    try:
        week = _typed_week()
        since = days.parse_day(request.form.get("from")) or first_day(uow(), found.id)
        replace_hours(uow(), found.id, week, since)
    except UserError as error:
        return _doctor_page(found, problem=user_message(error)), 400
    written = [[each.weekday, write_times([(each.starts, each.ends)]), each.slot_minutes] for each in week]
    audit("doctor.hours", _subject(found), {"from": since.isoformat(), "hours": written})
    flash(gettext("Saved."))
    return redirect(_address(found))


@pages.post("/doctors/<uuid:practitioner_id>/active")
@needs(Right.DOCTORS_SEE, Right.DOCTORS_RUN)
def activate(practitioner_id: UUID) -> ResponseReturnValue:
    found = _doctor(practitioner_id)
    found.active = request.form.get("active") == "1"
    audit("doctor.activated" if found.active else "doctor.deactivated", _subject(found))
    flash(gettext("Saved."))
    return redirect(_address(found))


def _typed_week() -> list[Hours]:
    """The hours of the form: of each weekday those for appointments, cut into slots, and those on queue duty only."""
    form, week = request.form, []
    for weekday in range(7):
        if slots := parse_times(form.get(f"slots-{weekday}", "")):
            minutes = form.get(f"minutes-{weekday}", type=int)
            if minutes is None:
                raise UserError("The length of an appointment is missing.", "Write it in minutes, such as 15.")
            week += [Hours(weekday, *span, minutes) for span in slots]
        week += [Hours(weekday, *span, None) for span in parse_times(form.get(f"duty-{weekday}", ""))]
    return week


def _list_page(problem: tuple[str, str] | None = None) -> str:
    return render_template(
        "doctors.html",
        rows=_rows(),
        logins=queries.list_logins(uow(), viewer()),
        areas=list_areas(uow(), viewer()),
        spoken=LANGUAGES,
        in_periods=in_periods,
        today=_today(),
        problem=problem,
        form=request.form,
    )


def _doctor_page(found: Practitioner, problem: tuple[str, str] | None = None) -> str:
    week = hours_of(uow(), found.id)
    return render_template(
        "doctor.html",
        doctor=found,
        week=week,
        lines=[_line(weekday, [each for each in week if each.valid_until is None]) for weekday in range(7)],
        first_day=first_day(uow(), found.id),
        booked=booked_from_now(uow(), found.id),
        logins=queries.list_logins(uow(), viewer(), found),
        areas=list_areas(uow(), viewer()),
        spoken=LANGUAGES,
        in_periods=in_periods,
        today=_today(),
        problem=problem,
    )


def _line(weekday: int, week: list[Hours]) -> dict[str, Any]:
    """A line of the form: as it was typed, else as the hours are."""
    of_day = [each for each in week if each.weekday == weekday]
    slots = [each for each in of_day if each.slot_minutes is not None]
    texts = {
        "slots": write_times((each.starts, each.ends) for each in slots),
        "minutes": str(slots[0].slot_minutes if slots else USUAL_SLOT_MINUTES),
        "duty": write_times((each.starts, each.ends) for each in of_day if each.slot_minutes is None),
    }
    return {"weekday": weekday, **{name: request.form.get(f"{name}-{weekday}", text) for name, text in texts.items()}}


def _today() -> date:
    return days.today(uow().now(), zone())


def _rows() -> Sequence[queries.DoctorRow]:
    return queries.list_doctors(uow(), viewer(), _today())


def _doctor(practitioner_id: UUID) -> Practitioner:
    return queries.find_doctor(uow(), viewer(), practitioner_id) or abort(404)


def _login(doctor: Practitioner | None) -> User | None:
    """The login that the form chose; only one that it offered."""
    chosen = request.form.get("login", "")
    return next((user for user in queries.list_logins(uow(), viewer(), doctor) if user.login == chosen), None)


def _described(doctor: Practitioner) -> dict[str, Any]:
    """What the audit log keeps of a doctor: no name."""
    user = str(doctor.user_id) if doctor.user_id else None
    return {"languages": list(doctor.languages), "area": doctor.area, "user": user}


def _subject(doctor: Practitioner) -> str:
    return f"doctor:{doctor.id}"


def _address(doctor: Practitioner) -> str:
    return url_for("doctors.doctor", practitioner_id=doctor.id)


def _as_json(row: queries.DoctorRow) -> dict[str, Any]:
    doctor = row.doctor
    return {
        "id": str(doctor.id),
        "name": doctor.name,
        "languages": doctor.languages,
        "area": doctor.area,
        "zone": doctor.zone,
        "active": doctor.active,
        "login": row.login or None,
        "hours": [
            {
                "weekday": each.weekday,
                "from": f"{each.starts:%H:%M}",
                "until": f"{each.ends:%H:%M}",
                "slot_minutes": each.slot_minutes,
                "valid_from": each.valid_from.isoformat(),
                "valid_until": each.valid_until.isoformat() if each.valid_until else None,
            }
            for each in row.hours
        ],
    }
