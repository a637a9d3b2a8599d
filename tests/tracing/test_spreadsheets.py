"""Lists as XLSX: what spreadsheets make of telephone numbers and dates, and files that are made to do harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tracing.areas.gazetteer import Gazetteer
from tracing.areas.places import THANH_HOA, units_of
from tracing.lists import spreadsheet
from tracing.lists.looking import look
from tracing.lists.sheet import Sheet, read_contacts

TODAY = date(2026, 11, 23)
PLACES = Gazetteer(units_of(THANH_HOA))
HEADER = ["Họ tên", "Số điện thoại", "Năm sinh", "Ngày tiếp xúc"]
pytestmark = pytest.mark.capability("T11")


def book(*sheets: Sequence[Sequence[Any]], write: Callable[[Any], None] | None = None) -> bytes:
    """A workbook with these rows on its sheets."""
    file = io.BytesIO()
    made = xlsxwriter.Workbook(file, {"in_memory": True})
    days = made.add_format({"num_format": "dd/mm/yyyy"})
    for rows in sheets:
        sheet = made.add_worksheet()
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(at, column, cell, days)
                else:
                    sheet.write(at, column, cell)
    if write is not None:
        write(made)
    made.close()
    return file.getvalue()


def read(content: bytes, **options: Any) -> Sheet:
    return read_contacts(io.BytesIO(content), PLACES, TODAY, **options)


def test_a_telephone_number_that_the_spreadsheet_took_for_a_number_is_one_again() -> None:
    rows = [["An", 912345678], ["Bình", 84912345679], ["Chi", "0912345670"], ["Dung", 912345671.0]]
    sheet = read(book([HEADER[:2], *rows]))
    assert sheet.errors == []
    assert [row.phone[-3:] for row in sheet.rows] == ["678", "679", "670", "671"]


def test_days_are_read_from_date_cells_and_from_text() -> None:
    born, met = datetime(1984, 3, 15), datetime(2026, 11, 20)  # noqa: DTZ001 - cells know no zone
    sheet = read(book([HEADER, ["An", "0912345678", born, met], ["An", "0912345678", 1984, "20/11/2026"]]))
    assert [(row.birth_year, row.exposed_on) for row in sheet.rows] == [(1984, date(2026, 11, 20))] * 2


def test_titles_above_the_header_and_sheets_before_it_are_passed_over() -> None:
    titles = [["TRUNG TÂM Y TẾ"], ["DANH SÁCH NGƯỜI TIẾP XÚC", ""], []]
    sheet = read(book([["Ghi chú của trạm"]], [*titles, HEADER[:2], ["An", "0912345678"], ["Bình", "xấu"]]))
    assert [(row.row, row.name) for row in sheet.rows] == [(5, "An")]
    assert [(error.row, error.key) for error in sheet.errors] == [(6, "phone")]


def test_a_formula_is_what_it_last_came_to_and_is_never_worked_out() -> None:
    def formulas(made: Any) -> None:
        sheet = made.get_worksheet_by_name("Sheet1")
        sheet.write_formula(1, 0, '=HYPERLINK("http://evil.example","x")', None, "An")
        sheet.write_formula(2, 0, "=1/0", None, "#DIV/0!")

    sheet = read(book([HEADER[:2], ["", "0912345678"], ["", "0912345679"]], write=formulas))
    assert [row.name for row in sheet.rows] == ["An"]
    assert [(error.row, error.key) for error in sheet.errors] == [(3, "cell_error")]


def test_a_cell_at_the_far_end_of_the_sheet_costs_no_memory() -> None:
    """A reader that makes a table of whatever lies between dies of this file, which has six kilobytes."""
    far = book(
        [HEADER[:2], ["An", "0912345678"]], write=lambda made: made.worksheets()[0].write(1_048_575, 16_383, "x")
    )
    assert len(far) < 10_000
    sheet = read(far)
    assert [row.name for row in sheet.rows] == ["An"]


def test_a_file_that_is_small_and_huge_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = book([HEADER[:2], ["An", "0912345678"], ["x" * 30_000, "1"]])
    for limit in ("MAX_STRINGS_BYTES", "MAX_SHEET_BYTES", "MAX_OTHER_BYTES", "MAX_ROW_BYTES", "MAX_PARTS"):
        with monkeypatch.context() as narrow:
            narrow.setattr(spreadsheet, limit, 5)
            assert [error.key for error in read(packed).errors] == ["file_too_big_inside"], limit


def test_a_bomb_is_not_unpacked() -> None:
    bomb = io.BytesIO(book([HEADER[:2], ["An", "0912345678"]]))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b"0" * (spreadsheet.MAX_SHEET_BYTES + 1))
    assert len(bomb.getvalue()) < 1_000_000
    assert [error.key for error in read(bomb.getvalue()).errors] == ["file_too_big_inside"]


@pytest.mark.parametrize("declaration", ['<!DOCTYPE x [<!ENTITY a "aaaa">]>', "<!-- <row> -->"])
def test_declarations_in_a_sheet_are_refused(declaration: str) -> None:
    plain = io.BytesIO(book([HEADER[:2], ["An", "0912345678"]]))
    changed = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b"<worksheet", declaration.encode() + b"<worksheet", 1)
            new.writestr(part, content)
    assert [error.key for error in read(changed.getvalue()).errors] == ["file_damaged"]


def test_whatever_is_cut_out_of_a_workbook_breaks_nothing() -> None:
    whole = book([HEADER[:2], ["An", "0912345678"]])
    with zipfile.ZipFile(io.BytesIO(whole)) as old:
        parts = {part.filename: old.read(part) for part in old.infolist()}
    for left_out in parts:
        broken = io.BytesIO()
        with zipfile.ZipFile(broken, "w") as new:
            for name, content in parts.items():
                if name != left_out:
                    new.writestr(name, content)
        sheet = read(broken.getvalue())
        assert sheet.errors or sheet.rows
    for at in range(0, len(whole), 97):
        sheet = read(whole[:at] + whole[at + 13 :])
        assert sheet.errors or sheet.rows


def test_columns_that_nobody_knows_are_shown_with_what_stands_in_them_and_assigned() -> None:
    content = book([["Người", "Liên hệ", "Tuổi"], ["An", 912345678, 40], ["Bình", "0912345679", ""]])
    assert {error.key for error in read(content).errors} == {"column_missing"}
    seen = look(io.BytesIO(content))
    assert [(one.header, one.column, one.samples) for one in seen] == [
        ("Người", "", ("An", "Bình")),
        ("Liên hệ", "", ("912345678", "0912345679")),
        ("Tuổi", "", ("40",)),
    ]
    sheet = read(content, mapping={"Người": "name", "Liên hệ": "phone", "Tuổi": ""})
    assert [(row.name, row.phone) for row in sheet.rows] == [("An", "+84912345678"), ("Bình", "+84912345679")]
    assert sheet.ignored == ("Tuổi",)


def test_who_lives_outside_the_area_of_whoever_brings_the_list_is_a_mistake(tmp_path: Path) -> None:
    content = "Họ tên,SĐT,Mã xã\nAn,0912345678,14755\nBình,0912345679,14830\n".encode()
    sheet = read(content, inside="38.380")
    assert [row.name for row in sheet.rows] == ["An"]
    assert [(error.row, error.column, error.key) for error in sheet.errors] == [(3, "area", "outside")]
