"""The laboratory: who waits for a result, and the results."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import days, form_values
from admin.attempts import attempt
from admin.current import audit, uow, viewer, wants_json, zone
from admin.policy import needs
from admin.queries import laboratory as queries
from core.rights import Right
from tracing.laboratory import Result, note_result

pages = Blueprint("laboratory", __name__)


@pages.get("/laboratory")
@needs(Right.CASES_SEE)
def waiting() -> ResponseReturnValue:
    return _waiting_page()


@pages.post("/laboratory/<uuid:test_id>")
@needs(Right.CASES_SEE, Right.CASES_RUN)
def result(test_id: UUID) -> ResponseReturnValue:
    """Note a result; back to the contact or case, where a positive one proposes what follows."""
    found = queries.find_test(uow(), viewer(), test_id) or abort(404)
    _, problem = attempt(
        lambda: note_result(
            uow(),
            test_id,
            form_values.word("result", Result),
            form_values.day("result_on"),
            by=viewer().id,
            why=form_values.text("reason"),
        )
    )
    if problem is not None:
        return _waiting_page(problem), 400
    audit("test.result", f"test:{test_id}")
    flash(gettext("Saved."))
    if request.form.get("back") == "list" and form_values.text("result") != Result.POSITIVE:
        return redirect(url_for("laboratory.waiting"))
    if found.contact_id:
        return redirect(url_for("contacts.contact", contact_id=found.contact_id))
    return redirect(url_for("cases.case", case_id=found.case_id))


def _waiting_page(problem: tuple[str, str] | None = None) -> str | dict[str, Any]:
    page = queries.list_waiting(uow(), viewer(), request.args.get("before"))
    audit("tests.list", detail={"tests": [str(row.id) for row in page.rows]})
    if wants_json():
        if problem is not None:
            return {"error": problem[0], "hint": problem[1]}
        return {"tests": [_as_json(row) for row in page.rows], "older": page.older}
    today = days.today(uow().now(), zone())
    return render_template("laboratory.html", page=page, today=today, problem=problem)


def _as_json(row: queries.TestRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "disease": row.disease,
        "kind": row.kind,
        "sampled_on": row.sampled_on.isoformat(),
        "laboratory": row.laboratory,
        "contact": str(row.contact_id) if row.contact_id else None,
        "case": str(row.case_id) if row.case_id else None,
    }
