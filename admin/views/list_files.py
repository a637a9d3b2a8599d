"""Lists as files: the rows of a list that were wrong, and lists of cases and contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from uuid import UUID

from flask import Blueprint, Response, abort, request, stream_with_context
from flask.typing import ResponseReturnValue

from admin import days
from admin.current import audit, context, uow, viewer, zone
from admin.languages import chosen_language
from admin.policy import Viewer, needs, shown_phone
from admin.queries.lists import find_list
from core.areas import holds
from core.errors import UserError
from core.rights import Right
from tracing.lists import service
from tracing.lists.exporting import KINDS, Wanted, count_of, header_of, rows_of
from tracing.lists.writing import TYPES, Cell, csv_of, xlsx_of
from tracing.lists.wrong_rows import wrong_rows
from tracing.rules.rulebook import shipped

pages = Blueprint("list_files", __name__)


@pages.get("/lists/<uuid:list_id>/wrong.<any(csv, xlsx):kind>")
@needs(Right.LISTS_RUN)
def wrong(list_id: UUID, kind: str) -> ResponseReturnValue:
    """The rows that cannot be used, with the reason beside each."""
    page = find_list(uow(), viewer(), list_id) or abort(404)
    findings = service.findings_of(page.row)
    if not findings.wrong:
        abort(404)
    audit("list.wrong_rows", f"list:{list_id}", {"rows": len(findings.wrong)})
    header, rows = wrong_rows(findings, chosen_language())
    return _file(kind, "wrong-rows", header, list(rows))


@pages.get("/lists/out")
@needs(Right.LISTS_RUN)
def out() -> ResponseReturnValue:
    """Cases (F0), contacts (F1) or contacts of contacts (F2) of the viewer's area, by the days of their report."""
    given, language, settings = request.args, chosen_language(), context().settings
    kind, form = given.get("kind", "F1"), given.get("as", "csv")
    if kind not in KINDS or form not in TYPES:
        abort(404)
    area = given.get("area", viewer().area)
    if not holds(viewer().area, area):
        raise UserError("This area is not yours to see.", "Choose an area within your own.")
    since, until = days.parse_day(given.get("from")), days.parse_day(given.get("to"))
    wanted = Wanted(
        kind,
        shipped().checked(given.get("disease") or settings.disease),
        viewer().area,
        area,
        days.day_span(since, zone())[0] if since else None,
        days.day_span(until, zone())[1] if until else None,
    )
    detail = {"kind": kind, "disease": wanted.disease, "area": area, "as": form}
    audit("list.export", detail={**detail, "rows": count_of(uow(), wanted)})
    name = f"{kind}-{days.today(uow().now(), zone()).isoformat()}"
    return _file(form, name, header_of(kind, language), _rows(wanted, viewer(), language))


def _rows(wanted: Wanted, who: Viewer, language: str) -> Iterator[Sequence[Cell]]:
    """Read while the file goes out, in a transaction of its own: that of the request is over by then."""
    console = context()
    with console.database.unit() as own:
        phone = partial(shown_phone, viewer=who)
        yield from rows_of(own, wanted, language, console.settings.zone, phone)


def _file(kind: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    parts = csv_of(header, rows) if kind == "csv" else xlsx_of(header, rows, name)
    response = Response(stream_with_context(parts), mimetype=TYPES[kind])
    response.headers["Content-Disposition"] = f"attachment; filename={name}.{kind}"
    response.headers["Cache-Control"] = "no-store"
    return response
