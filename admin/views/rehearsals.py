"""Rehearsing a campaign: asked for here, made in the background, and the newest report shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin.current import audit, fragment, uow, viewer, wants_fragment, wants_json
from admin.error_texts import translated
from admin.languages import chosen_language
from admin.policy import needs
from admin.views.campaign_actions import runnable_campaign
from core.errors import UserError
from core.rights import Right
from ivr.rehearsal.model import Rehearsal, RehearsalState
from ivr.rehearsal.page import STYLE, page, part
from ivr.rehearsal.reading import MOST_IN_BACKGROUND
from ivr.rehearsal.report import as_bytes
from ivr.rehearsal.store import order_rehearsal, rehearsal_of

pages = Blueprint("rehearsals", __name__)
_LARGEST_SEED = 2**31 - 1


@pages.get("/campaigns/<uuid:campaign_id>/rehearsal")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def rehearsal(campaign_id: UUID) -> ResponseReturnValue:
    """How far it is, or the report: on a page, as JSON, or as a file (`as`: `html`, `json`)."""
    campaign = runnable_campaign(campaign_id)
    found = rehearsal_of(uow(), campaign.id)
    report = found.report if found is not None else None
    if report is not None and request.args.get("as") in ("html", "json"):
        return _file(report, request.args["as"])
    if wants_json():
        return _as_json(found)
    over = found is None or found.state in (RehearsalState.DONE, RehearsalState.FAILED)
    shown: dict[str, Any] = {"campaign": campaign, "rehearsal": found, "over": over}
    shown["problem"] = [translated(line) for line in (found.problem or "").split("\n") if line] if found else []
    shown["report"] = part(report, chosen_language()) if report is not None else None
    if wants_fragment():
        return fragment(render_template("rehearsal_live.html", **shown), over)
    return render_template("rehearsal.html", **shown)


@pages.post("/campaigns/<uuid:campaign_id>/rehearsal")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def order(campaign_id: UUID) -> ResponseReturnValue:
    campaign = runnable_campaign(campaign_id)
    seed = _number("seed", 0, _LARGEST_SEED)
    people = _number("people", 1, MOST_IN_BACKGROUND)
    order_rehearsal(uow(), campaign.id, 1 if seed is None else seed, people, viewer().id)
    audit("campaign.rehearse", f"campaign:{campaign.id}", {"seed": seed, "people": people})
    if wants_json():
        return _as_json(rehearsal_of(uow(), campaign.id)), 202
    return redirect(url_for("rehearsals.rehearsal", campaign_id=campaign.id))


@pages.get("/rehearsal.css")
@needs()
def style() -> ResponseReturnValue:
    """The looks of a report, the same here as in its file."""
    return Response(STYLE.read_text(encoding="utf-8"), mimetype="text/css")


def _number(name: str, least: int, most: int) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and least <= int(text) <= most):
        raise UserError(f"{text!r} is no number that can be used here.", f"Give {least} to {most}.")
    return int(text)


def _file(report: dict[str, Any], kind: str) -> Response:
    content = page(report, chosen_language()).encode() if kind == "html" else as_bytes(report)
    kept = Response(content, mimetype="text/html" if kind == "html" else "application/json")
    kept.headers["Content-Disposition"] = f"attachment; filename=rehearsal.{kind}"
    return kept


def _as_json(found: Rehearsal | None) -> dict[str, Any]:
    if found is None:
        return {"state": None, "share": 0.0, "seed": None, "people": None, "problem": None, "report": None}
    names = ("state", "share", "seed", "people", "problem", "report")
    return {name: getattr(found, name) for name in names}
