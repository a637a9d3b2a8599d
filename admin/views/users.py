"""Users: list, add, change, reset the password, deactivate. For administrators."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.area_choice import chosen_area
from admin.current import audit, context, uow, viewer
from admin.errors import user_message
from admin.languages import LANGUAGES
from admin.policy import needs
from admin.queries import users as queries
from core.errors import UserError
from core.login import create_user, end_sessions, reset_password
from core.rights import ROLES, Right
from core.users import User

pages = Blueprint("users", __name__)


@pages.get("/users")
@needs(Right.USERS_RUN)
def users() -> ResponseReturnValue:
    return _list_page()


@pages.post("/users")
@needs(Right.USERS_RUN)
def add_user() -> ResponseReturnValue:
    form = request.form
    try:
        user, password = create_user(
            uow(),
            login=form.get("login", ""),
            name=form.get("name", ""),
            roles=_roles(),
            area=chosen_area(),
            language=form["language"] if form.get("language") in LANGUAGES else context().settings.language,
            by=_me(),
            address=request.remote_addr or "",
        )
    except UserError as error:
        return _list_page(problem=user_message(error)), 400
    return render_template("first_password.html", user=user, password=password)


@pages.get("/users/<uuid:user_id>")
@needs(Right.USERS_RUN)
def user(user_id: UUID) -> ResponseReturnValue:
    found = _user(user_id)
    return render_template("user.html", user=found, roles=ROLES, areas=queries.list_areas(uow(), viewer()))


@pages.post("/users/<uuid:user_id>")
@needs(Right.USERS_RUN)
def change_user(user_id: UUID) -> ResponseReturnValue:
    found = _user(user_id)
    roles, area = _roles(), chosen_area(found.area)
    if not roles:
        raise UserError("A user needs at least one role.", "Choose what this person does.")
    if found.id == viewer().id and "administrator" not in roles:
        raise UserError("You cannot take the role of administrator from yourself.", "Ask another administrator.")
    if found.id == viewer().id and area != found.area:
        raise UserError("You cannot change your own area.", "Ask another administrator.")
    before = {"roles": found.roles, "area": found.area, "name": found.name}
    found.roles, found.area, found.name = roles, area, request.form.get("name", "").strip() or found.name
    after = {"roles": found.roles, "area": found.area, "name": found.name}
    changed = [key for key in before if before[key] != after[key]]
    audit("user.changed", f"user:{found.id}", {k: [before[k], after[k]] for k in changed if k != "name"})
    flash(gettext("Saved."))
    return redirect(url_for("users.users"))


@pages.post("/users/<uuid:user_id>/password")
@needs(Right.USERS_RUN)
def new_password(user_id: UUID) -> ResponseReturnValue:
    found = _user(user_id)
    password = reset_password(uow(), found.login, by=_me(), address=request.remote_addr or "")
    return render_template("first_password.html", user=found, password=password)


@pages.post("/users/<uuid:user_id>/active")
@needs(Right.USERS_RUN)
def activate(user_id: UUID) -> ResponseReturnValue:
    found = _user(user_id)
    active = request.form.get("active") == "1"
    if found.id == viewer().id:
        raise UserError("You cannot deactivate yourself.", "Ask another administrator.")
    found.active = active
    if not active:
        end_sessions(uow(), found)
    audit("user.activated" if active else "user.deactivated", f"user:{found.id}")
    flash(gettext("Saved."))
    return redirect(url_for("users.users"))


def _list_page(problem: tuple[str, str] | None = None) -> str:
    return render_template(
        "users.html",
        users=queries.list_users(uow(), viewer()),
        roles=ROLES,
        areas=queries.list_areas(uow(), viewer()),
        problem=problem,
        form=request.form,
    )


def _user(user_id: UUID) -> User:
    return queries.find_user(uow(), viewer(), user_id) or abort(404)


def _me() -> User:
    return uow().session.get_one(User, viewer().id)


def _roles() -> list[str]:
    return [role for role in request.form.getlist("roles") if role in ROLES]
