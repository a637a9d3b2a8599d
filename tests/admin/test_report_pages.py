"""The pages of reports: each figure opens the rows that it counts, for those who may see them. Files, the day sheet."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import openpyxl
import pytest
from lxml import html as lxml_html
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from core.rights import Right
from core.users import User
from ivr.campaigns.model import Target
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, Province
from tests.tracing.test_reports import Book, local, scatter
from tracing.cases.model import Case, Contact
from tracing.people.model import Person

Visit = Callable[[str], Visitor]
pytestmark = [pytest.mark.forged_calls("rows of calls without a conversation")]
SPAN = "from=2026-11-20&to=2026-11-25"


@pytest.fixture
def outbreak(database: Database, province: Province) -> Province:
    with database.unit() as uow:
        scatter(Book(uow), seed=5, rows=60)
    return province


def links(page: str) -> Iterator[tuple[str, str]]:
    """The address of every figure of a report, and the figure as it stands there."""
    for link in lxml_html.fromstring(page).xpath(
        "//main//a[contains(@href, 'figure=') or contains(@href, '/reports/campaigns/')]"
    ):
        number = link.xpath("string(.//strong)") or link.xpath("string(.//b)") or link.text_content()
        yield link.get("href"), number.strip()


def rows_of(someone: Visitor, address: str) -> int:
    """How many rows the list has, walked page by page; the list says the same."""
    total, before = 0, ""
    while True:
        page = someone.json(f"{address}&before={before}" if "?" in address else f"{address}?before={before}")
        total += len(page["rows"])
        if page["older"] is None:
            assert page["number"] == total
            return total
        before = page["older"].replace("+", "%2B")


@pytest.mark.capability("N18")
@pytest.mark.parametrize(
    ("login", "query"),
    [
        ("son", SPAN),
        ("son", f"{SPAN}&units=old"),
        ("son", f"{SPAN}&area={CITY}&units=old"),
        ("thao", SPAN),
        ("thao", "from=2026-11-23&to=2026-11-23&disease=measles"),
        ("tuan", SPAN),
    ],
)
def test_every_figure_of_a_report_opens_a_list_of_exactly_that_many(
    outbreak: Province, visitor: Visit, login: str, query: str
) -> None:
    someone = visitor(login)
    seen = set()
    for address, number in links(someone.page(f"/reports?{query}")):
        figure = parse_qs(urlsplit(address).query).get("figure", ["disposition"])[0]
        rows = rows_of(someone, address)
        assert rows > 0
        assert figure == "hours" or rows == int(number.replace(",", "")), address
        seen.add(figure)
    assert len(seen) > 8 or login != "son" or "area" in query


@pytest.mark.capability("N18")
@pytest.mark.capability("C2")
def test_the_list_behind_a_figure_shows_nobody_of_another_area(
    outbreak: Province, visitor: Visit, database: Database
) -> None:
    shown = set()
    for row in visitor("thao").json(f"/reports/behind?{SPAN}&figure=contacts")["rows"]:
        shown.add(row["area"])
    assert shown
    assert not any(area.startswith(COAST) or area in ("", "2025.38") for area in shown)
    for address in ("/reports", "/reports/behind", "/reports/export", "/reports/day"):
        assert visitor("thao").get(f"{address}?area={COAST}").status_code == 404
        assert visitor("thao").get(f"{address}?area=38").status_code == 404
        assert visitor("thao").get(f"{address}?area=no.such.place").status_code == 404
    assert visitor("thao").get("/reports/behind?part=38.382.14830").status_code == 404
    assert visitor("thao").get("/reports/behind?figure=nothing").status_code == 404


@pytest.mark.capability("C3")
def test_who_was_shown_behind_a_figure_stands_in_the_audit_log(
    outbreak: Province, visitor: Visit, database: Database
) -> None:
    rows = visitor("son").json(f"/reports/behind?{SPAN}&figure=f0")["rows"]
    with database.unit() as uow:
        (line,) = uow.session.scalars(select(AuditEntry).where(AuditEntry.action == "reports.behind"))
        assert line.detail["rows"] == [row["id"] for row in rows]
        assert line.detail["figure"] == "f0"


@pytest.mark.capability("C1")
def test_the_rows_need_the_right_to_see_them_and_not_only_the_figures(
    outbreak: Province, visitor: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.rights.ROLES", {"supervisor": frozenset({Right.REPORTS_SEE})})
    son = visitor("son")
    assert son.get("/reports").status_code == 200
    assert son.get("/reports/behind?figure=contacts").status_code == 403


@pytest.mark.capability("T13")
def test_a_report_is_narrowed_to_what_its_address_asks_for(outbreak: Province, visitor: Visit) -> None:
    son = visitor("son")
    whole = son.json(f"/reports?{SPAN}")
    assert len(whole["days"]) == 6
    diseases = [son.json(f"/reports?{SPAN}&disease={name}")["total"]["contacts"] for name in ("covid-19", "measles")]
    assert sum(diseases) == whole["total"]["contacts"]
    assert son.json("/reports?from=2026-11-30&to=2026-11-20")["from"] == "2026-11-20"
    assert len(son.json("/reports?from=1990-01-01&to=2026-11-20")["days"]) == 366
    assert len(son.json("/reports?from=yesterday&to=tomorrow")["days"]) == 7


@pytest.mark.capability("I12")
def test_a_campaign_opens_its_people_by_disposition(outbreak: Province, visitor: Visit, database: Database) -> None:
    page = visitor("tuan").page("/reports")
    address = f"/reports/campaigns/{outbreak.campaign}?area={COAST}&disposition=completed"
    assert html.escape(address) in page
    shown = visitor("tuan").page(address)
    assert outbreak.binh.name in shown
    assert outbreak.an.name not in shown
    with database.unit() as uow:
        assert len(uow.session.scalars(select(Target.id)).all()) == 2


@pytest.mark.capability("T13")
@pytest.mark.parametrize("by", ["day", "area"])
def test_a_table_leaves_as_csv_and_as_xlsx_with_the_same_figures(outbreak: Province, visitor: Visit, by: str) -> None:
    son = visitor("son")
    as_csv = son.get(f"/reports/export?{SPAN}&by={by}&as=csv").data.decode("utf-8-sig").splitlines()
    first = son.get(f"/reports/export?{SPAN}&by={by}&as=xlsx").data
    assert first == son.get(f"/reports/export?{SPAN}&by={by}&as=xlsx").data
    book = openpyxl.load_workbook(BytesIO(first))
    figures, notes = book.worksheets
    assert list(next(figures.values)) == as_csv[0].split(",")
    assert figures.max_row == len(as_csv)
    contacts = 2 if by == "day" else 3
    told = son.json(f"/reports?{SPAN}")["total"]["contacts"]
    assert list(figures.values)[-1][contacts] == told
    assert int(as_csv[-1].split(",")[contacts]) == told
    assert by == "area" or (figures["A2"].is_date and as_csv[1].startswith("20/11/2026,"))
    assert notes.max_row == len(next(figures.values)) - (1 if by == "day" else 2)
    assert son.get("/reports/export?as=exe").status_code == 404


@pytest.mark.capability("T13")
def test_the_day_sheet_stands_by_itself_in_both_languages(
    outbreak: Province, visitor: Visit, database: Database
) -> None:
    son = visitor("son")
    sheet = son.page("/reports/day?day=2026-11-23")
    assert sheet == son.page("/reports/day?day=2026-11-23")
    assert "Monday, 23 November 2026" in sheet
    assert re.findall(r"(?:src|href)=[^>]+", sheet) == ['href="data:,"']
    style = re.search(r"style-src 'self' 'sha256-[^']+'", son.get("/reports/day").headers["Content-Security-Policy"])
    assert style
    with database.unit() as uow:
        uow.session.scalars(select(User).where(User.login == "son")).one().language = "vi"
    sheet = son.page("/reports/day?day=2026-11-23")
    assert "Thứ Hai, 23/11/2026" in sheet
    assert "Gọi được trong 24 giờ" in sheet
    number = son.json("/reports?from=2026-11-23&to=2026-11-23")["total"]["contacts"]
    assert re.search(rf'Người tiếp xúc</th>\s*<td class="num"><b>{number}</b>', sheet)


@pytest.mark.capability("T13")
def test_what_happens_at_midnight_moves_no_figure_of_the_day_before(
    province: Province, visitor: Visit, database: Database
) -> None:
    son = visitor("son")
    before = son.json("/reports?from=2026-11-22&to=2026-11-22")["total"]
    with database.unit() as uow:
        Book(uow).case(local(0))
        Book(uow).contact(local(0))
    assert son.json("/reports?from=2026-11-22&to=2026-11-22")["total"] == before
    with database.unit() as uow:
        Book(uow).case(local(0) - timedelta(microseconds=1))
    after = son.json("/reports?from=2026-11-22&to=2026-11-22")["total"]
    assert after == {**before, "f0": before["f0"] + 1}


def test_a_figure_follows_a_person_who_is_corrected(province: Province, visitor: Visit, database: Database) -> None:
    """Nothing is kept beside the rows: a contact that is dropped is gone from every figure at once."""
    son = visitor("son")
    contacts = son.json("/reports")["total"]["contacts"]
    with database.unit() as uow:
        found = uow.session.scalars(select(Contact).where(Contact.person_id == province.an.person)).one()
        found.status = "dropped"
        assert uow.session.get(Person, UUID(str(found.person_id))) is not None
        assert uow.session.scalars(select(Case)).first() is not None
    assert son.json("/reports")["total"]["contacts"] == contacts - 1
