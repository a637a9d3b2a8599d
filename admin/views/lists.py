"""Lists in: uploaded, their columns assigned, decided about, imported. Health data: every look is audited."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin.current import audit, audit_watch, context, fragment, uow, viewer, wants_fragment, wants_json
from admin.errors import user_message
from admin.languages import chosen_language
from admin.list_labels import KINDS_OUT, LIST_TONES
from admin.people_labels import SIGNS
from admin.policy import needs
from admin.queries import lists as queries
from core.errors import UserError
from core.rights import Right
from tracing.lists import service
from tracing.lists.columns import LABELS
from tracing.lists.findings import NEW, Findings
from tracing.lists.model import ListImport, ListState
from tracing.lists.sources import sources
from tracing.rules.rulebook import shipped

pages = Blueprint("lists", __name__)
Page: TypeAlias = str | dict[str, Any]
QUESTIONS_SHOWN = 50
ERRORS_SHOWN = 100
OVER = (ListState.COLUMNS, ListState.CHECKED, ListState.DONE, ListState.FAILED, ListState.DROPPED)


@pages.get("/lists")
@needs(Right.LISTS_RUN)
def lists() -> ResponseReturnValue:
    return _lists_page()


@pages.post("/lists")
@needs(Right.LISTS_RUN)
def upload() -> ResponseReturnValue:
    """Keep the file and check it: at once when it is short, in the background when it is long."""
    file = request.files.get("list")
    if file is None or not file.filename:
        return _lists_page(gettext("Choose a file first.")), 400
    disease = shipped().checked(request.form.get("disease") or context().settings.disease)
    row = keep_list(file.read(), file.filename, disease, request.form.get("source", ""))
    return _there(row, 202)


def keep_list(content: bytes, name: str, disease: str, source: str = "", *, for_campaign: bool = False) -> ListImport:
    """A list of the viewer's, kept and checked, or about to be."""
    given = service.NewList(content, name, disease, viewer().area, viewer().id, source, for_campaign)
    row = service.begin(uow(), given)
    audit("list.upload", f"list:{row.id}", {"bytes": len(content)})
    if row.state == ListState.CHECKING:
        start_check(row, len(content))
    return row


def start_check(row: ListImport, size: int) -> None:
    if size <= service.AT_ONCE_BYTES:
        service.check(uow(), row, context().settings.zone)
        uow().session.flush()
    else:
        service.send_check(uow(), row)


@pages.get("/lists/<uuid:list_id>")
@needs(Right.LISTS_RUN)
def one(list_id: UUID) -> ResponseReturnValue:
    """Where the list stands: its progress, what was found and is asked, or what came of it."""
    page = _found(list_id)
    row = page.row
    if row.state == ListState.COLUMNS and not wants_json():
        return redirect(url_for("lists.columns", list_id=list_id))
    findings = service.findings_of(row)
    if findings.questions or findings.first:
        audit_watch("list.read", f"list:{list_id}")
    if wants_json():
        return _as_json(row, findings)
    shown = _shown(page, findings)
    if wants_fragment():
        return fragment(render_template("list_live.html", **shown), row.state in OVER)
    return render_template("list.html", **shown)


@pages.get("/lists/<uuid:list_id>/columns")
@needs(Right.LISTS_RUN)
def columns(list_id: UUID) -> ResponseReturnValue:
    """Every column of the file with what stands in it, and which of ours it is."""
    page = _found(list_id)
    audit("list.read", f"list:{list_id}")
    return _columns_page(page)


@pages.post("/lists/<uuid:list_id>/columns")
@needs(Right.LISTS_RUN)
def assign(list_id: UUID) -> ResponseReturnValue:
    page, form = _found(list_id), request.form
    names = form.getlist("header")
    mapping = dict(zip(names, form.getlist("column"), strict=False))
    try:
        with uow().session.begin_nested():
            row = service.assign(uow(), list_id, mapping, form.get("source", ""))
    except UserError as error:
        if wants_json():
            raise
        return _columns_page(page, mapping, user_message(error)), 400
    audit("list.columns", f"list:{list_id}")
    start_check(row, len(service.content_of(row)))
    return _there(row)


