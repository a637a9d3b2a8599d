"""Appointments of a day or a week."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import days
from admin.current import audit, uow, viewer, wants_json, zone
from admin.policy import needs, shown_phone
from admin.queries import appointments as queries
from core.rights import Right
from telehealth.appointments import FORWARD
from telehealth.appointments import change_state as change_state_of
from telehealth.model import AppointmentState

pages = Blueprint("appointments", __name__)
DAYS_IN_JSON = 60


@pages.get("/appointments")
@needs(Right.APPOINTMENTS_SEE)
def appointments() -> ResponseReturnValue:
    today = days.today(uow().now(), zone())
    day = days.parse_day(request.args.get("day")) or today
    week = request.args.get("show") == "week"
    first = days.monday_of(day) if week else day
    length = DAYS_IN_JSON if wants_json() else 7 if week else 1
    practitioner_id = _practitioner()
    since, until = days.day_span(first, zone(), length)
    rows = queries.list_appointments(uow(), viewer(), since, until, practitioner_id)
    audit(
        "appointments.list",
        detail={"first": first.isoformat(), "days": length, "appointments": [row.reference for row in rows]},
    )
    if wants_json():
        return {"appointments": [_as_json(row) for row in rows]}
    step = timedelta(days=length)
    return render_template(
        "appointments.html",
        by_day=[(date, list(group)) for date, group in groupby(rows, lambda r: r.starts.astimezone(zone()).date())],
        day=first,
        today=today,
        week=week,
        earlier=first - step,
        later=first + step,
        practitioners=queries.list_practitioners(uow(), viewer()),
        practitioner_id=practitioner_id,
        following=FORWARD,
    )


@pages.post("/appointments/<uuid:appointment_id>/state")
@needs(Right.APPOINTMENTS_SEE, Right.APPOINTMENTS_RUN)
def change_state(appointment_id: UUID) -> ResponseReturnValue:
    found = queries.find_appointment(uow(), viewer(), appointment_id) or abort(404)
    try:
        state = AppointmentState(request.form.get("state", ""))
    except ValueError:
        abort(400)
    before = found.state
    change_state_of(uow(), found.id, state)
    audit("appointment.state", f"appointment:{found.id}", {"before": before, "after": state})
    flash(gettext("Saved."))
    day = found.during.lower.astimezone(zone()).date().isoformat() if found.during.lower else None
    whose, show = request.form.get("practitioner") or None, request.form.get("show") or None
    return redirect(url_for("appointments.appointments", day=day, practitioner=whose, show=show))


def _practitioner() -> UUID | None:
    """Whose appointments: the one asked for; a doctor's own, unless they ask for all."""
    asked = request.args.get("practitioner", "")
    if asked == "all" or (not asked and wants_json()):
        return None
    if asked:
        return request.args.get("practitioner", type=UUID)
    own = queries.own_practitioner(uow(), viewer())
    return own.id if own else None


def _as_json(row: queries.AppointmentRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "reference": row.reference,
        "starts": row.starts.isoformat(),
        "ends": row.ends.isoformat(),
        "state": row.state,
        "practitioner": row.practitioner,
        "person": str(row.person_id) if row.person_id else None,
        "name": row.name,
        "phone": shown_phone(row.phone, viewer()) if row.phone else None,
        "language": row.language,
        "call": str(row.call_id) if row.call_id else None,
        "record": str(row.record_id) if row.record_id else None,
        "risk": row.risk,
    }
