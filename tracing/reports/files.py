"""The tables of a report as files: CSV and XLSX. The same figures give the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter

from tracing.reports.asked import Asked
from tracing.reports.counting import Report, Value
from tracing.reports.figures import FIGURES, Words
from tracing.reports.places import REST

TABLES: Mapping[str, Words] = {"day": Words("Ngày", "Day"), "area": Words("Nơi", "Area")}
_ALL = Words("Tổng", "Total")
_REST = Words("nơi khác, hoặc không rõ", "elsewhere, or not known exactly")
_CODE = Words("Mã", "Code")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A file says when it was made; this one says the same each time, so that equal tables are equal files.
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001  (XLSX knows no zone)

Cell = str | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, rows of the same length, and what the columns mean."""

    heading: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[tuple[str, str]]


def table(asked: Asked, told: Report, by: str, language: str, name: Callable[[str], str]) -> Table:
    """The figures by day or by area, the total last. Areas have their official path in the second column."""
    first = [TABLES[by].said(language)] if by == "day" else [TABLES[by].said(language), _CODE.said(language)]
    if by == "day":
        rows = [[day.isoformat(), *_values(told.days.get(day, {}))] for day in asked.days]
    else:
        order = sorted(told.parts, key=lambda path: (path == REST, path))
        rows = [
            [_REST.said(language) if path == REST else name(path), "" if path == REST else path, *_values(figures)]
            for path, figures in ((path, told.parts[path]) for path in order)
        ]
    rows.append([_ALL.said(language), *([""] if by == "area" else []), *_values(told.total)])
    titles = [figure.title.said(language) for figure in FIGURES]
    notes = [(figure.title.said(language), figure.definition.said(language)) for figure in FIGURES]
    return Table([*first, *titles], rows, notes)


def as_csv(made: Table) -> bytes:
    """With the mark by which spreadsheets know UTF-8."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(made.heading)
    writer.writerows(made.rows)
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(made: Table) -> bytes:
    """A sheet of figures and a sheet that defines them."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": _MADE})
        bold, hours = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "0.0"})
        sheet = book.add_worksheet()
        for column, title in enumerate(made.heading):
            sheet.write_string(0, column, title, bold)
        for line, row in enumerate(made.rows, start=1):
            for column, value in enumerate(row):
                sheet.write(line, column, value, hours if isinstance(value, float) else None)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, len(made.heading) - 1, 13)
        notes = book.add_worksheet()
        for line, (title, definition) in enumerate(made.notes):
            notes.write_string(line, 0, title, bold)
            notes.write_string(line, 1, definition)
        notes.set_column(0, 0, 32)
        notes.set_column(1, 1, 120)
    return written.getvalue()


WRITERS: Mapping[str, tuple[str, Callable[[Table], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": (_XLSX, as_xlsx),
}


def _values(figures: Mapping[str, Value]) -> list[Cell]:
    return [figures.get(figure.key) if figure.median else int(figures.get(figure.key) or 0) for figure in FIGURES]
