"""Made-up contacts for the demo and the tests: the same seed gives the same people. Nobody in here exists."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from core.clock import SystemClock
from core.country.areas import Unit, is_new
from ivr.simulator.people import SimPerson
from tracing.areas.places import THANH_HOA, units_of

_FAMILY_NAMES = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Vũ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Ngô",
    "Dương",
    "Lý",
    "Trịnh",
    "Mai",
)
_MIDDLE = {"male": ("Văn", "Đức", "Hữu", "Minh", "Quốc"), "female": ("Thị", "Ngọc", "Thu", "Thanh", "Kim")}
_GIVEN = {
    "male": (
        "An",
        "Bình",
        "Cường",
        "Dũng",
        "Hải",
        "Hùng",
        "Khánh",
        "Long",
        "Nam",
        "Phúc",
        "Quân",
        "Sơn",
        "Tuấn",
        "Việt",
    ),
    "female": (
        "Anh",
        "Chi",
        "Dung",
        "Hà",
        "Hằng",
        "Hương",
        "Lan",
        "Liên",
        "Mai",
        "Nga",
        "Nhung",
        "Oanh",
        "Thảo",
        "Yến",
    ),
}
_ENGLISH = {
    "male": ("James Carter", "Oliver Reed", "Daniel Brooks", "Thomas Hill", "Peter Walsh", "Samuel Grant"),
    "female": ("Emily Stone", "Grace Turner", "Hannah Price", "Laura Bennett", "Alice Morgan", "Ruth Parker"),
}
_KOREAN_FAMILY = ("김", "이", "박", "최", "정", "강", "조", "윤")
_KOREAN_GIVEN = {
    "male": ("민준", "서준", "도윤", "지호", "현우", "준서", "건우"),
    "female": ("서연", "지우", "하은", "수빈", "지민", "예은", "채원"),
}
_PREFIXES = ("032", "035", "038", "070", "077", "079", "083", "085", "090", "091", "093", "097", "098")
_STREETS = ("Lê Lợi", "Trần Phú", "Quang Trung", "Nguyễn Trãi", "Hạc Thành", "Bà Triệu", "Đinh Công Tráng")
_VENUES = ("Chợ Vườn Hoa", "Bến xe phía Bắc", "Siêu thị Co.opmart", "Khu công nghiệp Lễ Môn", "Trường học", "Đám cưới")
_SEX_WORDS = {"male": "Nam", "female": "Nữ"}
_HEADER = (
    *("STT", "Họ và tên", "Số điện thoại", "Năm sinh", "Giới tính", "Địa chỉ", "Mã huyện", "Mã xã"),
    *("Ngày tiếp xúc", "Nơi tiếp xúc", "Mã ca bệnh (F0)", "Loại (F1/F2)", "Ngôn ngữ"),
)
_DEFAULT_LANGUAGES: Mapping[str, int] = {"vi": 8, "en": 1, "ko": 1}


@dataclass(frozen=True, slots=True)
class SampleContact:
    """One made-up contact. `phone` is E.164; `area` is the path of a commune of Thanh Hóa as it was until June 2025."""

    name: str
    phone: str
    birth_year: int
    sex: str
    language: str
    area: str
    address: str
    exposed_on: date
    exposure_place: str
    source_case: str
    generation: int


def sample_contacts(
    count: int, today: date, seed: int = 1, languages: Mapping[str, int] | None = None
) -> list[SampleContact]:
    """`count` contacts, each with a number of their own. `languages` are weights by language."""
    random = Random(seed)  # noqa: S311 - made-up people, not secrets
    communes = [unit for unit in units_of(THANH_HOA) if unit.level == "commune" and not is_new(unit.path)]
    weights = languages or _DEFAULT_LANGUAGES
    phones: set[str] = set()
    return [_contact(random, today, communes, weights, _phone(random, phones)) for _ in range(count)]


def sample_csv(contacts: Sequence[SampleContact]) -> bytes:
    """The contacts as a list that a health station would send: Vietnamese headers, local numbers, dates with the day
    first, and the byte-order mark that spreadsheets write."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for number, contact in enumerate(contacts, start=1):
        writer.writerow(
            [
                number,
                contact.name,
                _as_written(contact.phone),
                contact.birth_year,
                _SEX_WORDS[contact.sex],
                contact.address,
                *contact.area.split(".")[1:],
                f"{contact.exposed_on:%d/%m/%Y}",
                contact.exposure_place,
                contact.source_case,
                f"F{contact.generation}",
                contact.language,
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def list_of(people: Sequence[SimPerson]) -> bytes:
    """Simulated people as the list that a health station would send."""
    contacts = sample_contacts(len(people), SystemClock().now().date())
    return sample_csv(
        [
            replace(contact, name=p.name, phone=p.phone, birth_year=p.birth_year, language=p.language)
            for contact, p in zip(contacts, people, strict=True)
        ]
    )


def _contact(
    random: Random, today: date, communes: Sequence[Unit], languages: Mapping[str, int], phone: str
) -> SampleContact:
    sex = random.choice(("male", "female"))
    language = random.choices(list(languages), list(languages.values()))[0]
    commune = random.choice(communes)
    return SampleContact(
        name=_name(random, language, sex),
        phone=phone,
        birth_year=random.randint(today.year - 85, today.year - 18),
        sex=sex,
        language=language,
        area=commune.path,
        address=f"{random.randint(1, 200)} {random.choice(_STREETS)}, {commune.name}",
        exposed_on=today - timedelta(days=random.randint(1, 7)),
        exposure_place=random.choice(_VENUES),
        source_case=f"BN{random.randint(1, 12):05d}",
        generation=random.choices((1, 2), (3, 1))[0],
    )


def _name(random: Random, language: str, sex: str) -> str:
    if language == "ko":
        return random.choice(_KOREAN_FAMILY) + random.choice(_KOREAN_GIVEN[sex])
    if language == "en":
        return random.choice(_ENGLISH[sex])
    return f"{random.choice(_FAMILY_NAMES)} {random.choice(_MIDDLE[sex])} {random.choice(_GIVEN[sex])}"


def _phone(random: Random, taken: set[str]) -> str:
    while True:
        phone = f"+84{random.choice(_PREFIXES)[1:]}{random.randint(0, 9_999_999):07d}"
        if phone not in taken:
            taken.add(phone)
            return phone


def _as_written(phone: str) -> str:
    """`+84912345678` as `0912 345 678`."""
    local = "0" + phone.removeprefix("+84")
    return f"{local[:4]} {local[4:7]} {local[7:]}"
