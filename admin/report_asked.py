"""What the address of a report asks for, and how its place is called."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, request, url_for
from flask_babel import gettext

from admin import days
from admin.current import context, uow, viewer, zone
from admin.languages import chosen_language
from admin.queries import campaigns
from admin.report_page import area_name, query_of
from core.areas import holds
from core.country.areas import above, country
from tracing.reports.asked import MOST_DAYS, Asked
from tracing.reports.counting import Standing, dispositions
from tracing.reports.places import REST, SYSTEMS

DAYS_SHOWN = 7
CAMPAIGNS_SHOWN = 8


def asked_for() -> Asked:
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


def way_to(asked: Asked) -> list[tuple[str, str]]:
    """The way down to the area of the report, as far as the viewer may see it: names and addresses."""
    own, language = viewer().area, chosen_language()
    paths = [path for path in above(asked.area) if path != own and holds(own, path)]
    whole = (area_name(own, language) if own else str(gettext("whole department")), own)
    way = [whole, *((area_name(path, language), path) for path in reversed(paths))]
    address = url_for("reports.reports")
    return [(name, f"{address}?{query_of(asked, area=path)}") for name, path in way]


def place_of(asked: Asked) -> str:
    """The name of where the figures are from."""
    language = chosen_language()
    whole = area_name(asked.area, language) if asked.area else str(gettext("whole department"))
    if asked.part == REST:
        return f"{whole}: {gettext('elsewhere, or not known exactly')}"
    return area_name(asked.part, language) if asked.part else whole


def standings_of(asked: Asked) -> list[Standing]:
    """The newest campaigns that were under way on a day of the report and have people in its area."""
    under_way = [
        each.id
        for each in campaigns.list_campaigns(uow(), viewer())
        if each.started_at and each.started_at < asked.ends and (not each.ended_at or each.ended_at >= asked.begins)
    ]
    return [each for each in dispositions(uow(), asked.area, under_way[:CAMPAIGNS_SHOWN]) if each.targets]
