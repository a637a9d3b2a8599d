"""The columns of a list of contacts: which of ours each header means, however it is written.

Headers are compared without diacritics, case and punctuation, so `Số điện thoại`, `SO DIEN THOAI` and `so_dien_thoai`
are one. What stands in brackets is left out when the whole is not known: `Mã ca bệnh (F0)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tracing.people.names import plain, tidy

NAMES: Mapping[str, tuple[str, ...]] = {
    "name": (
        *("họ tên", "họ và tên", "tên", "họ tên người tiếp xúc", "họ và tên người tiếp xúc"),
        *("name", "full name", "contact name"),
    ),
    "phone": (
        *("số điện thoại", "điện thoại", "sđt", "sdt", "đt", "số đt", "di động", "số di động", "đtdđ"),
        *("phone", "phone number", "telephone", "mobile", "tel"),
    ),
    "birth": (
        *("năm sinh", "ngày sinh", "ngày tháng năm sinh", "ns", "sinh năm"),
        *("birth year", "year of birth", "date of birth", "birth date", "dob", "yob"),
    ),
    "sex": ("giới tính", "giới", "phái", "sex", "gender"),
    "address": ("địa chỉ", "địa chỉ nơi ở", "nơi ở", "nơi ở hiện tại", "chỗ ở", "số nhà", "address"),
    "area": (
        *("mã xã", "xã", "xã phường", "phường xã", "phường", "xã phường thị trấn", "mã xã phường", "mã địa bàn"),
        *("commune", "commune code", "ward", "area", "area code"),
    ),
    "district": ("huyện", "quận huyện", "huyện thị xã thành phố", "mã huyện", "district", "district code"),
    "province": ("tỉnh", "tỉnh thành", "tỉnh thành phố", "mã tỉnh", "province", "province code"),
    "exposed_on": (
        *("ngày tiếp xúc", "ngày tiếp xúc cuối", "ngày tiếp xúc cuối cùng", "ngày tx"),
        *("exposure date", "date of exposure", "last contact date", "exposed on"),
    ),
    "exposure_place": (
        *("nơi tiếp xúc", "địa điểm tiếp xúc", "chỗ tiếp xúc"),
        *("exposure place", "place of exposure", "place"),
    ),
    "source_case": (
        *("mã ca bệnh", "ca bệnh", "mã f0", "f0", "mã bn", "bệnh nhân", "mã bệnh nhân", "tiếp xúc với"),
        *("source case", "case", "case code", "index case"),
    ),
    "generation": ("loại", "loại tiếp xúc", "phân loại", "f", "type", "generation", "contact type"),
    "language": ("ngôn ngữ", "tiếng", "language", "lang"),
}
REQUIRED = ("name", "phone")
# What a column is called when we tell people about it.
LABELS: Mapping[str, Mapping[str, str]] = {
    "name": {"vi": "Họ tên", "en": "Name"},
    "phone": {"vi": "Số điện thoại", "en": "Phone"},
    "birth": {"vi": "Năm sinh", "en": "Birth year"},
    "sex": {"vi": "Giới tính", "en": "Sex"},
    "address": {"vi": "Địa chỉ", "en": "Address"},
    "area": {"vi": "Mã xã", "en": "Commune"},
    "district": {"vi": "Huyện", "en": "District"},
    "province": {"vi": "Tỉnh", "en": "Province"},
    "exposed_on": {"vi": "Ngày tiếp xúc", "en": "Exposure date"},
    "exposure_place": {"vi": "Nơi tiếp xúc", "en": "Exposure place"},
    "source_case": {"vi": "Mã ca bệnh (F0)", "en": "Source case"},
    "generation": {"vi": "Loại (F1, F2)", "en": "Type (F1, F2)"},
    "language": {"vi": "Ngôn ngữ", "en": "Language"},
}

_BY_HEADER = {plain(header): column for column, headers in NAMES.items() for header in headers}
_BRACKETS = re.compile(r"\([^)]*\)|\[[^]]*\]")


Assigned: TypeAlias = Mapping[str, str]
"""What somebody has said of a source's headers: which of ours each is, "" for none of them."""
NOTHING_ASSIGNED: Assigned = {}


@dataclass(frozen=True, slots=True)
class Header:
    """The header row read: our column by position, headers that mean nothing to us, columns that came twice, and
    required ones that are missing."""

    columns: Mapping[int, str]
    ignored: tuple[str, ...]
    twice: tuple[str, ...]
    missing: tuple[str, ...]
    width: int


def column_of(header: str, mapping: Assigned = NOTHING_ASSIGNED) -> str | None:
    """Our column for a header: as somebody has assigned it, else as its name says; None when it means nothing to us."""
    assigned = mapping.get(tidy(header))
    if assigned is not None:
        return assigned or None
    return _BY_HEADER.get(plain(header)) or _BY_HEADER.get(plain(_BRACKETS.sub(" ", header)))


def is_header(cells: Sequence[str], mapping: Assigned = NOTHING_ASSIGNED) -> bool:
    """Whether a row names all that is required: titles and notes above the header do not."""
    return not read_header(cells, mapping).missing


def read_header(cells: Sequence[str], mapping: Assigned = NOTHING_ASSIGNED) -> Header:
    """What the header row means."""
    columns: dict[int, str] = {}
    ignored, twice = [], []
    for position, cell in enumerate(cells):
        column = column_of(cell, mapping)
        if column is None:
            if cell.strip():
                ignored.append(tidy(cell))
        elif column in columns.values():
            twice.append(tidy(cell))
        else:
            columns[position] = column
    missing = tuple(column for column in REQUIRED if column not in columns.values())
    return Header(columns, tuple(ignored), tuple(twice), missing, len(cells))
