"""The administrative units of both systems: official counts, mergers that everybody knows, and what always holds."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.country.areas import Areas, Unit, above, country, is_new

EVERY = sorted(unit.path for unit in country())
SMALLEST = [unit.path for unit in country() if not is_new(unit.path) and not country().children(unit.path)]
COMMUNES = [unit.path for unit in country() if is_new(unit.path) and unit.level == "commune"]
paths = st.sampled_from(EVERY)


def names(units: list[Unit]) -> list[str]:
    return [unit.name for unit in units]


def at(path: str) -> Unit:
    unit = country().unit(path)
    assert unit is not None
    return unit


def test_as_many_units_as_the_resolutions_say() -> None:
    levels = Counter((is_new(unit.path), unit.level) for unit in country())
    assert levels == {
        (False, "province"): 63,
        (False, "district"): 696,
        (False, "commune"): 10_035,
        (True, "province"): 34,
        (True, "commune"): 3_321,
    }
    kinds = Counter(unit.kind for unit in country() if is_new(unit.path))
    assert kinds["đặc khu"] == 13
    assert kinds["phường"] == 687 + 22  # the wards of 2026
    assert Counter(unit.kind for unit in country() if unit.was)["phường"] == 22


def test_a_unit_says_what_it_is_and_when_it_was() -> None:
    thu_duc = at("79.769")
    assert (thu_duc.name, thu_duc.kind, thu_duc.level) == ("Thành phố Thủ Đức", "thành phố", "district")
    assert (thu_duc.code, thu_duc.parent, at("79").parent) == ("769", "79", "")
    assert (thu_duc.since, thu_duc.until) == (None, date(2025, 6, 30))
    ham_rong = at("2025.38.14758")
    assert (ham_rong.name, ham_rong.kind, ham_rong.parent) == ("Phường Hàm Rồng", "phường", "2025.38")
    assert (ham_rong.since, ham_rong.until) == (date(2025, 7, 1), None)


def test_one_code_of_two_units_is_never_one_path() -> None:
    assert names(country().by_code("14758")) == ["Phường Đông Thọ", "Phường Hàm Rồng"]
    assert [unit.path for unit in country().by_code("79")] == ["79", "2025.79"]
    assert country().by_code("99999") == []


def test_provinces_became_provinces() -> None:
    assert names(country().predecessors("2025.79")) == [
        "Tỉnh Bình Dương",
        "Tỉnh Bà Rịa - Vũng Tàu",
        "Thành phố Hồ Chí Minh",
    ]
    assert [unit.path for unit in country().successors("74")] == ["2025.79"]
    assert names(country().predecessors("2025.52")) == ["Tỉnh Bình Định", "Tỉnh Gia Lai"]
    assert names(country().predecessors("2025.38")) == ["Tỉnh Thanh Hóa"]
    assert all(len(country().successors(unit.path)) == 1 for unit in country().children("") if not is_new(unit.path))


def test_a_district_has_the_communes_that_came_of_it() -> None:
    hoai_nhon = names(country().successors("52.543"))
    assert {"Phường Hoài Nhơn", "Phường Bồng Sơn", "Phường Tam Quan", "Phường Hoài Nhơn Bắc"} <= set(hoai_nhon)
    assert all(unit.parent == "2025.52" for unit in country().successors("52.543"))
    assert "Phường Thủ Đức" in names(country().successors("79.769"))
    assert names(country().successors("77.755")) == ["Đặc khu Côn Đảo"]


def test_a_divided_commune_has_all_that_took_a_part_of_it() -> None:
    assert names(country().successors("38.380.14758")) == ["Phường Hàm Rồng", "Phường Hạc Thành"]
    assert names(country().predecessors("2025.38.14758")) == [
        "Phường Hàm Rồng",
        "Phường Đông Thọ",
        "Phường Nam Ngạn",
        "Phường Đông Cương",
        "Phường Thiệu Dương",
    ]


def test_namesakes_of_one_new_province_are_not_one_commune() -> None:
    assert names(country().successors("80.794.27691")) == ["Phường Long An"]  # Phường 4 of Tân An
    assert names(country().successors("72.703.25462")) == ["Phường Tân Ninh"]  # Phường 4 of Tây Ninh
    for path in COMMUNES:
        assert len({list(above(made_of.path))[-1] for made_of in country().predecessors(path)}) == 1, path


def test_what_lies_on_both_sides_of_a_boundary_lies_in_neither() -> None:
    bim_son = next(unit.path for unit in country().children("2025.38") if unit.name == "Phường Bỉm Sơn")
    districts = {list(above(made_of.path))[1] for made_of in country().predecessors(bim_son)}
    assert len(districts) > 1
    assert not any(country().holds(district, bim_son) for district in districts)
    assert country().holds("38", bim_son)


def test_a_right_reaches_across_by_the_fewest_paths() -> None:
    assert country().counterparts("38") == ("2025.38",)
    assert country().counterparts("2025.79") == ("74", "77", "79")
    assert country().counterparts("38.999") == ()
    assert set(country().counterparts("2025.38.14758")) == {
        "38.380.14755",
        "38.380.14761",
        "38.380.14791",
        "38.380.15859",
    }


def test_what_nobody_knows_lies_where_its_path_says() -> None:
    assert country().holds("2025.38", "38.999")
    assert country().holds("38", "2025.38.99999")
    assert not country().holds("38.999", "2025.38")
    assert not country().holds("38.380", "38.3801")


def test_every_unit_has_its_parent_and_is_found_by_its_code() -> None:
    for unit in country():
        assert unit.kind
        assert (unit.level == "province") == (unit.parent == "")
        assert unit.parent == "" or unit in country().children(unit.parent)
        assert unit in country().by_code(unit.code)


def test_every_smallest_old_unit_went_somewhere_and_every_new_one_came_from_somewhere() -> None:
    for path in SMALLEST:
        assert country().successors(path), path
        for new in country().successors(path):
            assert at(path) in country().predecessors(new.path)
    for path in COMMUNES:
        assert country().predecessors(path), path
        for old in country().predecessors(path):
            assert at(path) in country().successors(old.path)


@given(paths, paths, paths)
def test_inside_of_inside_is_inside(outer: str, middle: str, inner: str) -> None:
    here = country()
    assert here.holds(outer, outer)
    if here.holds(outer, middle) and here.holds(middle, inner):
        assert here.holds(outer, inner)


@given(paths)
def test_what_holds_and_what_is_held_agree(path: str) -> None:
    here = country()
    assert all(here.holds(path, other) for other in here.counterparts(path))
    assert all(here.holds(other, path) for other in here.holders(path))
    assert all(path in here.holders(other) for other in here.counterparts(path))


@given(st.sampled_from(SMALLEST))
def test_who_holds_all_parts_of_a_commune_holds_it(path: str) -> None:
    parts = country().successors(path)
    province = country().successors(list(above(path))[-1])[0]
    assert country().holds(province.path, path)
    assert all(country().holds(part.path, path) for part in parts) == (len(parts) == 1)


def test_rules_hold_in_a_country_of_four_villages() -> None:
    old = [Unit("01", "Tỉnh A"), *(Unit(f"01.00{d}", f"Huyện {d}") for d in (1, 2))]
    villages = [Unit(f"01.001.0000{n}", f"Xã {n}") for n in (1, 2)] + [Unit("01.002.00003", "Xã 3")]
    new = [Unit("2025.01", "Tỉnh A"), Unit("2025.01.00001", "Xã Một"), Unit("2025.01.00003", "Xã Ba")]
    pieces = [("00001", "00001"), ("00002", "00001"), ("00002", "00003"), ("00003", "00003")]
    paths = {unit.code: unit.path for unit in villages}
    small = Areas([*old, *villages, *new], [(paths[here], f"2025.01.{there}") for here, there in pieces])
    assert small.holds("01.001", "2025.01.00001")
    assert not small.holds("01.001", "2025.01.00003")
    assert not small.holds("2025.01.00001", "01.001.00002")
    assert small.holds("2025.01.00003", "01.002")  # the whole of a district
    assert small.counterparts("2025.01.00003") == ("01.002",)


@pytest.mark.parametrize("path", ["2025", "14758", ""])
def test_there_is_no_unit_of_half_a_path(path: str) -> None:
    assert country().unit(path) is None
