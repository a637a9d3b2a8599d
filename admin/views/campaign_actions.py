"""Start, pause, resume and abort a campaign."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin.current import audit, uow, viewer, wants_json
from admin.policy import needs
from admin.queries.campaigns import may_run
from admin.views.campaigns import visible_campaign
from core.errors import NotAllowed
from core.rights import Right
from ivr.campaigns import service
from ivr.campaigns.model import Campaign

pages = Blueprint("campaign_actions", __name__)
ACTIONS = {"start": service.start, "pause": service.pause, "resume": service.resume}


@pages.post("/campaigns/<uuid:campaign_id>")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def change(campaign_id: UUID) -> ResponseReturnValue:
    found = runnable_campaign(campaign_id)
    action = request.form.get("action", "")
    before = found.state
    if action == "abort":
        service.abort(uow(), found.id, hang_up=request.form.get("hang_up") == "1")
    elif action in ACTIONS:
        ACTIONS[action](uow(), found.id)
    else:
        abort(400)
    audit(f"campaign.{action}", f"campaign:{found.id}", {"before": before, "after": found.state})
    if wants_json():
        return {"id": str(found.id), "state": found.state}
    return redirect(url_for("campaigns.campaign", campaign_id=found.id))


@pages.get("/campaigns/<uuid:campaign_id>/abort")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def confirm_abort(campaign_id: UUID) -> ResponseReturnValue:
    return render_template("campaign_abort.html", campaign=runnable_campaign(campaign_id))


def runnable_campaign(campaign_id: UUID) -> Campaign:
    """The campaign, if the viewer may run it: one that reaches beyond their area is for others to stop."""
    found = visible_campaign(campaign_id)
    if not may_run(viewer(), found):
        raise NotAllowed("This campaign reaches beyond your area.", "Ask a colleague who works for all of it.")
    return found
