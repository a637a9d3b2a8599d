"""The daily work of a tracer on cases: find, open, classify, add whom they met."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from core.database import Database
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, Province
from tracing.cases.model import Case, Contact, ContactChange, Exposure
from tracing.people.model import Person

Visit = Callable[[str], Visitor]


def plain(page: str) -> str:
    return " ".join(page.split())


def case_number(database: Database, case_id: UUID) -> str:
    with database.unit() as uow:
        return uow.session.get_one(Case, case_id).number


@pytest.mark.capability("T1")
def test_a_case_shows_its_contacts_each_with_where_follow_up_stands(province: Province, visitor: Visit) -> None:
    page = visitor("thao").page(f"/cases/{province.an.case}")
    assert province.an.name in page
    assert f"/contacts/{province.an.contact}" in page


@pytest.mark.capability("T1")
def test_cases_are_found_by_part_of_the_number_by_name_without_diacritics_and_by_phone(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, number = visitor("thao"), case_number(database, province.an.case)
    with database.unit() as uow:
        uow.session.get_one(Case, province.an.case).person_id = province.an.person
    for typed in (number, number[2:], number.lower(), "nguyen van an", "Nguyễn Văn", "0912345678"):
        assert [each["id"] for each in thao.json(f"/cases?q={typed}")["cases"]] == [str(province.an.case)], typed
    for typed in ("le van", "0987654321", case_number(database, province.binh.case)):  # of another district, or nobody
        assert thao.json(f"/cases?q={typed}")["cases"] == []


def test_cases_are_filtered_by_classification_and_area_and_paged_by_key(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.add_all(
            Case(disease="covid-19", number=f"BN{n}", by_rule="suspected", area=CITY, reported_at=uow.now())
            for n in range(60)
        )
    thao = visitor("thao")
    first = thao.json("/cases?classification=suspected")
    second = thao.json(f"/cases?classification=suspected&before={first['older']}")
    numbers = [each["number"] for each in first["cases"] + second["cases"]]
    assert (len(first["cases"]), len(set(numbers)), second["older"]) == (50, 60, None)
    assert visitor("son").json(f"/cases?area={COAST}")["cases"][0]["id"] == str(province.binh.case)


@pytest.mark.capability("T9")
def test_both_classifications_of_a_case_stay_visible_and_a_person_needs_a_reason(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, address = visitor("thao"), f"/cases/{province.an.case}"
    refused = thao.post(address, {"action": "classify", "classification": "probable", "reason": ""})
    assert refused.status_code == 400
    assert "Say why." in refused.text
    thao.post(address, {"action": "classify", "classification": "probable", "reason": "xét nghiệm nhanh"})
    page = plain(thao.page(address))
    assert "by hand; by rule: confirmed case" in page
    assert "xét nghiệm nhanh" in page
    assert "Phạm Thị Thảo" in page
    thao.post(address, {"action": "classify", "classification": "", "reason": "có kết quả PCR"})
    with database.unit() as uow:
        case = uow.session.get_one(Case, province.an.case)
        assert (case.by_rule, case.by_hand) == ("confirmed", None)


def test_a_case_is_opened_for_somebody_new_and_again_for_the_same_person_it_is_the_same_case(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao = visitor("thao")
    given = {
        "name": "Lê Thị Cúc", "phone": "0913 111 222", "birth_year": "1990", "area": f"{CITY}.14755",
        "disease": "covid-19", "classification": "confirmed", "onset_on": "2026-11-20",
    }  # fmt: skip
    first, second = (thao.post("/cases/new", given) for _ in range(2))
    assert first.status_code == 302
    assert first.location == second.location
    with database.unit() as uow:
        person = uow.session.scalars(select(Person).where(Person.name == "Lê Thị Cúc")).one()
        case = uow.session.scalars(select(Case).where(Case.person_id == person.id)).one()
        assert (person.phone, person.area, str(case.onset_on)) == ("+84913111222", f"{CITY}.14755", "2026-11-20")
    assert "Lê Thị Cúc" in thao.page(first.location)


def test_a_case_of_which_only_the_number_is_known_can_be_opened(province: Province, visitor: Visit) -> None:
    given = {"number": "BN777", "area": CITY, "disease": "covid-19", "classification": "confirmed"}
    opened = visitor("thao").post("/cases/new", given)
    assert "only the number is known" in visitor("thao").page(opened.location)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"phone": "12"}, "is not a phone number"),
        ({"name": "", "phone": ""}, "The person has no name."),
        ({"onset_on": "2027-01-01"}, "lies in the future"),
        ({"onset_on": "yesterday"}, "yesterday is no day."),
        ({"birth_year": "85"}, "85 is no year of birth."),
        ({"disease": "plague"}, "has no rule for plague"),
        ({"area": COAST}, "not yours to give"),
    ],
)
def test_what_cannot_be_meant_opens_no_case_and_says_what_to_do(
    province: Province, visitor: Visit, database: Database, wrong: dict[str, str], said: str
) -> None:
    given = {
        "name": "Lê Thị Cúc", "phone": "0913111222", "area": CITY, "disease": "covid-19",
        "classification": "confirmed", **wrong,
    }  # fmt: skip
    answer = visitor("thao").post("/cases/new", given)
    assert answer.status_code == 400
    assert said in answer.text
    with database.unit() as uow:
        assert uow.session.scalars(select(Person).where(Person.name == "Lê Thị Cúc")).all() == []


@pytest.mark.capability("T1")
def test_somebody_on_file_becomes_a_contact_of_a_case_once_with_every_exposure(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, address = visitor("thao"), f"/cases/{province.an.case}/contacts/new"
    found = thao.page(f"{address}?q=nguyen+van+an")
    assert f"person={province.an.person}" in found
    with database.unit() as uow:
        case = Case(disease="covid-19", number="BN9", by_rule="confirmed", area=CITY, reported_at=uow.now())
        uow.session.add(case)
        uow.session.flush()
        other = case.id
    for day in ("2026-11-20", "2026-11-21", "2026-11-21"):
        given = {"person": str(province.an.person), "met_on": day, "kind": "household", "minutes": "30"}
        answer = thao.post(f"/cases/{other}/contacts/new", given)
        assert answer.status_code == 302, answer.text
    with database.unit() as uow:
        contact = uow.session.scalars(select(Contact).where(Contact.case_id == other)).one()
        exposures = uow.session.scalars(select(Exposure).where(Exposure.contact_id == contact.id)).all()
        assert sorted((str(one.day), one.minutes) for one in exposures) == [("2026-11-20", 30), ("2026-11-21", 30)]
    page = thao.page(f"/contacts/{province.an.contact}")
    assert "Contact of BN9" in page  # the same person, another contact


def test_a_person_of_another_district_cannot_be_found_or_taken(province: Province, visitor: Visit) -> None:
    thao, address = visitor("thao"), f"/cases/{province.an.case}/contacts/new"
    assert province.binh.name not in thao.page(f"{address}?q=0987654321")
    answer = thao.post(address, {"person": str(province.binh.person), "met_on": "2026-11-20"})
    assert answer.status_code == 400
    assert "There is no such person." in answer.text


def test_the_days_of_a_case_are_corrected_with_a_reason_that_stays(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, address = visitor("thao"), f"/cases/{province.an.case}"
    assert thao.post(address, {"action": "dates", "onset_on": "2026-11-19"}).status_code == 302
    refused = thao.post(address, {"action": "dates", "onset_on": "2026-11-18"})
    assert "A day that was known changes." in refused.text
    thao.post(address, {"action": "dates", "onset_on": "2026-11-18", "reason": "nhớ nhầm"})
    impossible = {"action": "dates", "sampled_on": "2026-11-22", "confirmed_on": "2026-11-21", "reason": "x"}
    assert "before the sample was taken" in thao.post(address, impossible).text
    with database.unit() as uow:
        assert str(uow.session.get_one(Case, province.an.case).onset_on) == "2026-11-18"
        lines = uow.session.scalars(select(ContactChange).where(ContactChange.what == "dates")).all()
        assert [line.why for line in sorted(lines, key=lambda line: line.id)] == ["", "nhớ nhầm"]


def test_whoever_is_no_case_takes_the_contacts_along(province: Province, visitor: Visit, database: Database) -> None:
    thao, address = visitor("thao"), f"/cases/{province.an.case}"
    assert thao.post(address, {"action": "discard", "reason": "PCR âm tính hai lần"}).status_code == 302
    with database.unit() as uow:
        assert uow.session.get_one(Contact, province.an.contact).status == "dropped"
    page = thao.page(address)
    assert "not a case" in page
    assert "Add a contact" not in page
    refused = thao.post(address, {"action": "outcome", "outcome": "recovered"})
    assert "This is not a case, so it has no outcome." in refused.text


def test_a_doctor_reads_cases_and_changes_nothing(province: Province, visitor: Visit) -> None:
    mai, address = visitor("mai"), f"/cases/{province.an.case}"
    assert '<form method="post" class="stack' not in mai.page(address)
    assert mai.post(address, {"action": "discard", "reason": "x"}).status_code == 403
    assert mai.get(f"/cases/{province.binh.case}").status_code == 404
