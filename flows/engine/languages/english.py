"""English, for people who may have learned it late: nothing that is heard two ways, no `12 AM`."""

from __future__ import annotations

from datetime import date, time

from flows.engine.languages.base import Spoken

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", "thousand", "million", "billion")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
}  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
NOON, EVENING = 12, 18


def cardinal(n: int) -> str:
    """105 one hundred and five, 2026 two thousand and twenty-six."""
    if n == 0:
        return DIGITS[0]
    groups = [(n // 1000**power % 1000, _SCALES[power]) for power in range(len(_SCALES) - 1, -1, -1)]
    said = [f"{_below_thousand(group)} {scale}".rstrip() for group, scale in groups if group]
    last = n % 1000
    if n > 1000 and 0 < last < 100:
        said[-1] = f"and {said[-1]}"
    return " ".join(said)


def _below_thousand(n: int) -> str:
    hundreds, rest = divmod(n, 100)
    if not hundreds:
        return _below_hundred(rest)
    head = f"{DIGITS[hundreds]} hundred"
    return f"{head} and {_below_hundred(rest)}" if rest else head


def _below_hundred(n: int) -> str:
    if n < 10:
        return DIGITS[n]
    if n < 20:
        return _TEENS[n - 10]
    tens, ones = divmod(n, 10)
    return f"{_TENS[tens]}-{DIGITS[ones]}" if ones else _TENS[tens]


def ordinal(n: int) -> str:
    """The day of a month: 1 first, 22 twenty-second."""
    head, dash, last = _below_hundred(n).rpartition("-")
    return f"{head}{dash}{_ORDINALS.get(last, f'{last}th')}"


def year(n: int) -> str:
    """1984 nineteen eighty-four, 2005 two thousand and five, 2026 twenty twenty-six."""
    century, rest = divmod(n, 100)
    if not 1000 <= n < 10_000 or (century % 10 == 0 and rest < 10):
        return cardinal(n)
    if rest == 0:
        return f"{_below_hundred(century)} hundred"
    return f"{_below_hundred(century)} {'oh ' if rest < 10 else ''}{_below_hundred(rest)}"


def _date(day: date) -> str:
    return f"the {ordinal(day.day)} of {_MONTHS[day.month - 1]}"


def _full_date(day: date) -> str:
    return f"{_date(day)}, {year(day.year)}"


def _time(at: time) -> str:
    hour = _below_hundred(at.hour % 12 or 12)
    if at.minute == 0 and at.hour % 12 == 0:
        return f"{hour} {'noon' if at.hour else 'midnight'}"
    minutes = f" {'oh ' if at.minute < 10 else ''}{_below_hundred(at.minute)}" if at.minute else " o'clock"
    return f"{hour}{minutes} {_part_of_day(at.hour)}"


def _part_of_day(hour: int) -> str:
    if hour == 0:
        return "at night"
    if hour < NOON:
        return "in the morning"
    return "in the afternoon" if hour < EVENING else "in the evening"


SPOKEN = Spoken(
    digits=DIGITS,
    letters={},
    yes_no=("yes", "no"),
    minus="minus",
    point="point",
    zero_in_fraction=DIGITS[0],
    plus="plus",
    cardinal=cardinal,
    date=_date,
    full_date=_full_date,
    time=_time,
)
