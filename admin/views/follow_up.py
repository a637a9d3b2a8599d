"""Today's follow-up: who needs somebody first. The page refreshes itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from admin import days
from admin.current import audit_watch, uow, viewer, wants_fragment, wants_json, zone
from admin.policy import needs
from admin.queries import due as queries
from admin.queries import teams as team_queries
from admin.queries.follow_ups import NOTHING, glances
from admin.queries.users import list_areas
from admin.views.contacts import signs
from core.rights import Right
from tracing.rules.rulebook import shipped

pages = Blueprint("follow_up", __name__)


@pages.get("/follow-up")
@needs(Right.CASES_SEE)
def follow_up() -> ResponseReturnValue:
    wanted, which = _wanted(), request.args.get("list", "")
    today = days.today(uow().now(), zone())
    counts = queries.count_due(uow(), viewer(), wanted, today)
    if which not in queries.LISTS:
        # What is most urgent and not empty.
        which = next((each for each in (queries.ILL, queries.DUE) if counts[each]), queries.DUE)
    page = queries.list_due(uow(), viewer(), wanted, which, today, request.args.get("before"))
    found = glances(uow(), {(row.person_id, row.disease) for row in page.rows}, today)
    audit_watch("follow_up.list")
    if wants_json():
        return {"counts": counts, "list": which, "rows": [_as_json(row) for row in page.rows], "older": page.older}
    shown: dict[str, Any] = {
        "which": which,
        "lists": queries.LISTS,
        "counts": counts,
        "page": page,
        "glances": {row.visit_id: found.get((row.person_id, row.disease), NOTHING) for row in page.rows},
        "signs": {disease: signs(disease) for disease in shipped().diseases},
        "team_days": queries.days_of_teams(uow(), viewer(), wanted, today),
        "today": today,
        "wanted": wanted,
    }
    if wants_fragment():
        return render_template("follow_up_live.html", **shown)
    return render_template(
        "follow_up.html",
        diseases=shipped().diseases,
        areas=list_areas(uow(), viewer()),
        teams=team_queries.choices(uow(), viewer()),
        mine=team_queries.mine(uow(), viewer()),
        **shown,
    )


def _wanted() -> queries.DueFilter:
    """Whose work the address asks for."""
    given = request.args
    team = given.get("team", "")
    return queries.DueFilter(
        disease=given.get("disease", ""),
        area=given.get("area", ""),
        team_id=given.get("team", type=UUID),
        mine=team == "mine",
        without_team=team == "none",
    )


def _as_json(row: queries.DueRow) -> dict[str, Any]:
    return {
        "contact": str(row.contact_id),
        "name": row.name,
        "phone": row.phone,
        "disease": row.disease,
        "day": row.day.isoformat(),
        "result": row.result,
        "symptoms": list(row.symptoms),
        "last_day": row.last_day.isoformat() if row.last_day else None,
        "missed_days": row.missed_days,
        "team": row.team,
    }
