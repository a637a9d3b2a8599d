"""The list of campaigns, one campaign with its live progress, its targets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from admin.chart import hour_bars, reach_chart
from admin.current import audit, context, fragment, uow, viewer, wants_fragment, wants_json
from admin.policy import needs
from admin.queries import campaigns as queries
from admin.queries.campaign_attempts import dials_per_target, reach_by_hour
from core.areas import within
from core.rights import Right
from ivr.campaigns.model import Campaign, Target
from ivr.campaigns.outlook import MOST_COUNTED, outlook

pages = Blueprint("campaigns", __name__)


@pages.get("/campaigns")
@needs(Right.CAMPAIGNS_SEE)
def campaigns() -> ResponseReturnValue:
    page = queries.page_of_campaigns(uow(), viewer(), request.args.get("before"))
    progress = queries.progress_of(uow(), viewer(), [campaign.id for campaign in page.rows])
    if wants_json():
        shown = [_as_json(c, progress.get(c.id, queries.NO_PROGRESS)) for c in page.rows]
        return {"campaigns": shown, "older": page.older}
    owed = queries.standing_campaigns(uow(), viewer())
    progress = {**progress, **queries.progress_of(uow(), viewer(), [campaign.id for campaign in owed])}
    return render_template("campaigns.html", page=page, owed=owed, progress=progress, no_progress=queries.NO_PROGRESS)


@pages.get("/campaigns/<uuid:campaign_id>")
@needs(Right.CAMPAIGNS_SEE)
def campaign(campaign_id: UUID) -> ResponseReturnValue:
    found = visible_campaign(campaign_id)
    progress = queries.progress_of(uow(), viewer(), [found.id]).get(found.id, queries.NO_PROGRESS)
    now, live = queries.calls_now(uow(), viewer(), found.id)
    over = found.state in queries.ENDED_STATES and not now
    if wants_fragment() and request.args.get("part") == "reach":
        return fragment(render_template("campaign_reach.html", campaign=found, **_charts(found, progress)), over)
    if wants_json():
        return _as_json(found, progress) | {"calls_now": now}
    next_calls = outlook(uow(), found, context().settings.lines, within(Target.area, viewer().area))
    shown = {"campaign": found, "progress": progress, "calls_now": now, "live": live}
    shown |= {"may_run": queries.may_run(viewer(), found), "outlook": next_calls, "most_counted": MOST_COUNTED}
    if wants_fragment():
        return fragment(render_template("campaign_live.html", **shown), over)
    return render_template("campaign.html", over=over, **_charts(found, progress), **shown)


@pages.get("/campaigns/<uuid:campaign_id>/targets")
@needs(Right.CAMPAIGNS_SEE)
def targets(campaign_id: UUID) -> ResponseReturnValue:
    found = visible_campaign(campaign_id)
    disposition, state = request.args.get("disposition", ""), request.args.get("state", "")
    page = queries.list_targets(
        uow(), viewer(), found.id, disposition=disposition, state=state, before=request.args.get("before")
    )
    audit("campaign.targets", f"campaign:{found.id}", {"disposition": disposition, "state": state})
    return render_template("targets.html", campaign=found, page=page, disposition=disposition, state=state)


def _charts(campaign: Campaign, progress: queries.Progress) -> dict[str, Any]:
    """What the slow part of the page shows: it reads every dial of the campaign."""
    hours = [(each.hour, each.dialed, each.reached) for each in reach_by_hour(uow(), viewer(), campaign)]
    return {
        "chart": reach_chart(queries.finished_over_time(uow(), viewer(), campaign), progress.targets),
        "hours": hour_bars(hours),
        "dials": dials_per_target(uow(), viewer(), campaign),
    }


def visible_campaign(campaign_id: UUID) -> Campaign:
    """The campaign, or the page that says there is nothing."""
    return queries.find_campaign(uow(), viewer(), campaign_id) or abort(404)


def _as_json(campaign: Campaign, progress: queries.Progress) -> dict[str, Any]:
    return {
        "id": str(campaign.id),
        "name": campaign.name,
        "script": campaign.script,
        "carrier": campaign.carrier,
        "state": campaign.state,
        "targets": progress.targets,
        "done": progress.done,
        "reached": progress.reached,
        "by_state": progress.states,
        "by_disposition": progress.dispositions,
    }
