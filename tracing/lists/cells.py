"""Reading one cell of a list: dates, years, sex, language, as people in Vietnam write them. Pure.

Each function takes the cell's text, tidied and not empty, and raises `Unreadable` with the key of a message.
"""

from __future__ import annotations

import re
from datetime import date

from core.errors import UserError
from core.phones import normalise_phone
from tracing.people.names import plain

LONGEST = 500
_DAY_FIRST = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{2}|\d{4})(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_EXPONENT = re.compile(r"\d(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
# What a spreadsheet leaves in a cell whose formula has failed.
FORMULA_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
_SEXES = {
    "male": ("nam", "m", "male", "남", "남성"),
    "female": ("nu", "f", "female", "여", "여성"),
    "other": ("khac", "other", "o"),
}
_LANGUAGES = {
    "vi": ("vi", "vn", "viet", "tieng viet", "viet nam", "vietnamese"),
    "en": ("en", "anh", "tieng anh", "english"),
    "ko": ("ko", "kr", "han", "tieng han", "han quoc", "korean", "한국어"),
}


class Unreadable(Exception):
    """The cell cannot be used; `key` names the message."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def read_name(text: str) -> str:
    if not any(c.isalpha() for c in text):
        raise Unreadable("name")
    return text


def read_phone(text: str) -> str:
    if _EXPONENT.fullmatch(text):
        raise Unreadable("phone_exponent")
    try:
        return normalise_phone(text)
    except UserError as error:
        raise Unreadable("phone") from error


def read_date(text: str, today: date) -> date:
    """Day before month, `23/11/2026`, or ISO; a time behind it is dropped. Never after today."""
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()
        if len(year) == 2:
            raise Unreadable("date_short_year")
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month, day = match.groups()
    else:
        raise Unreadable("date_number" if text.isdigit() else "date")
    try:
        read = date(int(year), int(month), int(day))
    except ValueError as error:
        raise Unreadable("date") from error
    if read > today:
        raise Unreadable("date_future")
    if read.year < 1900:
        raise Unreadable("date")
    return read


def read_birth_year(text: str, today: date) -> int:
    """A year, or the year of a date of birth."""
    year = text.removesuffix(".0")
    if year.isdecimal() and len(year) == 4:
        if not 1900 <= int(year) <= today.year:
            raise Unreadable("birth")
        return int(year)
    try:
        return read_date(text, today).year
    except Unreadable as error:
        raise Unreadable("birth") from error


def read_sex(text: str) -> str:
    return _one_of(_SEXES, text, "sex")


def read_language(text: str) -> str:
    return _one_of(_LANGUAGES, text, "language")


def read_generation(text: str) -> int:
    """F1 is 1, F2 is 2, …; a case itself (F0) does not belong on this list."""
    match = re.fullmatch(r"[fF]?\s*(\d)", text)
    if match is None:
        raise Unreadable("generation")
    if match[1] == "0":
        raise Unreadable("generation_case")
    return int(match[1])


def _one_of(words: dict[str, tuple[str, ...]], text: str, key: str) -> str:
    written = plain(text)
    for value, spellings in words.items():
        if written in spellings:
            return value
    raise Unreadable(key)
