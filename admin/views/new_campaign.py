"""A new campaign: upload a list, look at what was read, decide how to call, create.

The list goes the way of all lists (`tracing.lists.service`). A short one without mistakes and doubts needs two steps,
each a page of its own; what is to be decided, or takes time, is on the list's own page, which leads back here. Nothing
is written before the last step, and then all of it in one transaction: at once, or for a long list in the background.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from typing import Any, TypeAlias
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import days, forms
from admin.current import audit, context, uow, viewer, wants_json, zone
from admin.errors import user_message
from admin.policy import needs
from admin.queries.campaigns import NO_PROGRESS, progress_of
from admin.queries.lists import find_list
from admin.views.lists import ERRORS_SHOWN, keep_list
from core.errors import UserError
from core.rights import Right
from ivr.campaigns.model import Campaign
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.retry import DEFAULT_DELAYS
from ivr.campaigns.service import create_campaign
from tracing.lists import service
from tracing.lists.findings import Findings
from tracing.lists.model import ListImport, ListState

pages = Blueprint("new_campaign", __name__)
ROWS_SHOWN = 20
Page: TypeAlias = str | dict[str, Any]


@pages.get("/campaigns/new")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def upload() -> ResponseReturnValue:
    return render_template("new_campaign.html")


@pages.post("/campaigns/new")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def preview() -> ResponseReturnValue:
    """Read the list and show what it holds; with errors, where they are and what to do."""
    file = request.files.get("list")
    if file is None or not file.filename:
        return _upload_page(problem=gettext("Choose a file first.")), 400
    row = keep_list(file.read(), file.filename, context().settings.disease, for_campaign=True)
    if row.state == ListState.CHECKING:  # a long one
        return _waits(row)
    findings = service.findings_of(row)
    if row.state == ListState.COLUMNS:
        return _waits(row) if not wants_json() else (_refused(row, Findings(), file.filename), 400)
    if findings.errors:
        return _refused(row, findings, file.filename), 400
    if findings.questions:
        return _waits(row)
    audit("list.read", f"list:{row.id}")
    return _plan_page(row, {})


@pages.get("/campaigns/new/<uuid:list_id>")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def plan(list_id: UUID) -> ResponseReturnValue:
    """How to call the people of a list that is in order."""
    found = find_list(uow(), viewer(), list_id) or abort(404)
    row = found.row
    if row.state != ListState.CHECKED or not row.for_campaign:
        return redirect(url_for("lists.one", list_id=list_id))
    audit("list.read", f"list:{list_id}")
    return _plan_page(row, {})


@pages.post("/campaigns/create")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def create() -> ResponseReturnValue:
    """Create the campaign with its people, and start it when asked to."""
    form, who, unit = request.form, viewer(), uow()
    row = _for_campaign(_identifier(form.get("token", "")))
    try:
        with unit.session.begin_nested():
            # A second click waits here for the first, and is led to the campaign that the first has made.
            row = service.locked(unit, row.id)
            if row.campaign_id is not None:
                return _created(unit.session.get_one(Campaign, row.campaign_id), row)
            campaign = create_campaign(
                unit, _plan(form), created_by=who.id, scripts=list(_scripts()), carriers=list(context().carriers)
            )
            row.start = form.get("start") == "1"
            service.order(unit, row.id, campaign=campaign.id)
            if row.rows <= service.AT_ONCE_ROWS:
                settings = context().settings
                service.done(row, service.bring_in(unit, row, settings.zone, settings.language), unit.now())
            else:
                service.send_import(unit, row)
    except UserError as error:
        if row.state != ListState.CHECKED:
            raise
        return _plan_page(row, form, user_message(error)), 400
    audit("campaign.create", f"campaign:{campaign.id}", {"list": str(row.id), "rows": row.rows, "started": row.start})
    return _created(campaign, row)


def _created(campaign: Campaign, row: ListImport) -> ResponseReturnValue:
    if wants_json():
        targets = progress_of(uow(), viewer(), [campaign.id]).get(campaign.id, NO_PROGRESS).targets
        return {"id": str(campaign.id), "state": campaign.state, "targets": targets, "list": str(row.id)}, 201
    if row.state == ListState.IMPORTING:
        return redirect(url_for("lists.one", list_id=row.id))
    return redirect(url_for("campaigns.campaign", campaign_id=campaign.id))


def _for_campaign(list_id: UUID | None) -> ListImport:
    """A list that waits for its campaign. Raises UserError when it is gone, or not the viewer's to see."""
    found = find_list(uow(), viewer(), list_id) if list_id is not None else None
    if found is None or not found.row.for_campaign:
        raise UserError("The uploaded list is no longer there.", "Upload the file again.")
    return found.row


