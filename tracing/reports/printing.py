"""One day on one sheet of paper, in Vietnamese and English, that a director reads in a minute. Pure: the same figures
give the same bytes. The sheet needs nothing from elsewhere, so it can be kept and sent as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tracing.reports.asked import Asked
from tracing.reports.counting import Report, Standing, Value
from tracing.reports.figures import BY_KEY, Figure
from tracing.reports.places import REST

DAYS_BEFORE = 6
"""The sheet draws the day and so many before it."""
_HERE = Path(__file__).parent / "templates"
STYLE = (_HERE / "day.css").read_text(encoding="utf-8")
"""What stands in the sheet between <style> and </style>."""
_PLACES_SHOWN = 8
# What stands on the sheet, in the order in which it is read.
_SHOWN = (
    ("f0", "contacts", "reached", "not_reached", "hours"),
    ("due", "done", "unavailable", "open"),
    ("calls", "answered"),
)
_OF_PLACES = ("f0", "contacts", "reached", "not_reached", "done", "due")


@dataclass(frozen=True, slots=True)
class Told:
    """One figure of the day: its value and share, the day before, and a line over all days."""

    figure: Figure
    value: str
    share: str
    before: str
    points: str


def day_sheet(
    asked: Asked,
    told: Report,
    standings: Sequence[Standing],
    language: str,
    place: str,
    department: str,
    name: Callable[[str], str],
) -> str:
    """The sheet of the last day that is asked for; the days before are for comparison."""
    day = asked.until
    places = sorted(
        ((path, figures) for path, figures in told.parts_on(day).items() if path != REST),
        key=lambda item: (-(item[1].get("contacts") or 0), -(item[1].get("f0") or 0), item[0]),
    )
    return (
        _environment(language)
        .get_template("day.html")
        .render(
            style=Markup(STYLE),  # noqa: S704  (our own file)
            language=language,
            department=department,
            place=place,
            day=_day(day, language),
            first_day=_short(asked.since, language),
            last_day=_short(day, language),
            groups=[[_told(asked, told, BY_KEY[key], language) for key in keys] for keys in _SHOWN],
            places=[
                (name(path), {key: _written(BY_KEY[key], figures.get(key), language) for key in _OF_PLACES})
                for path, figures in places[:_PLACES_SHOWN]
            ],
            columns=_OF_PLACES,
            more=max(len(places) - _PLACES_SHOWN, 0),
            standings=standings,
            titles={key: BY_KEY[key].title.said(language) for key in BY_KEY},
            number=lambda value: format_decimal(value, locale=language),
        )
    )


def _told(asked: Asked, told: Report, figure: Figure, language: str) -> Told:
    days = [told.days.get(day, {}) for day in asked.days]
    today, yesterday = days[-1], days[-2] if len(days) > 1 else {}
    whole = today.get(figure.of) if figure.of else None
    return Told(
        figure=figure,
        value=_written(figure, today.get(figure.key), language),
        share=format_percent((today.get(figure.key) or 0) / whole, locale=language) if whole else "",
        before=_written(figure, yesterday.get(figure.key), language),
        points=_points([figures.get(figure.key) or 0 for figures in days]),
    )


def _written(figure: Figure, value: Value, language: str) -> str:
    if figure.median:
        return "–" if value is None else str(format_decimal(value, "#,##0.0", locale=language))
    return str(format_decimal(int(value or 0), locale=language))


def _points(values: Sequence[float]) -> str:
    """A line in a box of 100 by 24."""
    top, across = max(values, default=0) or 1, 100 / max(len(values) - 1, 1)
    return " ".join(f"{place * across:.1f},{23 - 22 * value / top:.1f}" for place, value in enumerate(values))


def _day(day: date, language: str) -> str:
    return str(format_date(day, "EEEE, d/M/yyyy" if language == "vi" else "EEEE, d MMMM y", locale=language))


def _short(day: date, language: str) -> str:
    return str(format_date(day, "d/M" if language == "vi" else "d MMM", locale=language))


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals["_"] = lambda vi, en: vi if language == "vi" else en
    made.globals["dispositions"] = _dispositions(language)
    return made


def _dispositions(language: str) -> Mapping[str, str]:
    said = {
        "completed": ("hoàn thành", "completed"),
        "refused": ("từ chối", "refused"),
        "ineligible": ("nhầm người", "wrong person"),
        "breakoff": ("bỏ dở", "broken off"),
        "partial": ("trả lời một phần", "partly answered"),
        "started": ("đã bắt đầu", "started"),
        "contacted": ("đã bắt máy", "contacted"),
        "unresponsive": ("không trả lời", "no response"),
        "failed": ("không gọi được", "failed"),
        "overdue": ("quá hạn", "too late"),
        "called_off": ("đã hủy", "called off"),
        "queued": ("đang gọi", "queued"),
        "registered": ("chưa gọi", "registered"),
    }
    return {key: words[0] if language == "vi" else words[1] for key, words in said.items()}
