"""Reading a list of contacts: every row checked, every mistake named by row and column, nothing written.

sheet = read_contacts(file, gazetteer, today)
if sheet.errors: show them; else: import_contacts(uow, sheet, campaign_id)
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, BinaryIO

from core.areas import holds
from core.country.areas import Unit
from tracing.areas.gazetteer import Gazetteer, described, whole_country
from tracing.lists.bad_file import BadFile
from tracing.lists.cells import (
    FORMULA_ERRORS,
    LONGEST,
    Unreadable,
    read_birth_year,
    read_date,
    read_generation,
    read_language,
    read_name,
    read_phone,
    read_sex,
)
from tracing.lists.columns import NOTHING_ASSIGNED, REQUIRED, Assigned, Header, is_header, read_header
from tracing.lists.file import open_list
from tracing.lists.looking import from_header
from tracing.lists.messages import RowError
from tracing.people.names import tidy

MAX_ROWS = 200_000
MAX_ERRORS = 1000
_CANDIDATES = 5  # of the areas that a name may mean, so many are shown


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One row that can be used. `row` counts as the spreadsheet does: the header is row 1. `area` is a path of codes;
    it and `language` are empty when the list does not say."""

    row: int
    name: str
    phone: str
    birth_year: int | None = None
    sex: str | None = None
    address: str = ""
    area: str = ""
    exposed_on: date | None = None
    exposure_place: str = ""
    source_case: str = ""
    generation: int = 1
    language: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list that was read. `header` and `wrong` are cells as they stand in the file: of the header row, and of the
    rows (by number) that cannot be used. `complete`: it was read to its end, and all that is wrong stands in rows."""

    rows: Sequence[ContactRow]
    errors: Sequence[RowError]
    columns: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    wrong: Mapping[int, Sequence[str]] = field(default_factory=dict)
    complete: bool = True


NOTHING_REFUSED: Mapping[int, RowError] = {}


@dataclass(slots=True)
class _Reading:
    gazetteer: Gazetteer
    today: date
    inside: str = ""
    refused: Mapping[int, RowError] = field(default_factory=dict)
    rows: list[ContactRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    wrong_rows: dict[int, Sequence[str]] = field(default_factory=dict)
    complete: bool = True

    def wrong(self, row: int, column: str, key: str, value: str = "", among: str = "") -> None:
        self.errors.append(RowError(row, column, key, value[:80], among))

    def broken(self, row: int, key: str) -> None:
        """What is wrong is not one row: nothing of the list can be used."""
        self.wrong(row, "", key)
        self.complete = False


def read_contacts(
    file: BinaryIO,
    gazetteer: Gazetteer,
    today: date,
    mapping: Assigned = NOTHING_ASSIGNED,
    inside: str = "",
    refused: Mapping[int, RowError] = NOTHING_REFUSED,
) -> Sheet:
    """The list in `file` (XLSX or CSV, seekable); `mapping` is what somebody has said of its headers. Who lives outside
    the area `inside` is a mistake, and so are the rows `refused` for what is on file, by number. Never raises for what
    the file holds: see `Sheet.errors`."""
    reading = _Reading(gazetteer, today, inside, refused)
    header: Header | None = None
    names: Sequence[str] = ()
    number = 0
    try:
        with open_list(file, partial(is_header, mapping=mapping)) as rows:
            numbered, header_at = from_header(rows, mapping)
            for number, cells in numbered:
                if header is None:
                    if number < header_at:
                        continue
                    header, names = _header(reading, number, cells, mapping), cells
                    if not reading.complete:
                        break
                elif any(cell.strip() for cell in cells):
                    _row(reading, header, number, cells)
                if len(reading.errors) >= MAX_ERRORS:
                    reading.broken(number, "too_many_errors")
                    break
                if len(reading.rows) > MAX_ROWS:
                    reading.broken(number, "too_many_rows")
                    break
    except BadFile as error:
        reading.broken(0, error.key)
    except csv.Error:
        reading.broken(number + 1, "quotes")
    if not reading.errors and not reading.rows:
        reading.broken(0, "file_empty")
    if header is None:
        return Sheet((), reading.errors, complete=False)
    return Sheet(
        reading.rows,
        reading.errors,
        tuple(header.columns.values()),
        header.ignored,
        tuple(map(tidy, names)),
        reading.wrong_rows,
        reading.complete,
    )


def _header(reading: _Reading, number: int, cells: list[str], mapping: Assigned) -> Header:
    header = read_header(cells, mapping)
    for column in header.missing:
        reading.wrong(number, column, "column_missing")
    for written in header.twice:
        reading.wrong(number, "", "column_twice", written)
    reading.complete = not reading.errors
    return header


def _row(reading: _Reading, header: Header, number: int, cells: list[str]) -> None:
    before = len(reading.errors)
    texts = {column: tidy(cells[at]) for at, column in header.columns.items() if at < len(cells)}
    if any(cell.strip() for cell in cells[header.width :]):
        reading.wrong(number, "", "extra_cells")
    values: dict[str, Any] = {}
    for column, text in texts.items():
        if len(text) > LONGEST:
            reading.wrong(number, column, "too_long", text)
        elif text in FORMULA_ERRORS:
            reading.wrong(number, column, "cell_error", text)
        elif text:
            _cell(reading, number, column, text, values)
    for column in REQUIRED:
        if not texts.get(column):
            reading.wrong(number, column, "empty")
    _area(reading, number, values)
    if number in reading.refused:
        reading.errors.append(reading.refused[number])
    if len(reading.errors) == before:
        reading.rows.append(ContactRow(row=number, **values))
    else:
        reading.wrong_rows[number] = [cell[:LONGEST] for cell in cells]


_READERS: Mapping[str, Callable[[str], Any]] = {
    "name": read_name,
    "phone": read_phone,
    "sex": read_sex,
    "generation": read_generation,
    "language": read_language,
}


def _cell(reading: _Reading, number: int, column: str, text: str, values: dict[str, Any]) -> None:
    try:
        if column == "birth":
            values["birth_year"] = read_birth_year(text, reading.today)
        elif column == "exposed_on":
            values["exposed_on"] = read_date(text, reading.today)
        else:
            values[column] = _READERS.get(column, str)(text)
    except Unreadable as error:
        reading.wrong(number, column, error.key, text)


def _area(reading: _Reading, number: int, values: dict[str, Any]) -> None:
    """Put the path of codes in the place of what was written: the commune, inside the district and the province if they
    were given. Without a province everything is looked for among the areas of the department."""
    province, district, commune = (values.pop(column, "") for column in ("province", "district", "area"))
    path = within_province = within_district = ""
    try:
        if province:
            found = whole_country().find(province, levels=("province",))
            path = within_province = _one(reading, number, "province", province, found)
        if district:
            found = reading.gazetteer.find(_with(district, province), levels=("district",))
            found = [unit for unit in found if holds(within_province, unit.path)]
            path = within_district = _one(reading, number, "district", district, found)
        if commune:
            found = reading.gazetteer.find(_with(commune, province), inside=within_district)
            found = [unit for unit in found if holds(within_province, unit.path)]
            path = _one(reading, number, "area", commune, found)
    except Unreadable:
        return
    if path and not holds(reading.inside, path):
        reading.wrong(number, "area" if commune else "district" if district else "province", "outside", commune)
    values["area"] = path


def _with(written: str, province: str) -> str:
    """The name with the province behind it. A code is looked for as it is."""
    return f"{written}, {province}" if province and not written[0].isdecimal() else written


def _one(reading: _Reading, number: int, column: str, written: str, found: Sequence[Unit]) -> str:
    """The path of the only area found; else the mistake is noted, with what the cell may mean, and `Unreadable`."""
    if len(found) == 1:
        return found[0].path
    key = f"{column}_ambiguous" if found else column
    reading.wrong(number, column, key, written, "; ".join(described(unit) for unit in found[:_CANDIDATES]))
    raise Unreadable(key)
