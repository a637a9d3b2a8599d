"""Areas found by what people write: one, or candidates, never a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.country.areas import above, country
from core.errors import UserError
from tracing.areas.gazetteer import Gazetteer, described, name_en, whole_country
from tracing.areas.places import THANH_HOA, units_of
from tracing.people.names import plain

HOME = Gazetteer(units_of(THANH_HOA))
EVERYWHERE = ("province", "district", "commune")
paths = st.sampled_from(sorted(unit.path for unit in country()))


def found(text: str, inside: str = "", levels: tuple[str, ...] = ("commune",)) -> list[str]:
    return [unit.path for unit in HOME.find(text, inside, levels)]


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("Tp. Thủ Đức", "79.769"),
        ("TP THU DUC", "79.769"),
        ("Quận 1", "79.760"),
        ("Q.1", "79.760"),
        ("q1", "79.760"),
        ("TP HCM", "2025.79"),
        ("TPHCM", "2025.79"),
        ("Thành phố Hồ Chí Minh", "2025.79"),
        ("Bình Dương, TP Hồ Chí Minh", "2025.79.25760"),
        ("tỉnh Bình Dương", "74"),
        ("Bà Rịa - Vũng Tàu", "77"),
        ("TX Hoài Nhơn", "52.543"),
        ("phường Hoài Nhơn, Gia Lai", "2025.52.21664"),
        ("huyện Châu Thành, Tiền Giang", "82.821"),
        ("Thừa Thiên Huế", "2025.46"),
        ("Phường 12, Q. Gò Vấp, TPHCM", "79.764.26881"),
        ("p12, go vap, tp hcm", "79.764.26881"),
        ("Phường 012, Gò Vấp", "79.764.26881"),
    ],
)
def test_a_name_as_people_write_it(written: str, path: str) -> None:
    assert [unit.path for unit in whole_country().find(written, levels=EVERYWHERE)] == [path]


@pytest.mark.parametrize(
    ("written", "paths"),
    [
        ("Thủ Đức", {"79.769", "2025.79.26824"}),
        ("Hoài Nhơn", {"52.543", "2025.52.21664"}),
        ("Thanh Hóa", {"38", "2025.38", "38.380", "44.453.18958"}),
    ],
)
def test_what_a_name_alone_leaves_open_is_left_open(written: str, paths: set[str]) -> None:
    assert {unit.path for unit in whole_country().find(written, levels=EVERYWHERE)} == paths


def test_diacritics_count_when_they_are_there() -> None:
    assert found("Hoằng Phụ") == ["38.399.16003"]
    assert found("Hoằng Phú") == ["2025.38.15889"]  # which holds the old one
    assert set(found("hoang phu")) == {"2025.38.15889", "38.399.15883", "38.399.16003"}
    assert found("Thanh Hoá", levels=("district",)) == found("Thanh Hóa", levels=("district",)) == ["38.380"]


def test_the_new_commune_is_the_answer_only_when_it_holds_all_of_the_old_one() -> None:
    assert found("Hàm Rồng") == ["2025.38.14758"]
    assert set(found("14758")) == {"2025.38.14758", "38.380.14758"}  # Đông Thọ was divided
    assert found("14755") == ["38.380.14755"]  # nobody has this code any more


def test_who_names_a_district_writes_in_the_old_system() -> None:
    assert found("Phường Hàm Rồng, TP Thanh Hóa") == ["38.380.14755"]
    assert found("14758", inside="38.380") == ["38.380.14758"]
    assert found("xã Hoằng Đông, huyện Hoằng Hóa, Thanh Hóa") == ["38.399.15997"]
    assert found("xã Hoằng Đông, TP Thanh Hóa, Thanh Hóa") == []
    assert found("Phường Hạc Thành, TP Thanh Hóa, Thanh Hóa") == ["2025.38.14797"]  # no old commune is called so


def test_a_commune_keeps_the_name_it_had_before_it_became_a_ward() -> None:
    assert found("xã Bố Hạ, Bắc Ninh") == found("phường Bố Hạ, Bắc Ninh") == ["2025.24.07294"]
    assert found("thị trấn Bố Hạ, Bắc Giang") == ["24.215.07294"]


def test_elsewhere_is_looked_for_only_with_its_province() -> None:
    assert found("Diễn Kỷ") == []
    assert found("xã Diễn Kỷ, huyện Diễn Châu, Nghệ An") == ["40.425.17434"]
    assert found("17434") == []
    assert found("40.425.17434") == ["40.425.17434"]


@pytest.mark.parametrize("nothing", ["", " ", ",", ", ,", "-", "0", "38.", "2025", "2025.38.", "phường", "\u200b"])
def test_nothing_means_nothing(nothing: str) -> None:
    assert found(nothing, levels=EVERYWHERE) == []


@given(paths)
def test_every_area_is_found_by_its_path_and_among_those_of_its_full_name(path: str) -> None:
    unit = country().unit(path)
    assert unit is not None
    if unit.level != "province":  # its path looks like a code
        assert whole_country().find(path, levels=EVERYWHERE) == [unit]
    written = ", ".join(known.name for one in above(path) if (known := country().unit(one)))
    for text in (written, plain_parts(written)):
        answers = whole_country().find(text, levels=(unit.level,))
        assert any(country().holds(answer.path, path) for answer in answers), text
    exact = whole_country().find(written, levels=(unit.level,))
    assert len(exact) == 1 or {plain(answer.name) for answer in exact} == {plain(unit.name)}


def plain_parts(written: str) -> str:
    return ", ".join(plain(part) for part in written.split(","))


def test_a_candidate_is_shown_with_its_path_and_what_it_lies_in() -> None:
    (ward,) = HOME.find("14755")
    assert described(ward) == "38.380.14755 Phường Hàm Rồng, Thành phố Thanh Hóa, Tỉnh Thanh Hóa"
    assert name_en(ward) == "Ham Rong Ward"
    assert name_en(*HOME.find("2025.79.26732")) == "Con Dao Special Zone"


def test_a_department_has_what_is_and_was_in_its_province() -> None:
    assert {path.split(".")[0] for path in (unit.path for unit in units_of("79"))} == {"2025", "74", "77", "79"}
    assert len(units_of("38")) == 574 + 167
    with pytest.raises(UserError, match="No province"):
        units_of("74")  # Bình Dương is part of Hồ Chí Minh City
