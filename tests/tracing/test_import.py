"""Importing a list: all or nothing, nobody twice, everybody on the campaign's list."""

from __future__ import annotations

import io
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.areas import Area
from core.database import Database
from core.errors import UserError
from core.tables import Base
from ivr.campaigns import service
from ivr.campaigns.model import Target
from ivr.campaigns.plan import CampaignPlan
from tracing.contacts import ImportResult, import_contacts
from tracing.import_csv import read_contacts
from tracing.model import Contact, Person
from tracing.people import KnownPerson, find_by_phone, find_or_create_person, same_person
from tracing.places import Gazetteer, known_places, load_gazetteer, seed_areas
from tracing.sample import sample_contacts, sample_csv

TODAY = date(2026, 11, 23)
PLACES = Gazetteer(known_places())
HEADER = "Họ tên,SĐT,Năm sinh,Mã xã,Ngày tiếp xúc,F0\n"


def bring(database: Database, rows: str, campaign: UUID | None = None, header: str = HEADER) -> ImportResult:
    sheet = read_contacts(io.BytesIO((header + rows).encode()), PLACES, TODAY)
    with database.unit() as uow:
        return import_contacts(uow, sheet, campaign)


def count(database: Database, table: type[Base]) -> int:
    with database.unit() as uow:
        return uow.session.scalar(select(func.count()).select_from(table)) or 0


def people(database: Database) -> list[tuple[str, int | None]]:
    with database.unit() as uow:
        return [(person.name, person.birth_year) for person in uow.session.scalars(select(Person).order_by(Person.id))]


@pytest.fixture
def campaign(database: Database) -> UUID:
    with database.unit() as uow:
        return service.create_campaign(uow, CampaignPlan("F1", "contact-interview", "network", language="en")).id


@pytest.mark.capability("T11")
def test_a_list_becomes_people_contacts_and_targets(database: Database, campaign: UUID) -> None:
    result = bring(database, "Đỗ Thị Hường,0912345678,1984,14755,20/11/2026,BN1\n", campaign)
    assert result == ImportResult(rows=1, people_new=1, contacts_new=1, targets_new=1)
    with database.unit() as uow:
        person = uow.session.scalars(select(Person)).one()
        contact = uow.session.scalars(select(Contact)).one()
        target = uow.session.scalars(select(Target)).one()
    assert (person.name, person.name_search, person.phone) == ("Đỗ Thị Hường", "do thi huong", "+84912345678")
    assert (person.area, person.birth_year, person.language) == ("38.380.14755", 1984, "vi")
    assert (contact.person_id, contact.source_case, contact.exposed_on) == (person.id, "BN1", date(2026, 11, 20))
    assert (target.person_id, target.phone, target.area) == (person.id, "+84912345678", "38.380.14755")
    assert target.context == {"person": {"name": "Đỗ Thị Hường", "birth_year": 1984}}
    assert target.language == "en"  # the list does not say: the campaign's


@pytest.mark.capability("T11")
def test_one_wrong_row_and_nothing_is_imported(database: Database, campaign: UUID) -> None:
    with pytest.raises(
        UserError, match=r"1 errors, the first in row 3: .*not a phone number.*nothing has been imported"
    ):
        bring(database, "An,0912345678,1984,,,\nBình,xấu,1990,,,\n", campaign)
    assert [count(database, table) for table in (Person, Contact, Target)] == [0, 0, 0]


@pytest.mark.capability("T11", "T12")
def test_the_same_list_twice_changes_nothing(database: Database, campaign: UUID) -> None:
    rows = "Đỗ Thị Hường,0912345678,1984,14755,20/11/2026,BN1\nAn,0912345679,1990,,,\n"
    bring(database, rows, campaign)
    again = bring(database, rows, campaign)
    assert again == ImportResult(rows=2, people_matched=2)
    assert [count(database, table) for table in (Person, Contact, Target)] == [2, 2, 2]


@pytest.mark.capability("T1", "T12")
def test_one_person_in_two_rows_with_two_cases_is_two_contacts(database: Database, campaign: UUID) -> None:
    result = bring(
        database,
        "Đỗ Thị Hường,0912345678,1984,,18/11/2026,BN1\n"
        "DO THI HUONG,+84 912 345 678,1984,,19/11/2026,BN2\n"
        "đỗ thị hường,912345678,1984,,20/11/2026,BN1\n",
        campaign,
    )
    assert result == ImportResult(rows=3, people_new=1, people_matched=2, contacts_new=2, targets_new=1)
    with database.unit() as uow:
        exposures = {contact.source_case: contact.exposed_on for contact in uow.session.scalars(select(Contact))}
    assert exposures == {"BN1": date(2026, 11, 20), "BN2": date(2026, 11, 19)}  # the newest exposure counts


