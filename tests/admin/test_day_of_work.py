"""The first page says what waits for a tracer today, and leads there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from lxml import html

from core.database import Database
from tests.admin.conftest import Visitor
from tests.admin.province import COAST, Province
from tests.tracing.test_reports import DAY, Book, local
from tracing.lists.model import ListImport
from tracing.people.model import DuplicateCandidate

Visit = Callable[[str], Visitor]
CITY_COMMUNE, COAST_COMMUNE = "38.380.14755", f"{COAST}.14830"


def work(someone: Visitor) -> dict[str, tuple[int, str]]:
    """The figures of the day's work, with where they lead."""
    page = html.fromstring(someone.page("/"))
    return {
        each.get("id"): (int(each.xpath("string(strong)")), each.get("href"))
        for each in page.xpath("//*[@id='work']//a")
    }


@pytest.mark.capability("T13")
@pytest.mark.forged_calls("no calls at all")
def test_a_tracer_sees_how_much_is_due_in_their_own_district(
    province: Province, visitor: Visit, database: Database
) -> None:
    lists = work(visitor("thao"))["lists"][0]
    with database.unit() as uow:
        book = Book(uow)
        for area, count in ((CITY_COMMUNE, 2), (COAST_COMMUNE, 3)):
            people = [book.contact(local(9), area).person_id for _ in range(count)]
            for person in people:
                book.visit(person, DAY)
                book.visit(person, DAY - timedelta(days=1), "unavailable" if person == people[0] else "cooperative")
            low, high = sorted(people)[:2]
            uow.session.add(
                DuplicateCandidate(low_id=low, high_id=high, degree=1, points=1, signs=[], found_at=uow.now())
            )
            uow.session.add(
                ListImport(
                    disease="covid-19", file_name="a.csv", mapping={}, state="checked", area=area,
                    created_by=province.users["son"], created_at=uow.now(),
                )
            )  # fmt: skip
    shown = work(visitor("thao"))
    assert {name: number for name, (number, _) in shown.items()} == {
        "ill": 0, "due": 2, "overdue": 0, "unreached": 1, "lists": lists + 1, "duplicates": 1,
    }  # fmt: skip
    assert work(visitor("tuan"))["due"][0] == 3
    assert work(visitor("son"))["due"][0] == 5
    for number, address in shown.values():
        assert visitor("thao").page(address), number
    assert visitor("thao").json("/follow-up?list=due")["counts"]["due"] == 2


def test_who_follows_nobody_up_is_not_told_of_follow_up(province: Province, visitor: Visit) -> None:
    assert work(visitor("hanh")) == {}
