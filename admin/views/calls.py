"""Calls: the list, and one call with its turns as a readable transcript."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import labels
from admin.conversation import conversation
from admin.current import audit, audit_watch, fragment, uow, viewer, wants_fragment
from admin.phone_search import searched_phone
from admin.policy import needs
from admin.queries import calls as queries
from admin.queries.messages import messages_of
from core.rights import Right
from ivr.calls.log import read_log

pages = Blueprint("calls", __name__)


@pages.get("/calls")
@needs(Right.CALLS_SEE)
def calls() -> ResponseReturnValue:
    phone, other, problem = searched_phone(request.args.get("q", ""))
    wanted = queries.CallFilter(
        state=request.args.get("state", ""),
        direction=request.args.get("direction", ""),
        campaign_id=request.args.get("campaign", type=UUID),
        phone=phone,
    )
    if other and not problem:
        problem = gettext("Calls are found by their whole phone number.")
    page = queries.list_calls(uow(), viewer(), wanted, request.args.get("before"))
    audit(
        "calls.list",
        detail={"state": wanted.state, "by_phone": bool(wanted.phone), "calls": [str(row.id) for row in page.rows]},
    )
    states = {"live": gettext("going on"), **labels.CALL_STATES}
    return render_template("calls.html", page=page, wanted=wanted, problem=problem, call_states=states)


@pages.get("/calls/<uuid:call_id>")
@needs(Right.CALLS_SEE, Right.RECORDS_SEE)
def call(call_id: UUID) -> ResponseReturnValue:
    """What was said holds health data, so the transcript needs that right too, and its reading is audited."""
    found = queries.find_call(uow(), viewer(), call_id) or abort(404)
    turns = conversation(read_log(uow(), call_id))
    audit_watch("call.read", f"call:{call_id}")
    messages = messages_of(uow(), viewer(), call_id) if viewer().may(Right.MESSAGES_LISTEN) else {}
    shown = {"page": found, "call": found.call, "turns": turns, "messages": messages}
    if wants_fragment():
        return fragment(render_template("call_live.html", **shown), over=found.call.ended_at is not None)
    return render_template("call.html", **shown)
