"""Lists out: F0, F1 and F2 with the columns departments use, the same bytes for the same data, nothing that runs."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from core.settings import Settings
from tracing.areas.places import load_gazetteer, seed_areas
from tracing.cases.events import Dropped
from tracing.cases.model import Case
from tracing.cases.service import NewCase, NewExposure, add_contact, change_contact, open_case
from tracing.lists.commands import contacts
from tracing.lists.exporting import Wanted, count_of, header_of, rows_of
from tracing.lists.sheet import read_contacts
from tracing.lists.writing import Cell, csv_of, write_xlsx
from tracing.people.model import Person

ZONE = "Asia/Ho_Chi_Minh"
CITY, COAST = "38.380.14755", "38.382.14830"
MET = date(2026, 11, 20)
pytestmark = pytest.mark.capability("T11", "T13")


@pytest.fixture
def chain(database: Database) -> dict[str, str]:
    """Hà has fallen ill; An of the city and Bình of the coast met her, Chi of the coast met An."""
    with database.unit() as uow:
        seed_areas(uow)
        people = {
            name: Person(
                name=name, phone=phone, birth_year=1980, sex="female", area=area, address="=1+1", created_at=uow.now()
            )
            for name, phone, area in (
                ("Lê Thị Hà", "+84912000001", CITY),
                ("Nguyễn Văn An", "+84912000002", CITY),
                ("Trần Bình", "+84912000003", COAST),
                ("Chi", "+821012345678", COAST),
            )
        }  # fmt: skip
        uow.session.add_all(people.values())
        uow.session.flush()
        ha, an, binh, chi = people.values()
        case = open_case(uow, NewCase("covid-19", "BN1", ha.id, onset_on=MET, area=CITY), None)
        met = [NewExposure(MET, place="Chợ Vườn Hoa")]
        add = {"source": "person", "by": None}
        of_an, _ = add_contact(uow, an.id, "covid-19", met, case_id=case.id, **add)  # type: ignore[arg-type]
        of_binh, _ = add_contact(uow, binh.id, "covid-19", met, case_id=case.id, **add)  # type: ignore[arg-type]
        add_contact(uow, chi.id, "covid-19", met, source_contact_id=of_an.id, **add)  # type: ignore[arg-type]
    return {"binh": str(of_binh.id)}


def rows(database: Database, kind: str, scope: str = "", **narrowed: object) -> list[dict[str, Cell]]:
    with database.unit() as uow:
        wanted = Wanted(kind, "covid-19", scope, **narrowed)  # type: ignore[arg-type]
        found = list(rows_of(uow, wanted, "vi", ZONE))
        assert count_of(uow, wanted) == len(found)
    return [dict(zip(header_of(kind, "vi"), row, strict=True)) for row in found]


def test_each_generation_has_its_list(database: Database, chain: dict[str, str]) -> None:
    (case,) = rows(database, "F0")
    assert (case["Mã số ca"], case["Họ và tên"], case["Ngày khởi phát"]) == ("BN1", "Lê Thị Hà", MET)
    first = rows(database, "F1")
    assert [(row["STT"], row["Họ và tên"], row["Mã ca bệnh (F0)"]) for row in first] == [
        (1, "Nguyễn Văn An", "BN1"),
        (2, "Trần Bình", "BN1"),
    ]
    assert (first[0]["Số điện thoại"], first[0]["Giới tính"]) == ("0912000002", "Nữ")
    assert first[0]["Nơi cư trú (xã, huyện, tỉnh)"] == "Phường Hàm Rồng, Thành phố Thanh Hóa, Tỉnh Thanh Hóa"
    assert (first[0]["Ngày tiếp xúc cuối cùng"], first[0]["Nơi tiếp xúc"]) == (MET, "Chợ Vườn Hoa")
    (second,) = rows(database, "F2")
    assert (second["Họ và tên"], second["Loại (F1/F2)"], second["Tiếp xúc qua (F1)"]) == ("Chi", "F2", "Nguyễn Văn An")


@pytest.mark.capability("C2")
def test_a_list_holds_and_names_only_people_of_the_area(database: Database, chain: dict[str, str]) -> None:
    assert [row["Họ và tên"] for row in rows(database, "F1", "38.382")] == ["Trần Bình"]
    (chi,) = rows(database, "F2", "38.382")
    assert chi["Tiếp xúc qua (F1)"] == ""  # who lives elsewhere has no name here
    assert rows(database, "F1", area="38.380")[0]["Họ và tên"] == "Nguyễn Văn An"
    assert rows(database, "F1", until=datetime(2026, 11, 1, tzinfo=UTC)) == []


def test_who_was_no_contact_after_all_is_on_no_list(database: Database, chain: dict[str, str]) -> None:
    with database.unit() as uow:
        change_contact(uow, UUID(chain["binh"]), Dropped("nhầm ngày"), by=None)
    assert [row["Họ và tên"] for row in rows(database, "F1")] == ["Nguyễn Văn An"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_list_that_went_out_comes_in_again(
    database: Database, chain: dict[str, str], tmp_path: Path, language: str
) -> None:
    file = tmp_path / "f1.xlsx"
    with database.unit() as uow:
        wanted = Wanted("F1", "covid-19", "")
        write_xlsx(file, header_of("F1", language), rows_of(uow, wanted, language, ZONE), "F1")
        as_csv = b"".join(csv_of(header_of("F1", language), rows_of(uow, wanted, language, ZONE)))
        places = load_gazetteer(uow)
    for content in (file.read_bytes(), as_csv):
        sheet = read_contacts(io.BytesIO(content), places, date(2026, 11, 23))
        assert sheet.errors == []
        assert [(row.name, row.phone, row.area, row.source_case) for row in sheet.rows] == [
            ("Nguyễn Văn An", "+84912000002", CITY, "BN1"),
            ("Trần Bình", "+84912000003", COAST, "BN1"),
        ]


def test_the_same_data_is_the_same_file_to_the_byte(database: Database, chain: dict[str, str], tmp_path: Path) -> None:
    files = []
    for name in ("one.xlsx", "two.xlsx"):
        with database.unit() as uow:
            found = rows_of(uow, Wanted("F1", "covid-19", ""), "vi", ZONE)
            write_xlsx(tmp_path / name, header_of("F1", "vi"), found, "F1")
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://evil.example")', "+84912345678", "-1+1", "@SUM(A1)", "\t=1+1"])
def test_no_cell_is_ever_a_formula(cell: str, tmp_path: Path) -> None:
    import openpyxl

    text = b"".join(csv_of(["Họ tên"], [[cell]])).decode("utf-8-sig")
    assert f"'{cell}" in text.replace('""', '"')
    file = tmp_path / "x.xlsx"
    write_xlsx(file, ["Họ tên"], [[cell]], "x")
    written = openpyxl.load_workbook(file).active["A2"]
    assert (written.data_type, written.value, written.quotePrefix) == ("s", cell, True)


def test_the_command_line_writes_a_list_and_the_audit_log_keeps_it(
    database: Database, database_url: str, settings: Settings, chain: dict[str, str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(settings.home))
    file = tmp_path / "f1.csv"
    said = CliRunner().invoke(contacts, ["export", "F1", str(file), "--area", "38.380"], catch_exceptions=False)
    assert said.output.strip() == "1 rows."
    assert file.read_bytes().startswith(b"\xef\xbb\xbfSTT,")
    with database.unit() as uow:
        line = uow.session.scalars(select(AuditEntry).where(AuditEntry.action == "list.export")).one()
        assert uow.session.scalars(select(Case.number)).one() == "BN1"
    assert (line.login, line.detail["rows"]) == ("command line", 1)
