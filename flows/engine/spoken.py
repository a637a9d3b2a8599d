"""How values are said aloud: dates, times, digits, numbers and telephone numbers in each language. Pure, from tables.

`speak(value, say_as, language)` never raises: a value of another shape is said as it is written, one that is not there
as nothing. A new language is a new entry in `_LANGUAGES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any


@dataclass(frozen=True, slots=True)
class Spoken:
    """The tables of one language."""

    digits: tuple[str, ...]
    yes_no: tuple[str, str]
    date: Callable[[date], str]
    time: Callable[[time], str]
    number: Callable[[str], str]


_VI_ONES = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_EN_MONTHS = tuple(
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def vietnamese_number(n: int) -> str:
    """0 to 99 in words: 5 năm, 15 mười lăm, 21 hai mươi mốt, 24 hai mươi tư."""
    tens, ones = divmod(n, 10)
    if tens == 0:
        return _VI_ONES[ones]
    head = "mười" if tens == 1 else f"{_VI_ONES[tens]} mươi"
    if ones == 0:
        return head
    tail = {1: "một" if tens == 1 else "mốt", 4: "bốn" if tens == 1 else "tư", 5: "lăm"}.get(ones, _VI_ONES[ones])
    return f"{head} {tail}"


def _vietnamese_date(day: date) -> str:
    first_ten = "mùng " if day.day <= 10 else ""
    month = "tư" if day.month == 4 else vietnamese_number(day.month)
    return f"ngày {first_ten}{vietnamese_number(day.day)} tháng {month}"


def _vietnamese_time(at: time) -> str:
    return f"{at.hour} giờ {at.minute}" if at.minute else f"{at.hour} giờ"


def _english_time(at: time) -> str:
    hour = at.hour % 12 or 12
    half = "AM" if at.hour < 12 else "PM"
    return f"{hour}:{at.minute:02d} {half}" if at.minute else f"{hour} {half}"


def _korean_time(at: time) -> str:
    half = "오전" if at.hour < 12 else "오후"
    minutes = f" {at.minute}분" if at.minute else ""
    return f"{half} {at.hour % 12 or 12}시{minutes}"


_LANGUAGES: Mapping[str, Spoken] = {
    "vi": Spoken(
        _VI_ONES, ("có", "không"), _vietnamese_date, _vietnamese_time, lambda text: text.replace(".", " phẩy ")
    ),
    "en": Spoken(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        ("yes", "no"),
        lambda day: f"{day.day} {_EN_MONTHS[day.month - 1]}",
        _english_time,
        lambda text: text.replace(".", " point "),
    ),
    "ko": Spoken(
        ("공", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"),
        ("예", "아니요"),
        lambda day: f"{day.month}월 {day.day}일",
        _korean_time,
        lambda text: text.replace(".", " 점 "),
    ),
}


def _as_date(value: Any, words: Spoken) -> str:
    return words.date(date.fromisoformat(str(value)[:10]))


def _as_time(value: Any, words: Spoken) -> str:
    text = str(value)
    return words.time(time.fromisoformat(text[11:16] if "T" in text else text[:5]))


def _as_digits(value: Any, words: Spoken) -> str:
    """Sign by sign, so that it can be written down: digits in words, letters as they are, nothing else."""
    return " ".join(words.digits[int(s)] if s in "0123456789" else s for s in str(value) if s.isalnum())


def _as_phone(value: Any, words: Spoken) -> str:
    """A Vietnamese number as people write it, in groups: 0912 345 678."""
    text = str(value)
    digits = "".join(sign for sign in ("0" + text[3:] if text.startswith("+84") else text) if sign in "0123456789")
    groups = (digits[:4], digits[4:7], digits[7:])
    return ", ".join(_as_digits(group, words) for group in groups if group)


def _as_number(value: Any, words: Spoken) -> str:
    return words.number(f"{value:g}" if isinstance(value, int | float) else str(value))


_SAY_AS: Mapping[str, Callable[[Any, Spoken], str]] = {
    "date": _as_date,
    "time": _as_time,
    "digits": _as_digits,
    "phone": _as_phone,
    "number": _as_number,
}

SAY_AS = (*_SAY_AS, "language")
"""What may stand after the bar in `{path|…}`. `language` takes the call's language out of a mapping of languages."""


def speak(value: Any, say_as: str, language: str) -> str:
    """The words for a value. `say_as` is one of `SAY_AS`, or empty: text as it is, yes and no for booleans. Of a
    mapping of languages the call's language is taken."""
    if say_as in ("", "language") and isinstance(value, Mapping):
        value = value.get(language)
    if value is None:
        return ""
    words = _LANGUAGES.get(language, _LANGUAGES["en"])
    if isinstance(value, bool):
        return words.yes_no[0 if value else 1]
    render = _SAY_AS.get(say_as)
    if render is None:
        return str(value)
    try:
        return render(value, words)
    except (ValueError, IndexError):
        return str(value)
