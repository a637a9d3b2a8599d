"""Phone numbers: read in the ways people write them, kept as E.164."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers import timezone

from core.errors import UserError

# A number that a spreadsheet took for a decimal one.
_DECIMAL = re.compile(r"(\d{9,11})\.0")
_BETWEEN = str.maketrans("", "", " .-")
_TELEPHONES = frozenset(
    {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
)


def normalise_phone(text: str, country: str = "VN") -> str:
    """The number as E.164 (`+84912345678`).

    Accepts what lists in Vietnam hold: `0912 345 678`, `84912345678`, `+84 (0)912-345-678`, `912345678` (the leading
    zero that a spreadsheet took away), `912345678.0`, and the invisible marks that come along from an address book.
    Raises UserError for what is no possible number.
    """
    visible = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    cleaned = visible.strip().lstrip("'").replace("(0)", "")
    if decimal := _DECIMAL.fullmatch(cleaned):
        cleaned = decimal[1]
    if country == "VN" and (national := _mobile(cleaned)):
        return f"+84{national}"
    digits = "".join(c for c in cleaned if c.isdigit())
    candidates = [cleaned]
    if country == "VN" and not cleaned.lstrip("( ").startswith(("+", "0")):
        candidates = [f"+{digits}"] if digits.startswith("84") and len(digits) > 9 else [f"0{digits}"]
    for candidate in candidates:
        try:
            number = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise UserError(f"{text!r} is not a phone number.", "Write it as 0912345678 or +84912345678.")


def _mobile(written: str) -> str:
    """The number without its zero, if it is a Vietnamese mobile number as nearly all of a list are: the numbering plan
    of `phonenumbers` asked directly, a tenth of the cost of its parser. Empty for anything else."""
    plain = written.translate(_BETWEEN)
    if len(plain) != 10 or plain[0] != "0" or not (plain.isascii() and plain.isdecimal()):
        return ""
    patterns = _mobile_patterns()
    return plain[1:] if patterns and all(pattern.fullmatch(plain[1:]) for pattern in patterns) else ""


@cache
def _mobile_patterns() -> tuple[re.Pattern[str], ...]:
    plan = phonenumbers.PhoneMetadata.metadata_for_region("VN")
    kinds = (plan.general_desc, plan.mobile) if plan is not None else ()
    return tuple(re.compile(kind.national_number_pattern or "(?!)") for kind in kinds if kind is not None)


def is_ordinary(number: str, countries: Collection[str] = ("VN",)) -> bool:
    """Whether an E.164 number is that of a mobile or fixed telephone in one of the countries: ringing it costs what a
    call costs, and nobody earns by it."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.region_code_for_number(parsed) in countries and phonenumbers.number_type(parsed) in _TELEPHONES


def zone_of_number(number: str) -> str | None:
    """The time zone of an E.164 number, as its country and area code say it; None when they leave several, or say
    nothing."""
    zones = timezone.time_zones_for_number(phonenumbers.parse(number))
    return zones[0] if len(zones) == 1 and zones[0] in _known_zones() else None


@cache
def _known_zones() -> set[str]:
    return available_timezones()


def mask_phone(number: str) -> str:
    """The number with its middle hidden, for people who may not see it: `+8491•••678`."""
    return f"{number[:5]}•••{number[-3:]}" if len(number) > 8 else "•••"
