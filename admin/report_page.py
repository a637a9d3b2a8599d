"""A report as its page shows it: cells with their links, lines and bars. Pure but for the language of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from flask_babel import format_decimal

from admin.chart import DayLines, day_lines
from core.country.areas import country
from tracing.areas.gazetteer import name_en
from tracing.reports.asked import Asked
from tracing.reports.counting import Report, Value
from tracing.reports.figures import FIGURES, Figure
from tracing.reports.places import REST

# The figures that stand large above the others.
HEADLINE = ("f0", "contacts", "reached", "not_reached", "hours", "due", "done", "lost")
# The charts: each one or two figures by day.
CHARTS = (("f0",), ("contacts", "reached"), ("due", "done"), ("calls", "answered"))
# So many parts have a little chart of their own.
PARTS_DRAWN = 12


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: as it is written, and the address of the rows behind it (empty: there are none)."""

    figure: Figure
    text: str
    href: str
    value: Value


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: `href` leads into it, `width` is its bar in per mille of the longest."""

    key: str
    title: str
    href: str
    cells: Sequence[Cell]
    width: int = 0
    drawn: DayLines | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    cells: Sequence[Cell]
    drawn: DayLines


class Page:
    """The tables and charts of one report. `behind` and `report` are the addresses of the list of rows and of the
    report itself, to which the query is added."""

    def __init__(self, asked: Asked, told: Report, behind: str, report: str) -> None:
        self.asked = asked
        self.told = told
        self._behind = behind
        self._report = report

    @property
    def headline(self) -> list[Cell]:
        return [cell for cell in self._cells(self.told.total) if cell.figure.key in HEADLINE]

    @property
    def total(self) -> list[Cell]:
        return self._cells(self.told.total)

    @property
    def charts(self) -> list[Chart]:
        cells = {cell.figure.key: cell for cell in self._cells(self.told.total)}
        return [
            Chart([cells[key] for key in keys], day_lines(*(self._by_day(self.told.days, key) for key in keys)))
            for keys in CHARTS
        ]

    def days(self, title: Callable[[date], str]) -> list[Line]:
        """A line for each day, the newest first."""
        lines = []
        for day in reversed(self.asked.days):
            one = {"from": day.isoformat(), "to": day.isoformat()}
            href = f"{self._report}?{query_of(self.asked, **one)}"
            lines.append(Line(day.isoformat(), title(day), href, self._cells(self.told.days.get(day, {}), **one)))
        return lines

    def parts(self, language: str, rest: str, shown: int) -> list[Line]:
        """A line for each of the first `shown` parts in which something was counted: those with most contacts first,
        the rest last."""
        counted = self.told.parts
        order = sorted(counted, key=lambda path: (path == REST, -_number(counted[path], "contacts"), path))
        most = max((_number(counted[path], "contacts") for path in counted), default=0) or 1
        return [self._part(path, language, rest, most, place < PARTS_DRAWN) for place, path in enumerate(order[:shown])]

    def _part(self, path: str, language: str, rest: str, most: float, drawn: bool) -> Line:
        figures = self.told.parts[path]
        lines = None
        if drawn and len(self.asked.days) > 1:
            days = self.told.days_of(path)
            lines = day_lines(self._by_day(days, "contacts"), self._by_day(days, "reached"))
        return Line(
            key=path,
            title=rest if path == REST else area_name(path, language),
            href="" if path == REST else f"{self._report}?{query_of(self.asked, area=path)}",
            cells=self._cells(figures, part=path),
            width=round(1000 * _number(figures, "contacts") / most),
            drawn=lines,
        )

    def diseases(self, title: Callable[[str], str]) -> list[Line]:
        """A line for each disease; calls know none."""
        return [
            Line(
                name, title(name), f"{self._report}?{query_of(self.asked, disease=name)}",
                self._cells(self.told.diseases[name], disease=name),
            )
            for name in sorted(self.told.diseases)
            if name
        ]  # fmt: skip

    def _by_day(self, days: Mapping[date, Mapping[str, Value]], key: str) -> list[float]:
        return [_number(days.get(day, {}), key) for day in self.asked.days]

    def _cells(self, figures: Mapping[str, Value], **narrowed: str) -> list[Cell]:
        start = f"{self._behind}?{query_of(self.asked, **narrowed)}&figure="
        return [_cell(figure, figures.get(figure.key), start) for figure in FIGURES]


def query_of(asked: Asked, **narrowed: str) -> str:
    """What is asked for, as an address says it."""
    told = {
        "from": asked.since.isoformat(),
        "to": asked.until.isoformat(),
        "area": asked.area,
        "units": asked.system if asked.system != "new" else "",
        "disease": asked.disease,
        "part": asked.part,
        **narrowed,
    }
    return urlencode({name: value for name, value in told.items() if value})


def area_name(path: str, language: str) -> str:
    """The name of a unit; a path that is in no list of units, as it is."""
    unit = country().unit(path)
    if unit is None:
        return path
    return unit.name if language == "vi" else name_en(unit)


def _number(figures: Mapping[str, Value], key: str) -> float:
    return figures.get(key) or 0


def _cell(figure: Figure, value: Value, start: str) -> Cell:
    if figure.median:
        text = "—" if value is None else str(format_decimal(value, "#,##0.0"))
        return Cell(figure, text, "" if value is None else start + figure.key, value)
    # Most figures are small, and their digits are the same in every language.
    text = str(format_decimal(value)) if value and value >= 1000 else str(int(value or 0))
    return Cell(figure, text, start + figure.key if value else "", value or 0)
