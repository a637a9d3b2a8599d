"""The file of a list: spreadsheet or text, which encoding, which delimiter, row by row, without ever holding all rows.

Lists come from spreadsheets and old systems: XLSX; UTF-8 with and without a byte-order mark, UTF-16 ("Unicode text"),
Windows-1258; commas, semicolons or tabs.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO

from tracing.lists.bad_file import BadFile
from tracing.lists.columns import column_of, is_header
from tracing.lists.spreadsheet import open_spreadsheet

MAX_BYTES = 64 * 1024 * 1024
_SAMPLE = 64 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_XLSX = b"PK\x03\x04"
_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"  # .xls, and any workbook that asks for a password
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@contextmanager
def open_list(file: BinaryIO, known: Callable[[Sequence[str]], bool] = is_header) -> Iterator[Iterator[list[str]]]:
    """The rows of the file. `file` must be seekable and stays open; of several sheets `known` finds the one whose
    header it knows.

    Raises BadFile for what is no such file, and `csv.Error` from a row whose quotation marks are wrong.
    """
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise BadFile("file_empty")
    if size > MAX_BYTES:
        raise BadFile("file_too_big")
    file.seek(0)
    if file.read(4) == _XLSX:
        with open_spreadsheet(file, known) as rows:
            yield rows
        return
    file.seek(0)
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield _rows(text)
    except UnicodeDecodeError as error:
        raise BadFile("file_encoding") from error
    finally:
        text.detach()


def _encoding(file: BinaryIO) -> str:
    head = file.read(_SAMPLE)
    if head.startswith(_OLD_OR_LOCKED):
        raise BadFile("file_spreadsheet")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return _without_mark(head)
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_SAMPLE):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1258"
    return "utf-8"


def _without_mark(head: bytes) -> str:
    """UTF-16 without a mark: the header is mostly Latin letters, so every other byte is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) // 4:
        raise BadFile("file_binary")
    return "utf-16-le" if odd > even else "utf-16-be"


def _rows(text: io.TextIOWrapper) -> Iterator[list[str]]:
    first = text.readline(_SAMPLE)
    if first.lower().startswith("sep=") and len(first.strip()) == len("sep=;"):  # Excel's own hint, not a row
        delimiter, first = first[4], text.readline(_SAMPLE)
    else:
        delimiter = _delimiter(first)
    for row in csv.reader(chain((first,), text), delimiter=delimiter, strict=True):
        if any("\0" in cell for cell in row):
            raise BadFile("file_binary")
        yield row


def _delimiter(header: str) -> str:
    """The delimiter that makes the most columns we know of the header; then the one that makes the most columns."""

    def found(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([header.rstrip("\r\n")], delimiter=delimiter), [])
        return sum(column_of(cell) is not None for cell in cells), len(cells)

    return max(_DELIMITERS, key=found)
