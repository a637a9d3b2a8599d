"""Phone numbers as people and spreadsheets write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import phones
from core.errors import UserError
from core.phones import is_ordinary, mask_phone, normalise_phone

MOBILE = "+84912345678"


@pytest.mark.parametrize(
    "written",
    [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "091-234-5678",
        " 0912345678\n",
        "0912\u00a0345\u00a0678",
        "84912345678",
        "84-912-345-678",
        "+84912345678",
        "+84 (0)912-345-678",
        "(+84) 912 345 678",
        "+840912345678",
        "0084 912 345 678",
        "912345678",
        "'0912345678",
        "912345678.0",
        "84912345678.0",
        "\u202d0912345678\u202c",
    ],
)
@pytest.mark.capability("T11")
def test_one_mobile_number_written_in_many_ways(written: str) -> None:
    assert normalise_phone(written) == MOBILE


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("(0237) 385 0115", "+842373850115"),
        ("02373850115", "+842373850115"),
        ("2373850115", "+842373850115"),
        ("+82 10-1234-5678", "+821012345678"),
        ("0086 138 0013 8000", "+8613800138000"),
    ],
)
def test_landlines_and_foreign_numbers(written: str, number: str) -> None:
    assert normalise_phone(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "không có",
        "115",
        "091234567",
        "09123456789",
        "0123 456 7890",
        "0912345678 / 0987654321",
        "0912345678, 0987654321",
        "9.12345678E+8",
        "+84",
        "0000000000",
    ],
)
def test_what_is_no_number_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UserError, match="0912345678 or"):
        normalise_phone(written)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused_and_a_number_stays_itself(written: str) -> None:
    try:
        number = normalise_phone(written)
    except UserError:
        return
    assert normalise_phone(number) == number


def test_a_masked_number_keeps_only_its_ends() -> None:
    assert mask_phone(MOBILE) == "+8491•••678"
    assert mask_phone("1234") == "•••"


@pytest.mark.parametrize(
    ("number", "ordinary"),
    [
        ("+84912345678", True),
        ("+842373850116", True),
        ("+841900545461", False),  # costs extra
        ("+4915112345678", False),  # abroad
        ("+37120000000", False),
    ],
)
def test_an_ordinary_number_is_a_telephone_of_the_country(number: str, ordinary: bool) -> None:
    assert is_ordinary(number) is ordinary


@given(st.from_regex(r"0[0-9]{1,4}[ .-]?[0-9]{0,4}[ .-]?[0-9]{3}", fullmatch=True))
def test_the_short_way_for_mobile_numbers_ends_where_the_long_one_does(written: str) -> None:
    with pytest.MonkeyPatch.context() as long_way:
        long_way.setattr(phones, "_mobile", lambda written: "")
        expected = _read(written)
    assert _read(written) == expected


def _read(written: str) -> str:
    try:
        return normalise_phone(written)
    except UserError:
        return "none"
