"""People: found by name or number, and everything about one of them. Health data: every read is audited."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import forms, people_labels
from admin.current import audit, uow, viewer, wants_json, zone
from admin.phone_search import searched_phone
from admin.policy import needs
from admin.queries import duplicates as duplicate_queries
from admin.queries import people as queries
from core.rights import Right
from tracing.people.merging import added_since, undo
from tracing.people.model import PersonMerge
from tracing.people.names import plain

pages = Blueprint("people", __name__)


@pages.get("/people")
@needs(Right.CASES_SEE)
def people() -> ResponseReturnValue:
    phone, name, problem = searched_phone(request.args.get("q", ""))
    page = queries.list_people(uow(), viewer(), name, phone, request.args.get("before"))
    audit(
        "people.list",
        detail={"by_name": bool(name), "by_phone": bool(phone), "people": [str(row.id) for row in page.rows]},
    )
    if wants_json():
        rows = [{"id": str(row.id), "name": row.name, "birth_year": row.birth_year} for row in page.rows]
        return {"people": rows, "older": page.older}
    return render_template("people.html", page=page, problem=problem)


@pages.get("/people/<uuid:person_id>")
@needs(Right.CASES_SEE)
def person(person_id: UUID) -> ResponseReturnValue:
    """Everything of one person in the order of time. An entry that was merged leads to the one that stands."""
    found = queries.find_person(uow(), viewer(), person_id) or abort(404)
    if found.merged_into is not None:
        if queries.find_person(uow(), viewer(), found.merged_into) is None:
            abort(404)
        return redirect(url_for("people.person", person_id=found.merged_into))
    audit("person.read", f"person:{person_id}")
    entries = queries.entries_of(uow(), viewer(), person_id)
    merges = queries.merges_of(uow(), viewer(), person_id)
    return render_template(
        "person.html",
        person=found,
        entries={entry.id: entry for entry in entries},
        moments=queries.history(uow(), viewer(), [person_id, *(entry.id for entry in entries)], zone()),
        merges=merges,
        added={row.merge.id: added_since(uow(), row.merge) for row in merges if row.can_be_undone},
        perhaps=duplicate_queries.perhaps(uow(), viewer(), person_id),
        people_words=people_labels,
        form_titles=forms.titles(),
    )


@pages.post("/people/merges/<uuid:merge_id>/undo")
@needs(Right.CASES_SEE, Right.LISTS_RUN)
def undo_merge(merge_id: UUID) -> ResponseReturnValue:
    """Make two of the person again."""
    merge = uow().session.get(PersonMerge, merge_id) or abort(404)
    for entry in (merge.kept_id, merge.merged_id):
        if queries.find_person(uow(), viewer(), entry) is None:
            abort(404)
    undo(uow(), merge_id, by=viewer().id)
    audit("person.unmerge", f"person:{merge.kept_id}", {"merge": str(merge_id), "other": str(merge.merged_id)})
    flash(gettext("They are two people again, as they were before."))
    return redirect(url_for("people.person", person_id=merge.kept_id))


pages.add_app_template_filter(plain, "plain")


@pages.app_template_filter("sign")
def sign(value: str) -> str:
    """The words for a sign of likeness."""
    return str(people_labels.SIGNS.get(value, value))
