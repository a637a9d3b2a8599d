"""Tables as files: CSV and XLSX. The same rows give the same bytes, and no cell is ever a formula.

A cell that begins with = + - @ would be carried out by a spreadsheet that opens a CSV file; an apostrophe before it
says that it is text, and `normalise_phone` knows that apostrophe. In XLSX such a cell is text by its type, and marked
so that it stays text when somebody edits it. Lists and reports leave through here.
"""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

import xlsxwriter

Cell: TypeAlias = str | float | date | None
Note: TypeAlias = tuple[str, str]
TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_RISKY = ("=", "+", "-", "@", "\t", "\r")
# Part of the file, so it is not the clock's.
_CREATED = datetime(2026, 1, 1)  # noqa: DTZ001 - a constant of the format, in nobody's zone
_DAY = "dd/mm/yyyy"
_WIDTHS = (8, 60)
_NOTE_WIDTHS = (32, 120)
_PART = 64 * 1024


def csv_of(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The table as CSV with a byte-order mark, as spreadsheets read it, in parts; days are `23/11/2026`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_csv_cell(cell) for cell in header])
    yield codecs.BOM_UTF8
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
        if text.tell() >= _PART:
            yield _taken(text)
    yield _taken(text)


def xlsx_of(
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    title: str,
    widths: Sequence[int] = (),
    notes: Sequence[Note] = (),
) -> Iterator[bytes]:
    """The table as XLSX, in parts. The file is whole before its first byte goes out; it waits in a folder that nobody
    else opens."""
    with tempfile.TemporaryDirectory(prefix="traceline-table-") as folder:
        file = Path(folder) / "table.xlsx"
        write_xlsx(file, header, rows, title, widths, notes)
        with file.open("rb") as opened:
            while part := opened.read(_PART):
                yield part


def write_xlsx(
    file: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    title: str,
    widths: Sequence[int] = (),
    notes: Sequence[Note] = (),
) -> None:
    """Write the table to `file` as one sheet, row by row; what is not yet packed waits beside it. Columns are as wide
    as `widths` says (characters), or as their headings. `notes` are a second sheet: names, and what they mean."""
    options = {"constant_memory": True, "tmpdir": str(file.parent), "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(file), options)
    try:
        book.set_properties({"created": _CREATED, "title": title})
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": _DAY, "align": "left"})
        plain = book.add_format({"num_format": "@"})
        risky = book.add_format({"num_format": "@", "quote_prefix": True})
        decimal = book.add_format({"num_format": "0.0"})
        for at, width in enumerate(widths or [_width(name) for name in header]):
            sheet.set_column(at, at, width)
        sheet.freeze_panes(1, 1)
        for at, name in enumerate(header):
            sheet.write_string(0, at, name, bold)
        for number, row in enumerate(rows, start=1):
            for at, cell in enumerate(row):
                if cell is None or cell == "":
                    continue
                if isinstance(cell, str):
                    sheet.write_string(number, at, cell, risky if cell.startswith(_RISKY) else plain)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, at, cell, day)
                else:
                    sheet.write_number(number, at, cell, decimal if isinstance(cell, float) else None)
        if notes:
            _write_notes(book, notes)
    finally:
        book.close()


def _write_notes(book: xlsxwriter.Workbook, notes: Sequence[Note]) -> None:
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True})
    for at, width in enumerate(_NOTE_WIDTHS):
        sheet.set_column(at, at, width)
    for number, (name, meaning) in enumerate(notes):
        sheet.write_string(number, 0, name, bold)
        sheet.write_string(number, 1, meaning, wrapped)


def _width(name: str) -> int:
    return min(max(len(name) + 3, _WIDTHS[0]), _WIDTHS[1])


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(_RISKY) else text


def _taken(text: io.StringIO) -> bytes:
    part = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return part
