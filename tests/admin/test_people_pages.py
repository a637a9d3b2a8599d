"""People found, seen whole, and made one or two: what the pages show, to whom, and what they leave in the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from core.ids import new_id
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, Province
from tracing.people.duplicates import search
from tracing.people.model import NotDuplicate, Person, PersonMerge

Visit = Callable[[str], Visitor]
TWIN_PHONE = "+84911222333"


@pytest.fixture
def twin(province: Province, database: Database) -> UUID:
    """An entry of An's that another list brought."""
    with database.unit() as uow:
        person = Person(
            id=new_id(), name="nguyen van an", birth_year=1985, phone=province.an.phone, area=f"{CITY}.14755",
            sex="male", created_at=uow.now(),
        )  # fmt: skip
        uow.session.add(person)
    search(database)
    return person.id


def pair(province: Province, twin: UUID, **more: object) -> dict[str, object]:
    return {"one": province.an.person, "other": twin, **more}


def actions(database: Database) -> list[str]:
    with database.unit() as uow:
        return list(uow.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.capability("T1")
def test_a_person_is_one_page_with_everything_in_the_order_of_time(
    province: Province, visitor: Visit, database: Database
) -> None:
    page = visitor("son").page(f"/people/{province.an.person}")
    for link in (
        f"/contacts/{province.an.contact}",
        f"/calls/{province.an.call}",
        f"/records/{province.an.record}",
    ):
        assert link in page, link
    assert "booked" in page
    assert "khó thở" in page
    assert actions(database) == ["person.read"]


@pytest.mark.capability("T1")
def test_a_person_is_found_without_diacritics_and_by_the_whole_number(province: Province, visitor: Visit) -> None:
    thao = visitor("thao")
    assert "Nguyễn Văn An" in thao.page("/people?q=nguyen van an")
    assert "Nguyễn Văn An" in thao.page("/people?q=0912 345 678")
    assert "Trần Thị Bình" not in thao.page("/people?q=tran thi binh")  # lives at the coast
    assert "345678" not in thao.page("/people?q=nguyen").replace(" ", "").replace("0912345678", "")


@pytest.mark.capability("C3")
def test_nobody_sees_a_person_of_another_area(province: Province, visitor: Visit) -> None:
    assert visitor("thao").get(f"/people/{province.binh.person}").status_code == 404
    assert visitor("hanh").get(f"/people/{province.binh.person}").status_code == 403
    assert visitor("dung").get("/duplicates").status_code == 403


@pytest.mark.capability("T12")
def test_a_pair_is_shown_side_by_side_and_says_why(province: Province, visitor: Visit, twin: UUID) -> None:
    page = visitor("thao").page("/duplicates")
    assert "almost certainly the same" in page
    assert "the same birth year" in page
    assert "the same telephone number; families share one" in page
    assert page.count('name="kept"') == 2
    checked = re.search(r'value="([0-9a-f-]+)" checked', page)
    assert checked, "one of the two is proposed"
    assert checked[1] == str(province.an.person), "more hangs on it"
    assert "Waiting: 1" in page


@pytest.mark.capability("T12")
def test_a_pair_is_shown_only_to_those_who_may_see_both(
    province: Province, visitor: Visit, twin: UUID, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.get_one(Person, twin).area = f"{COAST}.14830"
    assert "Is this one person?" not in visitor("thao").page("/duplicates")
    assert visitor("thao").get("/duplicates", query_string=pair(province, twin)).status_code == 404
    visitor("thao").post("/duplicates/same", pair(province, twin, kept=twin))
    with database.unit() as uow:
        assert uow.session.scalars(select(PersonMerge).where(PersonMerge.merged_id == province.an.person)).all() == []
    assert "Is this one person?" in visitor("son").page("/duplicates")


@pytest.mark.capability("T12")
def test_two_become_one_and_two_again(province: Province, visitor: Visit, twin: UUID, database: Database) -> None:
    thao = visitor("thao")
    shown = thao.post("/duplicates/same", pair(province, twin, kept=province.an.person), follow_redirects=True).text
    assert "The two are one person now." in shown
    moved = thao.get(f"/people/{twin}")
    assert moved.location == f"/people/{province.an.person}"
    page = thao.page(f"/people/{province.an.person}")
    assert "Undo: they are two people" in page
    assert "the same birth year" in page, "why it was done stays visible"
    with database.unit() as uow:
        merge = uow.session.scalars(select(PersonMerge).where(PersonMerge.merged_id == twin)).one()
        assert (merge.by, merge.kept_id) == (province.users["thao"], province.an.person)
    assert visitor("tuan").post(f"/people/merges/{merge.id}/undo").status_code == 404
    undone = thao.post(f"/people/merges/{merge.id}/undo", follow_redirects=True).text
    assert "They are two people again" in undone
    assert thao.get(f"/people/{twin}").status_code == 200
    assert [action for action in actions(database) if action.startswith("person.") and action != "person.read"] == [
        "person.merge",
        "person.unmerge",
    ]


@pytest.mark.capability("T12")
def test_two_people_are_not_asked_about_again_and_that_can_be_taken_back(
    province: Province, visitor: Visit, twin: UUID, database: Database
) -> None:
    thao = visitor("thao")
    page = thao.post("/duplicates/two", pair(province, twin), follow_redirects=True).text
    assert "you will not be asked again" in page
    search(database)
    assert "Is this one person?" not in thao.page("/duplicates")
    again = thao.post("/duplicates/take-back", pair(province, twin), follow_redirects=True).text
    assert "Is this one person?" in again
    with database.unit() as uow:
        assert uow.session.scalars(select(NotDuplicate)).all() == []


@pytest.mark.capability("T12")
def test_a_pair_that_is_put_off_stands_at_the_beginning_again(province: Province, visitor: Visit, twin: UUID) -> None:
    thao = visitor("thao")
    later = re.search(r'href="(/duplicates\?after=[^"]+)"', thao.page("/duplicates"))
    assert later
    assert "What you put off stands at the beginning again." in thao.page(later[1].replace("&amp;", "&"))
    assert "Is this one person?" in thao.page("/duplicates")
    assert "Is this one person?" in thao.page("/duplicates?after=nonsense")


@pytest.mark.capability("T12")
def test_whoever_comes_second_is_told_that_it_is_decided(province: Province, visitor: Visit, twin: UUID) -> None:
    form = pair(province, twin, kept=twin)
    visitor("son").post("/duplicates/same", form)
    answer = visitor("thao").post("/duplicates/two", form)
    assert answer.status_code == 400
    assert "Somebody decided about these two already." in answer.text
    assert "Choose one of the two." in visitor("son").post("/duplicates/same", pair(province, twin)).text
