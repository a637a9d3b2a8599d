"""A first look at a list: where its header is, and what stands in its columns, whatever they mean."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import BinaryIO

from tracing.lists.bad_file import BadFile
from tracing.lists.columns import NOTHING_ASSIGNED, Assigned, is_header, read_header
from tracing.lists.file import open_list
from tracing.lists.spreadsheet import HEADER_WITHIN
from tracing.people.names import tidy

LOOKED_AT = 200  # rows from which samples of the columns are taken
SAMPLES = 4


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column of the file: its header, which of ours it is taken for ("" for none), and what stands in it."""

    header: str
    column: str
    samples: tuple[str, ...]


def look(file: BinaryIO, mapping: Assigned = NOTHING_ASSIGNED) -> list[SeenColumn]:
    """The columns of a list, whatever they mean, with what stands in their first rows. Raises BadFile."""
    with open_list(file, partial(is_header, mapping=mapping)) as rows:
        numbered, header_at = from_header(rows, mapping)
        try:
            top = [cells for number, cells in islice(numbered, LOOKED_AT) if number >= header_at]
        except csv.Error as error:
            raise BadFile("quotes") from error
    if not top:
        return []
    header = read_header(top[0], mapping)
    return [
        SeenColumn(
            tidy(name),
            header.columns.get(at, ""),
            tuple(tidy(cells[at])[:80] for cells in top[1:] if at < len(cells) and cells[at].strip())[:SAMPLES],
        )
        for at, name in enumerate(top[0])
        if tidy(name)
    ]


def from_header(rows: Iterator[list[str]], mapping: Assigned) -> tuple[Iterator[tuple[int, list[str]]], int]:
    """The rows numbered, and the number of the header: of the first rows the one that names what is required; else the
    first of several cells, for a title has one."""
    numbered = enumerate(rows, start=1)
    top: list[tuple[int, list[str]]] = []
    found = several = 0
    for number, cells in numbered:
        top.append((number, cells))
        if is_header(cells, mapping):
            found = number
        elif not several and sum(bool(cell.strip()) for cell in cells) > 1:
            several = number
        if found or number >= HEADER_WITHIN:
            break
    return chain(top, numbered), found or several or 1
