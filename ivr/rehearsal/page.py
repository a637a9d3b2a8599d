"""The report as HTML with inline SVG, in Vietnamese and English: a page of its own, or the part that the console shows.

Pure: the same report gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ivr.rehearsal.drawing import bars, curves

LANGUAGES = ("vi", "en")
_HERE = Path(__file__).parent
STYLE = _HERE / "report.css"


def page(report: Mapping[str, Any], language: str) -> str:
    """A whole page, with nothing from elsewhere."""
    style = Markup(STYLE.read_text(encoding="utf-8"))  # noqa: S704  (our own file)
    return _environment(language).get_template("page.html").render(**_shown(report), style=style)


def part(report: Mapping[str, Any], language: str) -> Markup:
    """What stands between the head and the foot of a page that has `STYLE`."""
    return Markup(_environment(language).get_template("report.html").render(**_shown(report)))  # noqa: S704


def _shown(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report, and its plots."""
    doctors = report["doctors"]
    days = sorted(set(doctors["booked_by_day"]) | set(doctors["found_none_by_day"])) if doctors else []
    return {
        "report": report,
        "curve": curves(report["reached"]["curve"]),
        "hours": bars([(hour["hour"], hour["dialed"], hour["answered"]) for hour in report["hours"]]),
        "lines": bars(
            [(hour["hour"], hour["peak"], hour["lines"]) for hour in report["hours"]], report["lines"]["limit"]
        ),
        "ends": sorted(report["dispositions"].items(), key=lambda item: (-item[1], item[0])),
        "outcomes": sorted(report["outcomes"].items(), key=lambda item: (-item[1], item[0])),
        "attempts": sorted((int(times), people) for times, people in report["attempts"].items()),
        "appointments": [
            (day, doctors["booked_by_day"].get(day, 0), doctors["found_none_by_day"].get(day, 0)) for day in days
        ],
        "assumed": yaml.safe_dump(report["assumed"], allow_unicode=True, sort_keys=True),
        "zone": report["campaign"]["zone"],
    }


@cache
def _texts() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((_HERE / "words.yaml").read_text(encoding="utf-8"))
    return found


@cache
def _environment(language: str) -> Environment:
    if language not in LANGUAGES:
        raise ValueError(f"no report is written in {language!r}")
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    texts = _texts()

    def text(name: str, **values: Any) -> str:
        return str(texts[name][language]).format(**values)

    def number(value: float) -> str:
        return str(format_decimal(value, locale=language))

    def percent(value: float, whole: float) -> str:
        return str(format_percent(value / whole if whole else 0, "#,##0%", locale=language))

    def moment(value: str, zone: str) -> str:
        local = datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
        written = f"{local.day}/{local.month}/{local.year}" if language == "vi" else f"{local:%d %b %Y}"
        return f"{local:%H:%M} {written}"

    def day(value: str) -> str:
        when = datetime.fromisoformat(value)
        return f"{when.day}/{when.month}" if language == "vi" else f"{when:%d %b}"

    environment.globals.update(text=text, language=language)
    environment.filters.update(
        number=number,
        percent=percent,
        moment=moment,
        day=day,
        word=lambda value: texts["words"].get(value, {}).get(language, value),
    )
    return environment
