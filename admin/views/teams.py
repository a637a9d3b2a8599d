"""Teams: who is in them, where they work, how much they have to do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.area_choice import chosen_area
from admin.attempts import attempt
from admin.current import audit, uow, viewer, wants_json
from admin.policy import needs
from admin.queries import teams as queries
from admin.queries.users import list_areas
from core.areas import holds
from core.errors import UserError
from core.rights import Right
from tracing.teams.model import Team
from tracing.teams.service import change_team, make_team, set_members

pages = Blueprint("teams", __name__)


@pages.get("/teams")
@needs(Right.CASES_SEE)
def teams() -> ResponseReturnValue:
    return _page()


@pages.post("/teams")
@needs(Right.CASES_SEE, Right.TEAMS_RUN)
def make() -> ResponseReturnValue:
    made, problem = attempt(_make)
    if made is None:
        return _page(problem), 400
    audit("team.made", f"team:{made.id}")
    flash(gettext("Saved."))
    return redirect(url_for("teams.teams"))


@pages.get("/teams/<uuid:team_id>")
@needs(Right.CASES_SEE, Right.TEAMS_RUN)
def team(team_id: UUID) -> ResponseReturnValue:
    return _team_page(team_id)


@pages.post("/teams/<uuid:team_id>")
@needs(Right.CASES_SEE, Right.TEAMS_RUN)
def change(team_id: UUID) -> ResponseReturnValue:
    found = queries.find_team(uow(), viewer(), team_id) or abort(404)
    _, problem = attempt(lambda: _change(found))
    if problem is not None:
        return _team_page(team_id, problem), 400
    audit("team.changed", f"team:{team_id}")
    flash(gettext("Saved."))
    return redirect(url_for("teams.teams"))


def _make() -> Team:
    team = make_team(uow(), request.form.get("name", ""), chosen_area())
    set_members(uow(), team.id, _members())
    return team


def _change(found: queries.TeamRow) -> None:
    team = found.team
    if not holds(viewer().area, team.area):
        raise UserError("This team works in a larger area than yours.", "Ask somebody of the whole area to change it.")
    area, active = chosen_area(team.area), request.form.get("active") == "1"
    change_team(uow(), team.id, name=request.form.get("name", ""), area=area, active=active, by=viewer().id)
    mine = {user.id for user in queries.people_for(uow(), viewer())}
    # Members who are not the viewer's to choose stay.
    set_members(uow(), team.id, {*_members(), *(user.id for user in found.members if user.id not in mine)})


def _members() -> set[UUID]:
    """The users of the form, as far as they are the viewer's to choose."""
    mine = {str(user.id): user.id for user in queries.people_for(uow(), viewer())}
    return {mine[given] for given in request.form.getlist("members") if given in mine}


def _page(problem: tuple[str, str] | None = None) -> str | dict[str, Any]:
    rows = queries.list_teams(uow(), viewer())
    if wants_json():
        if problem is not None:
            return {"error": problem[0], "hint": problem[1]}
        return {"teams": [_as_json(row) for row in rows]}
    return render_template(
        "teams.html",
        rows=rows,
        most=max((row.load for row in rows), default=0),
        without=queries.count_without_team(uow(), viewer()),
        people=queries.people_for(uow(), viewer()),
        areas=list_areas(uow(), viewer()),
        form=request.form,
        problem=problem,
    )


def _team_page(team_id: UUID, problem: tuple[str, str] | None = None) -> str | dict[str, Any]:
    found = queries.find_team(uow(), viewer(), team_id) or abort(404)
    return render_template(
        "team.html",
        row=found,
        team=found.team,
        people=queries.people_for(uow(), viewer()),
        areas=list_areas(uow(), viewer()),
        problem=problem,
    )


def _as_json(row: queries.TeamRow) -> dict[str, object]:
    return {
        "id": str(row.team.id),
        "name": row.team.name,
        "area": row.team.area,
        "active": row.team.active,
        "members": [user.login for user in row.members],
        "load": row.load,
    }