def _identifier(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _waits(row: ListImport) -> ResponseReturnValue:
    """What is to be decided, and how far it is, stands on the list's own page."""
    where = url_for("lists.one", list_id=row.id)
    return ({"list": str(row.id), "state": row.state, "page": where}, 202) if wants_json() else redirect(where)


def _refused(row: ListImport, findings: Findings, name: str) -> Page:
    """The list is not kept: nothing of it is to be had before it is corrected."""
    service.drop(uow(), row.id)
    outside = [error.row for error in findings.errors if error.key == "outside"]
    if wants_json():
        errors = [{"row": e.row, "column": e.column, "key": e.key} for e in findings.errors]
        return {"error": "the list cannot be used", "errors": errors, "outside": outside}
    return render_template(
        "new_campaign.html", errors=findings.errors[:ERRORS_SHOWN], outside=outside[:ROWS_SHOWN], name=name
    )


def _scripts() -> dict[str, str]:
    """The scripts a campaign may run, by id."""
    scripts = context().library.scripts
    return {name: forms.script_title(name) for name, script in scripts.items() if script.direction == "outbound"}


def _upload_page(problem: str = "") -> Page:
    return {"error": problem} if wants_json() else render_template("new_campaign.html", problem=problem)


def _plan_page(row: ListImport, given: Mapping[str, Any], problem: tuple[str, str] | None = None) -> Page:
    if wants_json():
        if problem:
            return {"error": problem[0], "hint": problem[1]}
        return {"token": str(row.id), "rows": row.rows}
    name = f"{row.file_name.rsplit('.', 1)[0]} · {days.shown_day(days.today(uow().now(), zone()))}"
    return render_template(
        "campaign_plan.html",
        row=row,
        findings=service.findings_of(row),
        token=row.id,
        given=given or {"name": name},
        chosen_days=request.form.getlist("weekdays", type=int) or list(range(7)),
        problem=problem,
        scripts=_scripts(),
        carriers=context().carriers,
        defaults=CampaignPlan("", "", ""),
        retry_defaults=DEFAULT_DELAYS,
    )


def _plan(form: Any) -> CampaignPlan:
    """The plan of the form. What a browser leaves out has its default; what cannot be read is said."""
    plain = CampaignPlan(name=form.get("name", ""), script=form.get("script", ""), carrier=form.get("carrier", ""))
    return replace(
        plain,
        language=form.get("language") or context().settings.language,
        zone=context().settings.zone,
        window_from=_time(form.get("window_from"), plain.window_from),
        window_until=_time(form.get("window_until"), plain.window_until),
        weekdays=tuple(form.getlist("weekdays", type=int)) if "weekdays" in form else plain.weekdays,
        last_moment=_moment(form.get("last_moment")),
        cap=int(_number(form.get("cap"), plain.cap)),
        pace=_number(form.get("pace"), plain.pace),
        on_machine=form.get("on_machine") or plain.on_machine,
        max_attempts=int(_number(form.get("max_attempts"), plain.max_attempts)),
        retries={name: form.get(f"retry.{name}", delays) for name, delays in DEFAULT_DELAYS.items()},
        area=viewer().area,
    )


def _number(text: str | None, default: float) -> float:
    try:
        number = float(text.replace(",", ".")) if text else default
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError("A number cannot be read.", "Write digits only.")
    return number


def _time(text: str | None, default: time) -> time:
    try:
        return time.fromisoformat(text) if text else default
    except ValueError as error:
        raise UserError("A time cannot be read.", "Write it as 08:00.") from error


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=zone()) if text else None
    except ValueError as error:
        raise UserError("A date cannot be read.", "Choose it from the calendar.") from error
    if moment is not None and not days.is_sensible(moment.date()):
        raise UserError("A date cannot be read.", "Choose it from the calendar.")
    return moment
