"""A new campaign: upload a list, look at what was read, decide how to call, create.

Two steps, each a page of its own; the list waits in between, encrypted, for an hour. Nothing is written before the
last step, and then all of it in one transaction.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any, TypeAlias
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import days, forms, uploads
from admin.current import audit, context, uow, viewer, wants_json, zone
from admin.errors import user_message
from admin.policy import needs
from admin.queries.campaigns import NO_PROGRESS, progress_of
from core.areas import holds
from core.errors import UserError
from core.receipts import claim, keep_reply
from core.rights import Right
from ivr.campaigns.model import Campaign
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.retry import DEFAULT_DELAYS
from ivr.campaigns.service import create_campaign, start
from tracing.areas.places import load_gazetteer
from tracing.lists.importing import import_contacts
from tracing.lists.sheet import Sheet, read_contacts

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
    content = file.read()
    sheet = _read(content)
    outside = _outside(sheet)
    usable = not sheet.errors and not outside
    if not usable:
        return _upload_page(sheet=sheet, outside=outside[:ROWS_SHOWN], name=file.filename), 400
    token = uploads.keep(context().redis, viewer().id, content)
    default_name = f"{file.filename.rsplit('.', 1)[0]} · {days.shown_day(days.today(uow().now(), zone()))}"
    return _plan_page(sheet, token, {"name": default_name})


@pages.post("/campaigns/create")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def create() -> ResponseReturnValue:
    """Create the campaign with its people, and start it when asked to."""
    form, who, unit = request.form, viewer(), uow()
    token = form.get("token", "")
    key = f"upload:{who.id}:{token}"
    sheet: Sheet | None = None
    try:
        with unit.session.begin_nested():
            # A second click waits here for the first, and is led to the campaign that the first has made.
            receipt = claim(unit, key)
            if not receipt.fresh:
                return _created(unit.session.get_one(Campaign, UUID(receipt.reply.decode())))
            sheet = _uploaded(token)
            plan = _plan(form)
            campaign = create_campaign(
                unit, plan, created_by=who.id, scripts=list(_scripts()), carriers=list(context().carriers)
            )
            rows = [replace(row, language=row.language or plan.language) for row in sheet.rows]
            imported = import_contacts(unit, replace(sheet, rows=rows), context().settings.disease, campaign.id)
            if form.get("start") == "1":
                start(unit, campaign.id)
            keep_reply(unit, key, str(campaign.id).encode())
    except UserError as error:
        if sheet is None:
            raise
        return _plan_page(sheet, token, form, user_message(error)), 400
    audit(
        "campaign.create",
        f"campaign:{campaign.id}",
        {"targets": imported.targets_new, "started": form.get("start") == "1"},
    )
    uploads.forget(context().redis, who.id, token)
    return _created(campaign)


def _created(campaign: Campaign) -> ResponseReturnValue:
    if wants_json():
        targets = progress_of(uow(), viewer(), [campaign.id]).get(campaign.id, NO_PROGRESS).targets
        return {"id": str(campaign.id), "state": campaign.state, "targets": targets}, 201
    return redirect(url_for("campaigns.campaign", campaign_id=campaign.id))


def _uploaded(token: str) -> Sheet:
    """The list that was looked at. Raises UserError when it is gone, or no longer in order."""
    sheet = _read(uploads.fetch(context().redis, viewer().id, token))
    if sheet.errors or _outside(sheet):
        raise UserError("The list cannot be used any more.", "Upload the file again.")
    return sheet


def _read(content: bytes) -> Sheet:
    return read_contacts(io.BytesIO(content), load_gazetteer(uow()), days.today(uow().now(), zone()))


def _outside(sheet: Sheet) -> list[int]:
    """Rows whose people live outside the viewer's area."""
    return [row.row for row in sheet.rows if row.area and not holds(viewer().area, row.area)]


def _scripts() -> dict[str, str]:
    """The scripts a campaign may run, by id."""
    scripts = context().library.scripts
    return {name: forms.script_title(name) for name, script in scripts.items() if script.direction == "outbound"}


def _upload_page(problem: str = "", sheet: Sheet | None = None, outside: Sequence[int] = (), name: str = "") -> Page:
    if wants_json():
        errors = [{"row": e.row, "column": e.column, "key": e.key} for e in sheet.errors] if sheet else []
        return {"error": problem or "the list cannot be used", "errors": errors, "outside": list(outside)}
    return render_template("new_campaign.html", problem=problem, sheet=sheet, outside=outside, name=name)


def _plan_page(sheet: Sheet, token: str, given: Mapping[str, Any], problem: tuple[str, str] | None = None) -> Page:
    if wants_json():
        if problem:
            return {"error": problem[0], "hint": problem[1]}
        return {"token": token, "rows": len(sheet.rows)}
    return render_template(
        "campaign_plan.html",
        sheet=sheet,
        token=token,
        given=given,
        chosen_days=request.form.getlist("weekdays", type=int) or list(range(7)),
        problem=problem,
        scripts=_scripts(),
        carriers=context().carriers,
        defaults=CampaignPlan("", "", ""),
        retry_defaults=DEFAULT_DELAYS,
        rows_shown=ROWS_SHOWN,
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
