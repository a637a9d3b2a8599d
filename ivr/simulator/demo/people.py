"""The people of the demo, and the list of them as a health department would send it: CSV out of a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from ivr.simulator.people import SimPerson

_HEADERS = (
    "Họ và tên",
    "Số điện thoại",
    "Năm sinh",
    "Ngôn ngữ",
    "Xã/phường",
    "Ngày tiếp xúc",
    "Nơi tiếp xúc",
    "Mã ca bệnh (F0)",
    "Loại (F1/F2)",
)
_LANGUAGES = {"vi": "tiếng Việt", "en": "tiếng Anh", "ko": "tiếng Hàn"}
_PLACES = ("Chợ Vườn Hoa", "Công ty may Hoàng Long", "Quán cà phê Mây", "Xe khách Hà Nội - Thanh Hóa")


def contacts_csv(people: Sequence[SimPerson], communes: Sequence[str], today: date) -> bytes:
    """The list in Excel's own UTF-8 (with its mark), numbers as people write them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_HEADERS)
    for index, person in enumerate(people):
        exposed = today - timedelta(days=2 + index % 5)
        writer.writerow(
            [
                person.name,
                _as_written(person.phone, index),
                person.birth_year,
                _LANGUAGES[person.language],
                communes[index % len(communes)],
                exposed.strftime("%d/%m/%Y"),
                _PLACES[index % len(_PLACES)],
                f"TH-{1000 + index // 8}",
                "F1" if index % 3 else "F2",
            ]
        )
    return out.getvalue().encode("utf-8-sig")


def _as_written(number: str, index: int) -> str:
    """Three of the ways in which one number stands in lists."""
    national = "0" + number.removeprefix("+84")
    return (national, f"{national[:4]} {national[4:7]} {national[7:]}", number)[index % 3]
