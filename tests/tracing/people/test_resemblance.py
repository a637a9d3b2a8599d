"""Who resembles whom, and why: families share telephones, thousands share a name, and fingers slip."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.database import Database, UnitOfWork
from core.ids import new_id
from tracing.people.likeness import Degree, Described, Sign, compare, compare_names, one_letter_apart
from tracing.people.model import Person
from tracing.people.resemblance import resembling, resembling_many

pytestmark = pytest.mark.capability("T12")
PHONE, OTHER = "+84912345678", "+84987654321"
COMMUNE = "38.380.14755"


def someone(uow: UnitOfWork, name: str, phone: str = PHONE, birth_year: int | None = 1985, **known: object) -> Person:
    person = Person(id=new_id(), name=name, phone=phone, birth_year=birth_year, created_at=uow.now(), **known)
    uow.session.add(person)
    uow.session.flush()
    return person


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        ("Nguyễn Văn An", "nguyen van an", Sign.SAME_NAME),
        ("NGUYỄN  VĂN AN", "Nguyễn Văn An", Sign.SAME_NAME),
        ("Hoàng Phú", "Hoàng Phụ", Sign.OTHER_MARKS),
        ("Nguyễn Văn An", "An Nguyen Van", Sign.OTHER_ORDER),
        ("N. V. An", "Nguyễn Văn An", Sign.INITIALS),
        ("Nguyễn Văn An", "Nguyễn Văn Anh", Sign.ONE_LETTER),
        ("Trần Thị Bình", "Trần Thị Bnìh", Sign.ONE_LETTER),
        ("Nguyễn An", "Nguyễn Văn An", Sign.SHORT_NAME),
        ("Nguyễn Văn An", "Trần Thị Bình", Sign.OTHER_NAME),
        ("An", "Nguyễn Văn An", Sign.OTHER_NAME),
        ("", "Nguyễn Văn An", Sign.NO_NAME),
        ("Nguyễn Văn", "Nguyễn Văn An", Sign.OTHER_NAME),
    ],
)
def test_names_are_compared_as_people_write_them(one: str, other: str, sign: Sign) -> None:
    assert compare_names(one, other) == compare_names(other, one) == sign


def test_a_slip_is_one_letter_and_not_two() -> None:
    assert one_letter_apart("lan", "loan")
    assert one_letter_apart("hao", "hoa")
    assert one_letter_apart("hoa", "hoan")
    assert not one_letter_apart("hoa", "hang")
    assert not one_letter_apart("abcd", "badc")


@pytest.mark.parametrize(
    ("other", "degree"),
    [
        (Described(PHONE, "nguyen van an", 1985), Degree.CERTAIN),
        (Described(PHONE, "nguyen van an", None), Degree.CERTAIN),
        (Described(PHONE, "Nguyễn Văn An", 1986), Degree.LIKELY),
        (Described(PHONE, "Nguyễn Văn Anh", 1985), Degree.LIKELY),
        (Described(PHONE, "An Nguyễn Văn", None), Degree.LIKELY),
        (Described(PHONE, "N.V. An", None), Degree.POSSIBLE),
        (Described(PHONE, "Nguyễn An", 1985), Degree.POSSIBLE),
        (Described(OTHER, "Nguyễn Văn An", 1985, COMMUNE), Degree.POSSIBLE),
        (Described(OTHER, "Nguyễn Văn An", 1985, "01.001.00001"), Degree.UNLIKELY),
        (Described(OTHER, "Nguyễn Văn An", 1985), Degree.UNLIKELY),  # thousands have that name
        (Described(PHONE, "Trần Thị Bình", 1985, COMMUNE), Degree.UNLIKELY),  # a family on one telephone
        (Described(PHONE, "Nguyễn Văn Anh", 1985, COMMUNE, "female"), Degree.POSSIBLE),
        (Described(PHONE, "Nguyễn Văn Anh", 1950, COMMUNE), Degree.UNLIKELY),
        (Described(PHONE, ""), Degree.POSSIBLE),  # a case keyed in their number
        (Described(OTHER, "", 1985, COMMUNE), Degree.UNLIKELY),
    ],
)
def test_signs_together_give_the_degree(other: Described, degree: Degree) -> None:
    an = Described(PHONE, "Nguyễn Văn An", 1985, COMMUNE, "male")
    assert compare(an, other).degree is degree
    assert compare(other, an) == compare(an, other)


def test_what_speaks_for_and_what_against_is_said() -> None:
    likeness = compare(
        Described(PHONE, "Nguyễn Văn An", 1985, COMMUNE, "male"),
        Described(PHONE, "Nguyễn Văn Anh", 1986, "01.001.00001", "female"),
    )
    assert set(likeness.spoken_for) >= {Sign.SAME_PHONE, Sign.ONE_LETTER}
    assert set(likeness.spoken_against) >= {Sign.ONE_LETTER, Sign.NEAR_YEAR, Sign.OTHER_PROVINCE, Sign.OTHER_SEX}


def test_who_resembles_somebody_is_found_by_number_and_by_name_with_year(database: Database) -> None:
    with database.unit() as uow:
        slip = someone(uow, "Nguyễn Văn Anh")
        mother = someone(uow, "Trần Thị Bình")
        namesake = someone(uow, "An Nguyễn Văn", OTHER, area=COMMUNE)
        far = someone(uow, "Nguyễn Văn An", "+84911111111", area="01.001.00001")
        found = resembling(uow, PHONE, "Nguyễn Văn An", 1985, COMMUNE)
    assert [one.id for one in found] == [slip.id, namesake.id]
    assert {mother.id, far.id}.isdisjoint(one.id for one in found)


def test_a_merged_entry_is_found_as_the_one_that_stands(database: Database) -> None:
    with database.unit() as uow:
        kept = someone(uow, "Nguyễn Văn An", OTHER)
        someone(uow, "nguyen van an", PHONE, merged_into=kept.id)
        found = resembling(uow, PHONE, "Nguyễn Văn An", 1985)
    assert [(one.id, one.degree) for one in found] == [(kept.id, Degree.CERTAIN)]


def test_many_are_asked_for_at_once_and_each_gets_its_own(database: Database) -> None:
    with database.unit() as uow:
        people = [
            someone(uow, f"Lê Thị {word}", f"+8491234{place:04d}") for place, word in enumerate(["Mai", "Đào", "Cúc"])
        ]
        asked = [Described(person.phone, person.name, person.birth_year) for person in people]
        found = resembling_many(uow, [*asked, Described("", "Không Ai", None)])
    assert [[one.id for one in each] for each in found] == [[person.id] for person in people] + [[]]


def test_looking_for_namesakes_reads_an_index(database: Database) -> None:
    with database.unit() as uow:
        uow.session.execute(
            text(
                "INSERT INTO person (id, name, phone, birth_year, created_at) SELECT gen_random_uuid(),"
                " 'Nguyen Van ' || n, 'k' || n, 1950 + n % 60, now() FROM generate_series(1, 20000) n"
            )
        )
        uow.session.execute(text("ANALYZE person"))
        plan = uow.session.scalars(
            text(
                "EXPLAIN SELECT * FROM unnest(ARRAY['nguyen van 7'], ARRAY[1957]) AS asked(name, year) JOIN LATERAL"
                " (SELECT id FROM person WHERE name_search = asked.name AND birth_year = asked.year LIMIT 40) a ON true"
            )
        ).all()
    assert any("ix_person_namesakes" in line for line in plan), plan
