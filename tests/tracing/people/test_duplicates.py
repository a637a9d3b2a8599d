"""The list of perhaps duplicate people, found in the background."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from core.database import Database
from tests.tracing.people.people_making import BY, COMMUNE, OTHER, PHONE, a_person
from tracing.people.duplicates import search
from tracing.people.likeness import Degree
from tracing.people.merging import merge, undo
from tracing.people.model import DuplicateCandidate, Person
from tracing.people.two_people import not_the_same, take_back_not_the_same

pytestmark = pytest.mark.capability("T12")


def listed(database: Database) -> list[tuple[set[str], int]]:
    with database.unit() as uow:
        rows = uow.session.scalars(
            select(DuplicateCandidate).order_by(DuplicateCandidate.degree.desc(), DuplicateCandidate.points.desc())
        )
        return [
            ({uow.session.get_one(Person, row.low_id).name, uow.session.get_one(Person, row.high_id).name}, row.degree)
            for row in rows
        ]


def test_who_resembles_somebody_is_listed_once_most_certain_first(database: Database) -> None:
    with database.unit() as uow:
        a_person(uow, "Nguyễn Văn An", birth_year=1985, area=COMMUNE)
        a_person(uow, "nguyen van an", birth_year=1985)
        a_person(uow, "Trần Thị Bình", birth_year=1987, area=COMMUNE)  # on the same telephone
        a_person(uow, "An Nguyen Van", OTHER, birth_year=1985, area=COMMUNE)
    search(database)
    search(database)
    assert listed(database) == [
        ({"Nguyễn Văn An", "nguyen van an"}, Degree.CERTAIN),
        ({"Nguyễn Văn An", "An Nguyen Van"}, Degree.POSSIBLE),
    ]


def test_the_list_follows_what_becomes_known(database: Database) -> None:
    with database.unit() as uow:
        a_person(uow, "Nguyễn Văn An", birth_year=1985)
        other = a_person(uow, "Nguyễn Văn Anh", birth_year=1985)
    search(database)
    assert len(listed(database)) == 1
    with database.unit() as uow:
        uow.session.get_one(Person, other.id).birth_year = 1950
    search(database)
    assert listed(database) == []


def test_who_was_found_not_to_be_a_duplicate_is_not_listed_again_until_that_is_taken_back(database: Database) -> None:
    with database.unit() as uow:
        one, other = a_person(uow, birth_year=1985), a_person(uow, "nguyen van an", birth_year=1985)
    search(database)
    with database.unit() as uow:
        not_the_same(uow, one.id, other.id, by=BY)
    search(database)
    assert listed(database) == []
    with database.unit() as uow:
        take_back_not_the_same(uow, one.id, other.id)
    search(database)
    assert len(listed(database)) == 1


def test_who_was_merged_is_not_listed_and_is_again_after_undoing(database: Database) -> None:
    with database.unit() as uow:
        one, other = a_person(uow, birth_year=1985), a_person(uow, "nguyen van an", birth_year=1985)
    search(database)
    with database.unit() as uow:
        made = merge(uow, one.id, other.id, by=BY)
    assert listed(database) == []
    search(database)
    assert listed(database) == []
    with database.unit() as uow:
        undo(uow, made.id, by=BY)
    search(database)
    assert len(listed(database)) == 1


def test_a_search_costs_the_same_however_many_people_there_are(database: Database) -> None:
    """It reads indexes from where it stopped, never the table."""
    with database.unit() as uow:
        uow.session.execute(
            text(
                "INSERT INTO person (id, name, phone, birth_year, created_at) SELECT gen_random_uuid(),"
                " 'Nguyen Van ' || n, :sealed, 1950 + n % 60, now() FROM generate_series(1, 20000) n"
            ),
            {"sealed": "x"},
        )
        uow.session.execute(text("UPDATE person SET phone = 'k' || id"))
        uow.session.execute(text("ANALYZE person"))
        for question in (
            "SELECT id FROM person WHERE merged_into IS NULL AND id > gen_random_uuid() ORDER BY id LIMIT 500",
            "SELECT id FROM person WHERE phone IN ('a', 'b', 'c')",
        ):
            plan = "\n".join(uow.session.scalars(text(f"EXPLAIN {question}")))
            assert "Seq Scan" not in plan, plan


def test_a_telephone_that_a_whole_dormitory_shares_does_not_fill_the_list(database: Database) -> None:
    with database.unit() as uow:
        for place in range(30):
            a_person(uow, f"Nguyễn {chr(65 + place % 26)}{place} Khác{place * 7}", PHONE, birth_year=1950 + place)
    search(database)
    assert listed(database) == []
