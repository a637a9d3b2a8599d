"""XLSX as rows of text, read row by row: nothing of the file decides how much memory it takes.

Values only: what a formula last came to, never the formula. What the file says of its own size is not believed further
than Python's zipfile goes, which inflates no member beyond the size that its directory names; those sizes are added up
before anything is read. Then comes what no such sum shows: a single row that goes on for ever.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any, BinaryIO

import openpyxl

from tracing.lists.bad_file import BadFile

MAX_PARTS = 2_000
MAX_SHEET_BYTES = 384 * 1024 * 1024  # 200,000 rows of 30 cells are a third of it
MAX_STRINGS_BYTES = 64 * 1024 * 1024  # all of them are in memory while rows are read
MAX_OTHER_BYTES = 32 * 1024 * 1024
MAX_ROW_BYTES = 8 * 1024 * 1024
HEADER_WITHIN = 30
_CHUNK = 256 * 1024
_ROW = re.compile(rb"<(?:\w{1,20}:)?row[\s>/]")
_SHEETS = "xl/worksheets/"
_STRINGS = "xl/sharedStrings.xml"
# What the reader raises for files that are no such thing inside; it has no error of its own.
_DAMAGED = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError),
    *(ValueError, zipfile.BadZipFile, zlib.error),
)


@contextmanager
def open_spreadsheet(file: BinaryIO, is_header: Callable[[Sequence[str]], bool]) -> Iterator[Iterator[list[str]]]:
    """The rows of the first sheet that has a row at its top for which `is_header`, else of the first that is not empty.

    Raises BadFile for what cannot be read, and for what is too large inside.
    """
    try:
        _check_sizes(file)
        file.seek(0)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except _DAMAGED as error:
        raise BadFile("file_damaged") from error
    try:
        yield _chosen(book, is_header)
    finally:
        book.close()


def _chosen(book: Any, is_header: Callable[[Sequence[str]], bool]) -> Iterator[list[str]]:
    fallback: Iterator[list[str]] = iter(())
    found = False
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        rows = _rows(sheet)
        top = list(islice(rows, HEADER_WITHIN))
        if any(is_header(row) for row in top):
            return chain(top, rows)
        if not found and any(any(row) for row in top):
            fallback, found = chain(top, rows), True
    return fallback


def _rows(sheet: Any) -> Iterator[list[str]]:
    try:
        sheet.reset_dimensions()  # many writers name a size that is not so
        rows = sheet.iter_rows(values_only=True)
        while True:
            try:
                cells = next(rows)
            except StopIteration:
                return
            yield [_text(cell) for cell in cells]
    except _DAMAGED as error:
        raise BadFile("file_damaged") from error


def _text(cell: Any) -> str:
    """The cell as somebody would have typed it into a CSV file. A number without a fraction has none: a telephone
    number that the spreadsheet took for one comes back without its leading zero, which `normalise_phone` knows."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return "" if isinstance(cell, timedelta) else str(cell)


def _check_sizes(file: BinaryIO) -> None:
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise BadFile("file_too_big_inside")
        sheets = [part for part in parts if part.filename.lower().lstrip("/").startswith(_SHEETS)]
        strings = sum(part.file_size for part in parts if part.filename.lower().lstrip("/") == _STRINGS.lower())
        in_sheets = sum(part.file_size for part in sheets)
        other = sum(part.file_size for part in parts if not _is_media(part.filename)) - strings - in_sheets
        if in_sheets > MAX_SHEET_BYTES or strings > MAX_STRINGS_BYTES or other > MAX_OTHER_BYTES:
            raise BadFile("file_too_big_inside")
        for part in sheets:
            _check_rows(archive, part)


def _is_media(name: str) -> bool:
    """Pictures are never opened."""
    return name.lower().lstrip("/").startswith("xl/media/")


def _check_rows(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """A row is one thing in memory, so none may be endless. Declarations and comments, which no spreadsheet writes
    there, could hide one, and declarations could grow."""
    since = 0
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            seen = tail + chunk
            if b"<!" in seen:
                raise BadFile("file_damaged")
            starts = [match.start() for match in _ROW.finditer(seen)]
            since = len(seen) - starts[-1] if starts else since + len(chunk)
            if since > MAX_ROW_BYTES:
                raise BadFile("file_too_big_inside")
            tail = seen[-32:]
