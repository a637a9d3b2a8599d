"""Tables as files: CSV and XLSX. The same rows give the same bytes, and no cell is ever a formula.

A cell that begins with = + - @ would be carried out by a spreadsheet that opens a CSV file; an apostrophe before it
says that it is text, and `normalise_phone` knows that apostrophe. In XLSX such a cell is text by its type, and marked
so that it stays text when somebody edits it.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

import xlsxwriter

Cell: TypeAlias = str | int | date | None
_RISKY = ("=", "+", "-", "@", "\t", "\r")
# Part of the file, so it is not the clock's.
_CREATED = datetime(2026, 1, 1)  # noqa: DTZ001 - a constant of the format, in nobody's zone
_DAY = "dd/mm/yyyy"
_WIDTHS = (8, 60)
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


def write_xlsx(file: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]], title: str) -> None:
    """Write the table to `file` as one sheet, row by row; what is not yet packed waits beside it."""
    options = {"constant_memory": True, "tmpdir": str(file.parent), "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(file), options)
    try:
        book.set_properties({"created": _CREATED, "title": title})
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": _DAY, "align": "left"})
        plain = book.add_format({"num_format": "@"})
        risky = book.add_format({"num_format": "@", "quote_prefix": True})
        for at, name in enumerate(header):
            sheet.set_column(at, at, min(max(len(name) + 3, _WIDTHS[0]), _WIDTHS[1]))
        sheet.freeze_panes(1, 0)
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
                    sheet.write_number(number, at, cell)
    finally:
        book.close()


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
