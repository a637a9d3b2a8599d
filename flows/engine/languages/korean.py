"""Korean: dates, minutes and numbers in Sino-Korean words, hours in native ones."""

from __future__ import annotations

from datetime import date, time

from flows.engine.languages.base import Spoken

DIGITS = ("공", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
# E and O alone are heard as the digits 2 and 5.
LETTERS = {
    "A": "에이", "B": "비", "C": "씨", "D": "디", "E": "알파벳 이", "F": "에프", "G": "지", "H": "에이치", "I": "아이",
    "J": "제이", "K": "케이", "L": "엘", "M": "엠", "N": "엔", "O": "알파벳 오", "P": "피", "Q": "큐", "R": "알",
    "S": "에스", "T": "티", "U": "유", "V": "브이", "W": "더블유", "X": "엑스", "Y": "와이", "Z": "제트",
}  # fmt: skip
_ZERO = "영"
_HOURS = ("열두", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한")
_MONTHS = {6: "유월", 10: "시월"}
_PLACES = ((1000, "천"), (100, "백"), (10, "십"))
_SCALES = ("", "만", "억")
NOON = 12


def cardinal(n: int) -> str:
    """11 십일, 105 백오, 10000 만, 2026 이천이십육: a one before 십, 백, 천 and a leading 만 is not said."""
    if n == 0:
        return _ZERO
    groups = [(n // 10_000**power % 10_000, _SCALES[power]) for power in range(len(_SCALES) - 1, -1, -1)]
    said = [f"{_below_ten_thousand(group)}{scale}" for group, scale in groups if group]
    return " ".join(said).removeprefix("일") if said[0] == "일만" else " ".join(said)


def _below_ten_thousand(n: int) -> str:
    said = ""
    for place, name in _PLACES:
        count, n = divmod(n, place)
        if count:
            said += name if count == 1 else DIGITS[count] + name
    return said + (DIGITS[n] if n else "")


def _date(day: date) -> str:
    month = _MONTHS.get(day.month) or f"{cardinal(day.month)}월"
    return f"{month} {cardinal(day.day)}일"


def _full_date(day: date) -> str:
    return f"{cardinal(day.year)}년 {_date(day)}"


def _time(at: time) -> str:
    minutes = f" {cardinal(at.minute)} 분" if at.minute else ""
    return f"{_part_of_day(at.hour)} {_HOURS[at.hour % 12]} 시{minutes}"


def _part_of_day(hour: int) -> str:
    if hour % 12 == 0:  # `오전 열두 시` is heard as noon by some and as midnight by others
        return "낮" if hour else "밤"
    return "오전" if hour < NOON else "오후"


SPOKEN = Spoken(
    digits=DIGITS,
    letters=LETTERS,
    yes_no=("예", "아니요"),
    minus="마이너스",
    point="점",
    zero_in_fraction=_ZERO,
    plus="플러스",
    cardinal=cardinal,
    date=_date,
    full_date=_full_date,
    time=_time,
)