def test_an_older_exposure_does_not_take_the_place_of_a_newer(database: Database) -> None:
    bring(database, "An,0912345678,1984,,20/11/2026,BN1\n")
    bring(database, "An,0912345678,1984,,10/11/2026,BN1\n")
    bring(database, "An,0912345678,1984,,,BN1\n")
    with database.unit() as uow:
        assert uow.session.scalars(select(Contact.exposed_on)).all() == [date(2026, 11, 20)]


@pytest.mark.capability("T12")
def test_a_family_on_one_number_stays_a_family(database: Database) -> None:
    result = bring(
        database, "Lê Văn An,0912345678,1960,,,\nLê Thị Hoa,0912345678,1962,,,\nLê Văn An,0912345678,1990,,,\n"
    )
    assert result.people_new == 3
    assert people(database) == [("Lê Văn An", 1960), ("Lê Thị Hoa", 1962), ("Lê Văn An", 1990)]


@pytest.mark.capability("T12")
def test_what_was_not_known_is_filled_in_and_what_was_known_stays(database: Database) -> None:
    bring(database, "An,0912345678,,,,\nBình,0912345679,1990,14755,,\n")
    result = bring(database, "An,0912345678,1984,14758,,\nBình,0912345679,1990,14758,,\n")
    assert result.people_new == 0
    assert people(database) == [("An", 1984), ("Bình", 1990)]
    with database.unit() as uow:
        assert uow.session.scalars(select(Person.area).order_by(Person.id)).all() == ["38.380.14758", "38.380.14755"]


def test_who_is_meant_stays_open_when_two_could_be() -> None:
    father, son = KnownPerson(UUID(int=1), "le van an", 1960), KnownPerson(UUID(int=2), "le van an", 1990)
    assert same_person([father, son], "Lê Văn An", 1990) == son.id
    assert same_person([father, son], "Lê Văn An", None) is None
    assert same_person([father, son], "Lê Văn An", 1975) is None
    assert same_person([father], "Lê Văn An", None) == father.id
    assert same_person([father], "Lê Thị An", 1960) is None


def test_a_person_is_found_before_one_is_made(database: Database) -> None:
    with database.unit() as uow:
        first = find_or_create_person(uow, " Lê  Văn An ", "+84912345678", 1960)
        again = find_or_create_person(uow, "le van an", "+84912345678", 1960)
        other = find_or_create_person(uow, "Lê Văn An", "+84912345678", 1990)
        assert first.id == again.id != other.id
        assert [person.id for person in find_by_phone(uow, "+84912345678")] == [other.id, first.id]
        with pytest.raises(UserError, match="no name"):
            find_or_create_person(uow, "  ", "+84912345678")


def test_two_imports_at_the_same_time_make_nobody_twice(database: Database) -> None:
    rows = "".join(f"Người {n},09123{n:05d},1984,,,BN1\n" for n in range(300))
    with ThreadPoolExecutor(3) as workers:
        results = list(workers.map(lambda _: bring(database, rows), range(3)))
    assert sum(result.people_new for result in results) == 300
    assert (count(database, Person), count(database, Contact)) == (300, 300)


def test_a_person_already_on_the_list_of_a_running_campaign_is_not_called_twice(
    database: Database, campaign: UUID
) -> None:
    bring(database, "An,0912345678,1984,,,BN1\n", campaign)
    with database.unit() as uow:
        service.start(uow, campaign)
    assert bring(database, "An,0912345678,1984,,,BN2\nBình,0912345679,1990,,,BN2\n", campaign).targets_new == 1


def test_ten_thousand_rows_are_quick_and_their_progress_is_told(database: Database, campaign: UUID) -> None:
    data = sample_csv(sample_contacts(10_000, TODAY))
    told: list[int] = []
    began = time.process_time()
    sheet = read_contacts(io.BytesIO(data), PLACES, TODAY)
    with database.unit() as uow:
        result = import_contacts(uow, sheet, campaign, told.append)
    assert result.people_new == result.targets_new == 10_000
    assert told == [2000, 4000, 6000, 8000, 10_000]
    assert time.process_time() - began < 6  # the budget is 100,000 in a minute


def test_reading_holds_the_rows_not_the_file(database: Database) -> None:
    """A megabyte of notes in a column that nobody knows is not kept."""
    wide = "Họ tên,SĐT,Ghi chú\n" + f"An,0912345678,{'x' * 10_000}\n" * 200
    file = io.BytesIO(wide.encode())
    tracemalloc.start()
    try:
        sheet = read_contacts(file, PLACES, TODAY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(sheet.rows) == 200
    assert peak < 1_000_000


def test_the_areas_of_the_province_are_seeded_once(database: Database) -> None:
    with database.unit() as uow:
        assert seed_areas(uow) == 576
    with database.unit() as uow:
        assert seed_areas(uow) == 0
        area = uow.session.get_one(Area, "38.380.14755")
        assert (area.code, area.kind, area.name_vi, area.name_en) == (
            "14755",
            "commune",
            "Phường Hàm Rồng",
            "Ham Rong Ward",
        )
        assert load_gazetteer(uow).find("Hàm Rồng")[0].path == "38.380.14755"
