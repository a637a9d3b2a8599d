"""Reports: the figures, the rows behind each, the same as files, and a day on one sheet of paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from admin import days
from admin.current import audit, context, uow, viewer, wants_json, zone
from admin.formats import weekday
from admin.headers import allow_style
from admin.labels import label
from admin.languages import chosen_language
from admin.policy import needs
from admin.queries import campaigns
from admin.report_asked import asked_for, place_of, standings_of, way_to
from admin.report_page import PARTS_DRAWN, Page, area_name, query_of
from core.rights import Right
from tracing.lists.writing import TYPES
from tracing.reports import files, printing
from tracing.reports.asked import Asked
from tracing.reports.counting import Report, count, count_one, dispositions
from tracing.reports.figures import BY_KEY, DISPOSITION, FIGURES
from tracing.reports.listing import Behind, rows_behind, targets_behind
from tracing.reports.places import REST

pages = Blueprint("reports", __name__)
MOST_PLACES = 10_000


@pages.get("/reports")
@needs(Right.REPORTS_SEE)
def reports() -> ResponseReturnValue:
    asked = asked_for()
    told = count(uow(), asked)
    if wants_json():
        return _as_json(asked, told)
    return render_template(
        "reports.html",
        asked=asked,
        page=Page(asked, told, url_for("reports.behind"), url_for("reports.reports")),
        figures=FIGURES,
        # Some hundred places with a link for each figure are half a megabyte.
        places_shown=MOST_PLACES if request.args.get("places") == "all" else PARTS_DRAWN,
        definition_of_dispositions=DISPOSITION,
        above=way_to(asked),
        standings=standings_of(asked),
        weekday=weekday,
        disease=lambda name: str(label(name, "disease")),
        rest=gettext("elsewhere, or not known exactly"),
        query=query_of(asked),
    )


@pages.get("/reports/behind")
@needs(Right.REPORTS_SEE, Right.CASES_SEE, Right.CALLS_SEE)
def behind() -> ResponseReturnValue:
    """Whom a figure counts. Health data: who was shown stands in the audit log."""
    asked = asked_for()
    figure = BY_KEY.get(request.args.get("figure", "contacts")) or abort(404)
    part = request.args.get("part", "")
    if part and part != REST and part not in asked.parts.units:
        abort(404)
    asked = replace(asked, part=part)
    listed = rows_behind(uow(), asked, figure, request.args.get("before", ""))
    number = count_one(uow(), asked, figure)
    audit(
        "reports.behind",
        detail={"figure": figure.key, "asked": query_of(asked), "rows": [str(row.id) for row in listed.rows]},
    )
    if wants_json():
        return {
            "figure": figure.key,
            "rows": [_row_as_json(row) for row in listed.rows],
            "number": number,
            "older": listed.older,
        }
    return render_template(
        "report_behind.html",
        figure=figure,
        source=figure.source,
        title=figure.title.said(chosen_language()),
        definition=figure.definition.said(chosen_language()),
        asked=asked,
        place=place_of(asked),
        page=listed,
        number=number,
        back=f"{url_for('reports.reports')}?{query_of(replace(asked, part=''))}",
        area_name=area_name,
    )


@pages.get("/reports/campaigns/<uuid:campaign_id>")
@needs(Right.REPORTS_SEE, Right.CASES_SEE, Right.CALLS_SEE)
def campaign(campaign_id: UUID) -> ResponseReturnValue:
    """The people of a campaign with one disposition."""
    found = campaigns.find_campaign(uow(), viewer(), campaign_id) or abort(404)
    asked, disposition = asked_for(), request.args.get("disposition", "")
    (standing,) = dispositions(uow(), asked.area, [campaign_id])
    listed = targets_behind(uow(), asked.area, campaign_id, disposition, request.args.get("before", ""))
    number = standing.dispositions.get(disposition, 0) if disposition else standing.targets
    audit(
        "reports.behind",
        f"campaign:{campaign_id}",
        detail={"disposition": disposition, "area": asked.area, "rows": [str(row.id) for row in listed.rows]},
    )
    if wants_json():
        return {"rows": [_row_as_json(row) for row in listed.rows], "number": number, "older": listed.older}
    name = found.name if found.kind == "list" else str(label(found.kind, "kind"))
    return render_template(
        "report_behind.html",
        figure=None,
        source="targets",
        title=f"{name}: {label(disposition, 'disposition')}" if disposition else name,
        definition=DISPOSITION.said(chosen_language()),
        asked=asked,
        place=place_of(asked),
        page=listed,
        number=number,
        back=f"{url_for('reports.reports')}?{query_of(asked)}",
        area_name=area_name,
    )


@pages.get("/reports/export")
@needs(Right.REPORTS_SEE)
def export() -> ResponseReturnValue:
    """The table by day or by area as a file."""
    asked = asked_for()
    by, kind = request.args.get("by", "day"), request.args.get("as", "csv")
    if by not in files.TABLES or kind not in TYPES:
        abort(404)
    language = chosen_language()
    table = files.table(asked, count(uow(), asked), by, language, lambda path: area_name(path, language))
    audit("reports.export", detail={"by": by, "as": kind, "asked": query_of(asked)})
    name = f"traceline-{by}-{asked.since.isoformat()}-{asked.until.isoformat()}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(table.written(kind), mimetype=TYPES[kind], headers=headers)


@pages.get("/reports/day")
@needs(Right.REPORTS_SEE)
def day() -> ResponseReturnValue:
    """One day on one sheet, beside the days before it."""
    asked = asked_for()
    last = days.parse_day(request.args.get("day")) or days.today(uow().now(), zone())
    week = replace(asked, since=last - timedelta(days=printing.DAYS_BEFORE), until=last)
    language = chosen_language()
    told = count(uow(), week)
    allow_style(printing.STYLE)
    return Response(
        printing.day_sheet(
            week, told, standings_of(week), language, place_of(week), context().settings.department,
            lambda path: area_name(path, language),
        ),
        mimetype="text/html",
    )  # fmt: skip


def _as_json(asked: Asked, told: Report) -> dict[str, Any]:
    return {
        "from": asked.since.isoformat(),
        "to": asked.until.isoformat(),
        "area": asked.area,
        "total": told.total,
        "days": {each.isoformat(): told.days.get(each, {}) for each in asked.days},
        "parts": told.parts,
        "diseases": {name: figures for name, figures in told.diseases.items() if name},
        "campaigns": [{"id": str(each.id), "dispositions": dict(each.dispositions)} for each in standings_of(asked)],
    }


def _row_as_json(row: Behind) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "at": row.at.isoformat(),
        "area": row.area,
        "disease": row.disease,
        "person": str(row.person_id) if row.person_id else None,
        "name": row.name,
        "state": row.state,
        "call": str(row.call_id) if row.call_id else None,
        "hours": row.hours,
    }
