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
from tracing.areas.gazetteer import Gazetteer
from tracing.areas.places import THANH_HOA, load_gazetteer, seed_areas, units_of
from tracing.cases.model import Contact
from tracing.cases.reading import met_by
from tracing.lists.importing import Bringing, ImportResult, import_contacts
from tracing.lists.sample import sample_contacts, sample_csv
from tracing.lists.sheet import read_contacts
from tracing.people.matching import KnownPerson, find_by_phone, same_person
from tracing.people.model import Person

TODAY = date(2026, 11, 23)
PLACES = Gazetteer(units_of(THANH_HOA))
COVID = "covid-19"
HEADER = "Họ tên,SĐT,Năm sinh,Mã xã,Ngày tiếp xúc,F0\n"


def bring(database: Database, rows: str, campaign: UUID | None = None, header: str = HEADER) -> ImportResult:
    sheet = read_contacts(io.BytesIO((header + rows).encode()), PLACES, TODAY)
    with database.unit() as uow:
        return import_contacts(uow, sheet, Bringing(COVID, campaign))


def count(database: Database, table: type[Base]) -> int:
    with database.unit() as uow:
        return uow.session.scalar(select(func.count()).select_from(table)) or 0


def people(database: Database) -> list[tuple[str, int | None]]:
    with database.unit() as uow:
        return [(person.name, person.birth_year) for person in uow.session.scalars(select(Person).order_by(Person.id))]


def areas(database: Database) -> list[str]:
    """Where the targets are."""
    with database.unit() as uow:
        return list(uow.session.scalars(select(Target.area).order_by(Target.id)))


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
        target = uow.session.scalars(select(Target)).one()
        (met,) = met_by(uow, person.id)
    assert (person.name, person.name_search, person.phone) == ("Đỗ Thị Hường", "do thi huong", "+84912345678")
    assert (person.area, person.birth_year, person.language) == ("38.380.14755", 1984, "vi")
    assert (met.source_case, met.generation, met.exposed_on) == ("BN1", 1, date(2026, 11, 20))
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
        (person,) = uow.session.scalars(select(Person))
        exposures = {met.source_case: met.exposed_on for met in met_by(uow, person.id)}
    assert exposures == {"BN1": date(2026, 11, 20), "BN2": date(2026, 11, 19)}  # the newest exposure counts


def test_an_older_exposure_does_not_take_the_place_of_a_newer(database: Database) -> None:
    bring(database, "An,0912345678,1984,,20/11/2026,BN1\n")
    bring(database, "An,0912345678,1984,,10/11/2026,BN1\n")
    bring(database, "An,0912345678,1984,,,BN1\n")
    with database.unit() as uow:
        assert uow.session.scalars(select(Contact.last_exposed_on)).all() == [date(2026, 11, 20)]


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
    result = bring(database, "An,0912345678,1984,14761,,\nBình,0912345679,1990,14761,,\n")
    assert result.people_new == 0
    assert people(database) == [("An", 1984), ("Bình", 1990)]
    with database.unit() as uow:
        assert uow.session.scalars(select(Person.area).order_by(Person.id)).all() == ["38.380.14761", "38.380.14755"]


@pytest.mark.capability("T12")
@pytest.mark.parametrize("on_file", [True, False], ids=["on file", "in the list"])
def test_father_and_son_stay_two_people_when_one_of_them_was_first_noted_without_a_year(
    database: Database, on_file: bool
) -> None:
    without_year, rest = "An,0912345678,,,,\n", "An,0912345678,1950,,,\nAn,0912345678,1990,,,\n"
    if on_file:
        bring(database, without_year)
        bring(database, rest)
    else:
        bring(database, without_year + rest)
    assert people(database) == [("An", 1950), ("An", 1990)]


