"""Log in, log out, the forced change of the first password, the language of the console."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, refresh

from admin.current import uow, viewer, viewer_or_none
from admin.errors import user_message
from admin.languages import LANGUAGES
from admin.policy import needs, public
from core.errors import UserError
from core.login import change_password, log_in, log_out
from core.users import User

pages = Blueprint("signing_in", __name__)


@pages.get("/login")
@public
def login() -> ResponseReturnValue:
    if viewer_or_none() is not None:
        return redirect(url_for("today.today"))
    return render_template("login.html", target=request.args.get("next", ""))


@pages.post("/login")
@public
def log_in_now() -> ResponseReturnValue:
    entered = log_in(uow(), request.form.get("login", ""), request.form.get("password", ""), request.remote_addr or "")
    target = request.form.get("next", "")
    if entered is None:
        return render_template("login.html", target=target, refused=True, login=request.form.get("login", "")), 401
    session.clear()  # a session fixed by somebody else before the log-in is worth nothing after it
    session["token"] = entered.token
    return redirect(target if _is_ours(target) else url_for("today.today"))


@pages.post("/logout")
@needs(before_password=True)
def log_out_now() -> ResponseReturnValue:
    log_out(uow(), session.get("token", ""), request.remote_addr or "")
    session.clear()
    return redirect(url_for("signing_in.login"))


@pages.get("/password")
@needs(before_password=True)
def password() -> ResponseReturnValue:
    return render_template("password.html")


@pages.post("/password")
@needs(before_password=True)
def change_password_now() -> ResponseReturnValue:
    user = uow().session.get_one(User, viewer().id)
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise UserError("The two new passwords differ.", "Type the new password twice.")
        change_password(
            uow(),
            user,
            request.form.get("old", ""),
            new,
            keep_token=session.get("token", ""),
            address=request.remote_addr or "",
        )
    except UserError as error:
        return render_template("password.html", problem=user_message(error)), 400
    flash(gettext("Your password is changed."))
    return redirect(url_for("today.today"))


@pages.post("/language")
@public
def language() -> ResponseReturnValue:
    """Switch the language: of the user when signed in, else of this browser."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        session["language"] = chosen
        who = viewer_or_none()
        if who is not None:
            uow().session.get_one(User, who.id).language = chosen
        refresh()
    target = request.form.get("next", "")
    return redirect(target if _is_ours(target) else url_for("today.today"))


def _is_ours(address: str) -> bool:
    """Whether this is a path of the console: never an open door to another site."""
    plain = address.isprintable() and "\\" not in address  # browsers drop tabs and take a backslash for a slash
    return plain and address.startswith("/") and not address.startswith("//")
