"""What the request at hand works with: its unit of work, its viewer, the console's context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import abort, current_app, g, request, session
from flask.typing import ResponseReturnValue

from admin.context import ConsoleContext
from admin.policy import Viewer
from core.audit import write_audit
from core.database import UnitOfWork

# A page that refreshes itself writes one line of the audit log each time this has passed while it stays open.
WATCHED_AGAIN_AFTER = 600
# The status by which htmx puts the part in place and asks no more (https://htmx.org/docs/#polling).
STOP_POLLING = 286


def context() -> ConsoleContext:
    return cast(ConsoleContext, current_app.extensions["traceline"])


def uow() -> UnitOfWork:
    """The transaction of this request: committed when the view returns, rolled back when it raises."""
    return cast(UnitOfWork, g.uow)


def viewer() -> Viewer:
    """The signed-in user."""
    found = viewer_or_none()
    if found is None:
        abort(401)
    return found


def viewer_or_none() -> Viewer | None:
    return cast("Viewer | None", g.get("viewer"))


def zone() -> ZoneInfo:
    """The department's time zone."""
    return ZoneInfo(context().settings.zone)


def wants_json() -> bool:
    """Whether the caller is a program: `Accept: application/json`."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def wants_fragment() -> bool:
    """Whether htmx refreshes a part of a page that is already there."""
    return request.headers.get("HX-Request") == "true"


def fragment(part: str, over: bool) -> ResponseReturnValue:
    """The part of a page that htmx asked for; when what it shows is `over`, htmx need not ask again."""
    return part, STOP_POLLING if over else 200


def audit(action: str, subject: str = "", detail: Mapping[str, Any] | None = None) -> None:
    """Write a line of the audit log about the viewer, in the transaction of what it tells of."""
    who = viewer()
    write_audit(
        uow(),
        action,
        subject,
        user_id=who.id,
        login=who.login,
        address=request.remote_addr or "",
        detail=detail,
    )


def audit_watch(action: str, subject: str = "") -> None:
    """Write a line about a page that may refresh itself: a full page always, its fragments once in ten minutes. When
    the last line was written stands in the signed cookie, so nobody can read without leaving one."""
    key, now = f"{action} {subject}", int(uow().now().timestamp())
    recent = {name: at for name, at in session.get("watched", {}).items() if at > now - WATCHED_AGAIN_AFTER}
    if wants_fragment() and key in recent:
        return
    audit(action, subject)
    session["watched"] = dict(sorted({**recent, key: now}.items(), key=lambda item: item[1])[-10:])
