"""The do-not-call list: look a number up, put it on the list, take it off."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.current import audit, uow, viewer
from admin.errors import user_message
from admin.policy import needs
from admin.queries import do_not_call as queries
from core.errors import UserError
from core.phones import normalise_phone
from core.rights import Right
from ivr.campaigns.service import bar_number, number_subject, unbar_number

pages = Blueprint("do_not_call", __name__)


@pages.get("/do-not-call")
@needs(Right.CAMPAIGNS_SEE)
def do_not_call() -> ResponseReturnValue:
    typed = request.args.get("q", "").strip()
    phone, problem = "", None
    if typed:
        try:
            phone = normalise_phone(typed)
        except UserError as error:
            problem = user_message(error)
    return _page(typed, phone, problem)


@pages.post("/do-not-call")
@needs(Right.CAMPAIGNS_SEE)
def add() -> ResponseReturnValue:
    """Whoever works with campaigns may write down that somebody wants no calls."""
    return _change("do_not_call.add")


@pages.post("/do-not-call/remove")
@needs(Right.CAMPAIGNS_SEE, Right.CAMPAIGNS_RUN)
def remove() -> ResponseReturnValue:
    return _change("do_not_call.remove")


def _change(action: str) -> ResponseReturnValue:
    typed, reason = request.form.get("number", "").strip(), request.form.get("reason", "").strip()
    phone = ""
    try:
        phone = normalise_phone(typed)
        if not reason:
            raise UserError("A reason is needed.", "Write who asked for it, and how.")
        if action == "do_not_call.add":
            bar_number(uow(), phone, reason)
        elif not unbar_number(uow(), phone):
            raise UserError("This number is not on the list.", "It may be called already.")
    except UserError as error:
        return _page(typed, phone, user_message(error)), 400
    audit(action, number_subject(phone), {"reason": reason})
    flash(gettext("Saved."))
    return redirect(url_for("do_not_call.do_not_call", q=phone))


def _page(typed: str, phone: str, problem: tuple[str, str] | None) -> str:
    return render_template(
        "do_not_call.html",
        typed=typed,
        phone=phone,
        found=queries.find_barred(uow(), phone) if phone else None,
        rows=queries.list_barred(uow(), viewer()),
        most=queries.MOST_NUMBERS,
        problem=problem,
        reason=request.form.get("reason", ""),
    )