@pages.post("/lists/<uuid:list_id>/decide")
@needs(Right.LISTS_RUN)
def decide(list_id: UUID) -> ResponseReturnValue:
    """Who is whom: one row (`row`, `is`: a person's id or `new`), or all that are open (`all`: `same` or `new`)."""
    _found(list_id)
    form = request.form
    if form.get("all") in ("same", NEW):
        row = service.decide_all(uow(), list_id, form["all"] == "same")
        audit("list.decide", f"list:{list_id}", {"all": form["all"]})
    else:
        number, said = form.get("row", type=int), form.get("is", "")
        if number is None:
            raise UserError("This row does not ask that.", "Load the page again.")
        row = service.decide(uow(), list_id, {number: said})
        audit("list.decide", f"list:{list_id}", {"row": number, "is": said})
    return _there(row, anchor="questions")


@pages.post("/lists/<uuid:list_id>/import")
@needs(Right.LISTS_RUN)
def bring(list_id: UUID) -> ResponseReturnValue:
    """Have the list imported. A second click finds that it is, and leads to the same page."""
    page = _found(list_id)
    if page.row.state in (ListState.IMPORTING, ListState.DONE):
        return _there(page.row)
    row = service.order(uow(), list_id, leave_out=request.form.get("leave_out") == "1")
    audit("list.import", f"list:{list_id}", {"rows": row.rows, "left_out": row.errors if row.leave_out else 0})
    service.send_import(uow(), row)
    return _there(row, 202)


@pages.post("/lists/<uuid:list_id>/drop")
@needs(Right.LISTS_RUN)
def drop(list_id: UUID) -> ResponseReturnValue:
    page = _found(list_id)
    if page.row.state != ListState.DROPPED:
        service.drop(uow(), list_id)
        audit("list.drop", f"list:{list_id}")
    if wants_json():
        return _as_json(page.row, Findings())
    return redirect(url_for("lists.lists"))


def _found(list_id: UUID) -> queries.ListPage:
    return queries.find_list(uow(), viewer(), list_id) or abort(404)


def _there(row: ListImport, status: int = 200, anchor: str | None = None) -> ResponseReturnValue:
    if wants_json():
        return _as_json(row, service.findings_of(row)), status
    if row.state == ListState.COLUMNS:
        return redirect(url_for("lists.columns", list_id=row.id))
    return redirect(url_for("lists.one", list_id=row.id, _anchor=anchor))


def _lists_page(problem: str = "") -> Page:
    if wants_json():
        if problem:
            return {"error": problem}
        rows = queries.list_lists(uow(), viewer(), request.args.get("before")).rows
        return {"lists": [{"id": str(r.id), "file": r.file_name, "state": r.state, "rows": r.rows} for r in rows]}
    return render_template(
        "lists.html",
        page=queries.list_lists(uow(), viewer(), request.args.get("before")),
        problem=problem,
        sources=[source.name for source in sources(uow())],
        diseases=shipped().diseases,
        disease=context().settings.disease,
        areas=queries.areas_of(uow(), viewer()),
        area_chosen=viewer().area,
        kinds=KINDS_OUT,
        tones=LIST_TONES,
    )


def _columns_page(page: queries.ListPage, chosen: dict[str, str] | None = None, problem: Any = None) -> str:
    seen = service.columns(page.row)
    return render_template(
        "list_columns.html",
        row=page.row,
        source=request.form.get("source", page.source),
        seen=seen,
        chosen=chosen or {column.header: column.column for column in seen},
        meanings={name: texts.get(chosen_language(), texts["en"]) for name, texts in LABELS.items()},
        sources=[source.name for source in sources(uow())],
        problem=problem,
    )


def _shown(page: queries.ListPage, findings: Findings) -> dict[str, Any]:
    row = page.row
    waiting = [question for question in findings.questions if str(question.row) not in row.decisions]
    answered = [question for question in findings.questions if str(question.row) in row.decisions]
    return {
        "row": row,
        "source": page.source,
        "campaign": page.campaign,
        "findings": findings,
        "undecided": len(waiting),
        "questions": [*waiting, *answered][:QUESTIONS_SHOWN],
        "errors": findings.errors[:ERRORS_SHOWN],
        "over": row.state in OVER,
        "importable": bool(row.rows) and findings.complete,
        "tones": LIST_TONES,
        "sign_words": SIGNS,
        "problem": user_message(UserError(*row.result["problem"])) if row.state == ListState.FAILED else None,
    }


def _as_json(row: ListImport, findings: Findings) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "state": row.state,
        "rows": row.rows,
        "rows_done": row.rows_done,
        "new": findings.new,
        "known": findings.known,
        "undecided": service.undecided(row, findings),
        "errors": [{"row": e.row, "column": e.column, "key": e.key} for e in findings.errors],
        "result": row.result,
    }