@pytest.mark.capability("T12")
@pytest.mark.parametrize("on_file", [True, False], ids=["on file", "new"])
def test_what_any_row_says_of_a_person_is_kept_and_asked_for(database: Database, campaign: UUID, on_file: bool) -> None:
    """Whoever is called is asked for the birth year, so it must not be lost to a row that leaves it out."""
    if on_file:
        bring(database, "An,0912345678,,,,\n")
    bring(database, "An,0912345678,,,,\nAn,0912345678,1980,14755,,\nAn,0912345678,,,,\n", campaign)
    assert people(database) == [("An", 1980)]
    with database.unit() as uow:
        person, target = uow.session.scalars(select(Person)).one(), uow.session.scalars(select(Target)).one()
    assert person.area == target.area == "38.380.14755"
    assert target.context["person"]["birth_year"] == 1980


def test_a_row_far_down_a_long_list_still_tells_the_year_that_is_asked_for(database: Database, campaign: UUID) -> None:
    others = "".join(f"Người {n},09124{n:05d},1984,,,\n" for n in range(2500))
    bring(database, f"An,0912345678,,,,\n{others}An,0912345678,1980,,,\n", campaign)
    with database.unit() as uow:
        target = uow.session.scalars(select(Target).where(Target.phone == "+84912345678")).one()
    assert target.context["person"]["birth_year"] == 1980


def test_what_one_row_fills_in_another_does_not_take_away(database: Database) -> None:
    bring(database, "An,0912345678,,,,\n")
    bring(database, "An,0912345678,1980,,,\nAn,0912345678,,14755,,\n")
    with database.unit() as uow:
        person = uow.session.scalars(select(Person)).one()
    assert (person.birth_year, person.area) == (1980, "38.380.14755")


def test_the_call_to_a_known_person_is_seen_where_that_person_lives(database: Database, campaign: UUID) -> None:
    bring(database, "An,0912345678,1984,14755,,\n")
    bring(database, "An,0912345678,1984,,,\n", campaign)
    assert areas(database) == ["38.380.14755"]


def test_where_nobody_says_where_a_person_lives_it_is_where_the_campaign_is(database: Database) -> None:
    with database.unit() as uow:
        plan = CampaignPlan("F1", "contact-interview", "network", area="38.380")
        campaign = service.create_campaign(uow, plan).id
    bring(database, "An,0912345678,1984,,,\nBình,0912345679,1990,14761,,\n", campaign)
    assert areas(database) == ["38.380", "38.380.14761"]
    with database.unit() as uow:
        assert uow.session.scalars(select(Person.area).order_by(Person.id)).all() == ["38.380", "38.380.14761"]


def test_who_is_meant_stays_open_when_two_could_be() -> None:
    father, son = KnownPerson(UUID(int=1), "le van an", 1960), KnownPerson(UUID(int=2), "le van an", 1990)
    assert same_person([father, son], "Lê Văn An", 1990) == son.id
    assert same_person([father, son], "Lê Văn An", None) is None
    assert same_person([father, son], "Lê Văn An", 1975) is None
    assert same_person([father], "Lê Văn An", None) == father.id
    assert same_person([father], "Lê Thị An", 1960) is None


def test_everybody_on_a_number_is_found_by_it(database: Database) -> None:
    bring(database, "Lê Văn An,0912345678,1960,,,\nLê Văn An,0912345678,1990,,,\nBình,0912345679,1990,,,\n")
    with database.unit() as uow:
        assert [person.birth_year for person in find_by_phone(uow, "+84912345678")] == [1990, 1960]


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
        result = import_contacts(uow, sheet, Bringing(COVID, campaign), told.append)
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
        assert seed_areas(uow) == 741  # 574 until June 2025, 167 since
    with database.unit() as uow:
        assert seed_areas(uow) == 0
        area = uow.session.get_one(Area, "38.380.14755")
        assert (area.code, area.kind, area.name_vi, area.name_en) == (
            "14755",
            "commune",
            "Phường Hàm Rồng",
            "Ham Rong Ward",
        )
        assert load_gazetteer(uow).find("Hàm Rồng")[0].path == "2025.38.14758"
        assert uow.session.get_one(Area, "38").counterparts == ["2025.38"]
        area.name_vi = "Phường Cũ"
    with database.unit() as uow:
        assert seed_areas(uow) == 0
    with database.unit() as uow:
        assert uow.session.get_one(Area, "38.380.14755").name_vi == "Phường Hàm Rồng"
