"""Reports: the figures, the rows behind each, the same as files, and a day on one sheet of paper."""

from __future__ import annotations

from datetime import date, timedelta
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
from admin.report_page import PARTS_DRAWN, Page, area_name, query_of
from core.areas import holds
from core.country.areas import above, country
from core.rights import Right
from tracing.lists.writing import TYPES
from tracing.reports import files, printing
from tracing.reports.asked import MOST_DAYS, Asked
from tracing.reports.counting import Report, Standing, count, count_one, dispositions
from tracing.reports.figures import BY_KEY, DISPOSITION, FIGURES
from tracing.reports.listing import Behind, rows_behind, targets_behind
from tracing.reports.places import REST, SYSTEMS

pages = Blueprint("reports", __name__)
DAYS_SHOWN = 7
CAMPAIGNS_SHOWN = 8
MOST_PLACES = 10_000


@pages.get("/reports")
@needs(Right.REPORTS_SEE)
def reports() -> ResponseReturnValue:
    asked = _asked()
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
        above=_above(asked),
        standings=_standings(asked),
        weekday=weekday,
        disease=lambda name: str(label(name, "disease")),
        rest=gettext("elsewhere, or not known exactly"),
        query=query_of(asked),
    )


@pages.get("/reports/behind")
@needs(Right.REPORTS_SEE, Right.CASES_SEE, Right.CALLS_SEE)
def behind() -> ResponseReturnValue:
    """Whom a figure counts. Health data: who was shown stands in the audit log."""
    asked = _asked()
    figure = BY_KEY.get(request.args.get("figure", "contacts")) or abort(404)
    part = request.args.get("part", "")
    if part and part != REST and part not in asked.parts.units:
        abort(404)
    asked = _with_part(asked, part)
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
        place=_place(asked),
        page=listed,
        number=number,
        back=f"{url_for('reports.reports')}?{query_of(_with_part(asked, ''))}",
        area_name=area_name,
    )


@pages.get("/reports/campaigns/<uuid:campaign_id>")
@needs(Right.REPORTS_SEE, Right.CASES_SEE, Right.CALLS_SEE)
def campaign(campaign_id: UUID) -> ResponseReturnValue:
    """The people of a campaign with one disposition."""
    found = campaigns.find_campaign(uow(), viewer(), campaign_id) or abort(404)
    asked, disposition = _asked(), request.args.get("disposition", "")
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
        place=_place(asked),
        page=listed,
        number=number,
        back=f"{url_for('reports.reports')}?{query_of(asked)}",
        area_name=area_name,
    )


@pages.get("/reports/export")
@needs(Right.REPORTS_SEE)
def export() -> ResponseReturnValue:
    """The table by day or by area as a file."""
    asked = _asked()
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
    asked = _asked()
    last = days.parse_day(request.args.get("day")) or days.today(uow().now(), zone())
    week = _clipped(asked, last - timedelta(days=printing.DAYS_BEFORE), last)
    language = chosen_language()
    told = count(uow(), week)
    allow_style(printing.STYLE)
    return Response(
        printing.day_sheet(
            week, told, _standings(week), language, _place(week), context().settings.department,
            lambda path: area_name(path, language),
        ),
        mimetype="text/html",
    )  # fmt: skip


def _asked() -> Asked:
    """What the address asks for: seven days up to today, the whole of the viewer's area, unless it says otherwise.
    An area that is not the viewer's is answered like one that does not exist."""
    given = request.args
    today = days.today(uow().now(), zone())
    until = days.parse_day(given.get("to")) or today
    since = days.parse_day(given.get("from")) or until - timedelta(days=DAYS_SHOWN - 1)
    since = min(max(since, until - timedelta(days=MOST_DAYS - 1)), until)
    area = given.get("area", "") or viewer().area
    if not holds(viewer().area, area) or (area and country().unit(area) is None and area != viewer().area):
        abort(404)
    system = given.get("units", "new")
    settings = context().settings
    return Asked(
        since=since,
        until=until,
        zone=settings.zone,
        province=settings.province,
        area=area,
        system=system if system in SYSTEMS else "new",
        disease=given.get("disease", ""),
    )


def _clipped(asked: Asked, since: date, until: date) -> Asked:
    return Asked(since, until, asked.zone, asked.province, asked.area, asked.system, asked.disease)


def _with_part(asked: Asked, part: str) -> Asked:
    return Asked(asked.since, asked.until, asked.zone, asked.province, asked.area, asked.system, asked.disease, part)


def _above(asked: Asked) -> list[tuple[str, str]]:
    """The way down to the area of the report, as far as the viewer may see it: names and addresses."""
    own, language = viewer().area, chosen_language()
    paths = [path for path in above(asked.area) if path != own and holds(own, path)]
    whole = (area_name(own, language) if own else str(gettext("whole department")), own)
    way = [whole, *((area_name(path, language), path) for path in reversed(paths))]
    address = url_for("reports.reports")
    return [(name, f"{address}?{query_of(asked, area=path)}") for name, path in way]


def _place(asked: Asked) -> str:
    """The name of where the figures are from."""
    language = chosen_language()
    whole = area_name(asked.area, language) if asked.area else str(gettext("whole department"))
    if asked.part == REST:
        return f"{whole}: {gettext('elsewhere, or not known exactly')}"
    return area_name(asked.part, language) if asked.part else whole


def _standings(asked: Asked) -> list[Standing]:
    """The newest campaigns that were under way on a day of the report and have people in its area."""
    under_way = [
        each.id
        for each in campaigns.list_campaigns(uow(), viewer())
        if each.started_at and each.started_at < asked.ends and (not each.ended_at or each.ended_at >= asked.begins)
    ]
    return [each for each in dispositions(uow(), asked.area, under_way[:CAMPAIGNS_SHOWN]) if each.targets]


def _as_json(asked: Asked, told: Report) -> dict[str, Any]:
    return {
        "from": asked.since.isoformat(),
        "to": asked.until.isoformat(),
        "area": asked.area,
        "total": told.total,
        "days": {each.isoformat(): told.days.get(each, {}) for each in asked.days},
        "parts": told.parts,
        "diseases": {name: figures for name, figures in told.diseases.items() if name},
        "campaigns": [{"id": str(each.id), "dispositions": dict(each.dispositions)} for each in _standings(asked)],
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
