"""The first page: what needs me now."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from admin import days
from admin.current import audit, uow, viewer, wants_fragment, zone
from admin.policy import needs
from admin.queries import appointments, campaigns, due, duplicates, records
from admin.queries import today as queries
from core.rights import Right

pages = Blueprint("today", __name__)
FLAGGED_SHOWN = 8


@pages.get("/")
@needs()
def today() -> ResponseReturnValue:
    shown = _numbers()
    if wants_fragment():
        return render_template("today_numbers.html", **shown)
    who, date = viewer(), days.today(uow().now(), zone())
    since, until = days.day_span(date, zone())
    if who.may(Right.RECORDS_SEE):
        wanted = records.RecordFilter(flagged=True)
        shown["flagged"] = records.list_records(uow(), who, wanted, size=FLAGGED_SHOWN).rows
        audit("records.list", detail={"page": "today", "records": [row.reference for row in shown["flagged"]]})
    if who.may(Right.APPOINTMENTS_SEE):
        own = appointments.own_practitioner(uow(), who)
        shown["appointments"] = appointments.list_appointments(uow(), who, since, until, own.id if own else None)
        references = [row.reference for row in shown["appointments"]]
        audit("appointments.list", detail={"page": "today", "appointments": references})
    return render_template("today.html", date=date, **shown)


def _numbers() -> dict[str, Any]:
    """The figures on top, which refresh themselves: only those of pages that the viewer may open."""
    who, unit = viewer(), uow()
    since, until = days.day_span(days.today(unit.now(), zone()), zone())
    shown: dict[str, Any] = {}
    if who.may(Right.CAMPAIGNS_SEE):
        shown["live_campaigns"] = campaigns.list_campaigns(unit, who, live=True)
        shown["progress"] = campaigns.progress_of(unit, who, [c.id for c in shown["live_campaigns"]])
        shown["no_progress"] = campaigns.NO_PROGRESS
    if who.may(Right.CALLS_SEE):
        shown["calls_now"], _ = campaigns.calls_now(unit, who)
    if who.may(Right.RECORDS_SEE):
        shown["records"] = queries.count_records(unit, who, since)
    if who.may(Right.CASES_SEE):
        shown["follow_up"] = due.count_due(unit, who, due.DueFilter(), days.today(unit.now(), zone()))
    if who.may(Right.LISTS_RUN):
        shown["duplicates"] = duplicates.count_pairs(unit, who)
        shown["lists"] = queries.count_lists(unit, who)
    if who.may(Right.APPOINTMENTS_SEE):
        shown["waiting"] = appointments.count_waiting(unit, who)
        shown["booked"] = queries.count_appointments(unit, who, since, until)
    return shown
