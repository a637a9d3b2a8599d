"""Vietnamese, as it is said in the north: linh, nghìn, mùng."""

from __future__ import annotations

from datetime import date, time

from flows.engine.languages.base import Spoken

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
# As codes are dictated (a biển số, a mã hẹn), not as children spell.
LETTERS = {
    "A": "a", "B": "bê", "C": "xê", "D": "đê", "E": "e", "F": "ép", "G": "giê", "H": "hát", "I": "i", "J": "gi",
    "K": "ca", "L": "e-lờ", "M": "em-mờ", "N": "en-nờ", "O": "o", "P": "pê", "Q": "quy", "R": "e-rờ", "S": "ét-sì",
    "T": "tê", "U": "u", "V": "vê", "W": "vê kép", "X": "ích-xì", "Y": "i dài", "Z": "dét", "Đ": "đê",
}  # fmt: skip
_SCALES = ("", "nghìn", "triệu", "tỷ")
LAST_OF_MUNG = 10
"""Days of the month up to here are `mùng`."""
APRIL = 4


def cardinal(n: int) -> str:
    """21 hai mươi mốt, 105 một trăm linh năm, 2026 hai nghìn không trăm hai mươi sáu."""
    if n == 0:
        return DIGITS[0]
    said: list[str] = []
    for power in range(len(_SCALES) - 1, -1, -1):
        group = n // 1000**power % 1000
        if group:
            # After a larger group, hundreds that are not there are said too: otherwise 1,005 would be heard as 1,500.
            said += [_below_thousand(group, whole=bool(said)), _SCALES[power]]
    return " ".join(word for word in said if word)


def _below_thousand(n: int, *, whole: bool) -> str:
    hundreds, rest = divmod(n, 100)
    if not hundreds and not whole:
        return _below_hundred(rest)
    head = f"{DIGITS[hundreds]} trăm"
    if rest == 0:
        return head
    if rest < 10:
        return f"{head} linh {'tư' if rest == 4 else DIGITS[rest]}"
    return f"{head} {_below_hundred(rest)}"


def _below_hundred(n: int) -> str:
    """15 mười lăm, 21 hai mươi mốt, 24 hai mươi tư: ones change their words by place."""
    tens, ones = divmod(n, 10)
    if tens == 0:
        return DIGITS[ones]
    head = "mười" if tens == 1 else f"{DIGITS[tens]} mươi"
    if ones == 0:
        return head
    changed = {5: "lăm"} if tens == 1 else {1: "mốt", 4: "tư", 5: "lăm"}
    return f"{head} {changed.get(ones, DIGITS[ones])}"


def _date(day: date) -> str:
    mung = "mùng " if day.day <= LAST_OF_MUNG else ""
    month = "tư" if day.month == APRIL else cardinal(day.month)
    return f"ngày {mung}{cardinal(day.day)} tháng {month}"


def _full_date(day: date) -> str:
    return f"{_date(day)} năm {cardinal(day.year)}"


def _time(at: time) -> str:
    if at.minute == 0:
        return f"{cardinal(at.hour)} giờ"
    # `tám giờ năm` could be eight o'clock in some year; `phút` makes it plain.
    return f"{cardinal(at.hour)} giờ {cardinal(at.minute)}{' phút' if at.minute < 10 else ''}"


SPOKEN = Spoken(
    digits=DIGITS,
    letters=LETTERS,
    yes_no=("có", "không"),
    minus="âm",
    point="phẩy",
    zero_in_fraction=DIGITS[0],
    plus="cộng",
    cardinal=cardinal,
    date=_date,
    full_date=_full_date,
    time=_time,
)
