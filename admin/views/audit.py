"""The audit log: who did or read what, when and from where."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from admin.current import audit, uow, viewer
from admin.policy import needs
from admin.queries.audit import list_entries
from core.rights import Right

pages = Blueprint("audit", __name__)
LARGEST_KEY = 2**31 - 1


@pages.get("/audit")
@needs(Right.AUDIT_SEE)
def audit_log() -> ResponseReturnValue:
    wanted = {name: request.args.get(name, "").strip() for name in ("login", "action", "subject")}
    before = request.args.get("before", LARGEST_KEY, type=int)
    entries, older = list_entries(uow(), viewer(), **wanted, before=min(before, LARGEST_KEY))
    audit("audit.read", detail={name: value for name, value in wanted.items() if value})
    return render_template("audit.html", entries=entries, older=older, wanted=wanted)
