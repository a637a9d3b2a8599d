"""The tables of a report, for the files in which they leave: CSV and XLSX."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracing.lists.writing import Cell, Note, csv_of, xlsx_of
from tracing.reports.asked import Asked
from tracing.reports.counting import Report, Value
from tracing.reports.figures import FIGURES, Words
from tracing.reports.places import REST

TABLES: Mapping[str, Words] = {"day": Words("Ngày", "Day"), "area": Words("Nơi", "Area")}
_ALL = Words("Tổng", "Total")
_REST = Words("nơi khác, hoặc không rõ", "elsewhere, or not known exactly")
_CODE = Words("Mã", "Code")
# Characters. The headings of figures are sentences; they stand on several lines.
_FIRST, _FIGURE = 28, 13


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, rows of the same length, and what the columns mean."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[Note]

    def written(self, kind: str) -> Iterator[bytes]:
        """The table as `csv` or `xlsx`, in parts. The XLSX has the meanings on its second sheet."""
        if kind == "csv":
            return csv_of(self.heading, self.rows)
        widths = [_FIRST, *[_FIGURE] * (len(self.heading) - 1)]
        return xlsx_of(self.heading, self.rows, self.title, widths, self.notes)


def table(asked: Asked, told: Report, by: str, language: str, name: Callable[[str], str]) -> Table:
    """The figures by day or by area, the total last. Areas have their official path in the second column."""
    rows: list[list[Cell]]
    first = [TABLES[by].said(language)] if by == "day" else [TABLES[by].said(language), _CODE.said(language)]
    if by == "day":
        rows = [[day, *_values(told.days.get(day, {}))] for day in asked.days]
    else:
        order = sorted(told.parts, key=lambda path: (path == REST, path))
        rows = [
            [_REST.said(language) if path == REST else name(path), "" if path == REST else path, *_values(figures)]
            for path, figures in ((path, told.parts[path]) for path in order)
        ]
    rows.append([_ALL.said(language), *([""] if by == "area" else []), *_values(told.total)])
    titles = [figure.title.said(language) for figure in FIGURES]
    notes = [(figure.title.said(language), figure.definition.said(language)) for figure in FIGURES]
    return Table(TABLES[by].said(language), [*first, *titles], rows, notes)


def _values(figures: Mapping[str, Value]) -> list[Cell]:
    return [figures.get(figure.key) if figure.median else int(figures.get(figure.key) or 0) for figure in FIGURES]
