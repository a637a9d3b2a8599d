"""How values are said aloud: dates, times, digits, numbers, names and telephone numbers in each language. Pure.

`speak(value, say_as, language)` never raises: a value of another shape is said as it is written; one that is not there,
or is many (a list, names with values), as nothing. A new language is a module in `flows.engine.languages` and a line in
`_LANGUAGES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

from flows.engine.languages import english, korean, vietnamese
from flows.engine.languages.base import Spoken

_LANGUAGES: Mapping[str, Spoken] = {"vi": vietnamese.SPOKEN, "en": english.SPOKEN, "ko": korean.SPOKEN}

ONE_BREATH = 4
"""Digits that are said without a pause; longer runs go in groups of three, as people dictate them."""
_HOME = "+84"
_TWO_CITIES = ("024", "028")
"""Hà Nội and Hồ Chí Minh City: their area codes have three digits, all others four."""
_RUNS = re.compile(r"[0-9]+|[^\W\d_]+")
_ASIDE = re.compile(r"\([^)]*\)")


def _as_date(value: Any, words: Spoken) -> str:
    return words.date(_day(value))


def _as_full_date(value: Any, words: Spoken) -> str:
    return words.full_date(_day(value))


def _day(value: Any) -> date:
    return date.fromisoformat(str(value)[:10])


def _as_time(value: Any, words: Spoken) -> str:
    text = str(value)
    return words.time(time.fromisoformat(text[11:16] if "T" in text else text[:5]))


def _as_digits(value: Any, words: Spoken) -> str:
    """Sign by sign, so that it can be written down: letters by their names, digits in groups, nothing else."""
    said: list[str] = []
    for run in _RUNS.findall(str(value)):
        said += [_signs(group, words) for group in _groups(run)] if run.isdecimal() else [_signs(run, words)]
    return ", ".join(said)


def _signs(run: str, words: Spoken) -> str:
    return " ".join(words.digits[int(s)] if s.isdecimal() else words.letters.get(s.upper(), s) for s in run)


def _groups(digits: str) -> list[str]:
    """In threes, the last group one longer rather than a single digit."""
    if len(digits) <= ONE_BREATH:
        return [digits]
    cut = 3 * (len(digits) // 3) - (3 if len(digits) % 3 == 1 else 0)
    return [digits[at : at + 3] for at in range(0, cut, 3)] + ([digits[cut:]] if digits[cut:] else [])


def _as_phone(value: Any, words: Spoken) -> str:
    """As people write it: 0912 345 678; 0237 385 0115; 024 3846 2222; 1900 9095; a foreign one with its country."""
    text = str(value)
    home = "0" + text.removeprefix(_HOME) if text.startswith(_HOME) else text
    digits = "".join(sign for sign in home if sign in "0123456789")
    said = ", ".join(_signs(group, words) for group in _phone_groups(digits) if group)
    return f"{words.plus} {said}" if home.startswith("+") else said


def _phone_groups(digits: str) -> list[str]:
    if digits.startswith("0"):
        code = 3 if digits.startswith(_TWO_CITIES) else 4
        middle = len(digits) - 4 if len(digits) > 10 else code + 3
        return [digits[:code], digits[code:middle], digits[middle:]]
    if len(digits) == 2 * ONE_BREATH:
        return [digits[:ONE_BREATH], digits[ONE_BREATH:]]
    return _groups(digits)


def _as_number(value: Any, words: Spoken) -> str:
    if isinstance(value, float):
        return words.number(f"{value:.6f}".rstrip("0").rstrip("."))
    return words.number(str(value))


def _as_name(value: Any, words: Spoken) -> str:
    """A name from a list: without what was noted beside it, and not in capitals, which a voice would spell out."""
    name = " ".join(_ASIDE.sub(" ", str(value)).split())
    return name.title() if name.isupper() or name.islower() else name


_SAY_AS: Mapping[str, Callable[[Any, Spoken], str]] = {
    "date": _as_date,
    "full_date": _as_full_date,
    "time": _as_time,
    "digits": _as_digits,
    "phone": _as_phone,
    "number": _as_number,
    "name": _as_name,
}

SAY_AS = (*_SAY_AS, "language")
"""What may stand after the bar in `{path|…}`. `language` takes the call's language out of a mapping of languages."""


def speak(value: Any, say_as: str, language: str) -> str:
    """The words for a value. `say_as` is one of `SAY_AS`, or empty: text as it is, yes and no for booleans. Of a
    mapping of languages the call's language is taken."""
    if say_as in ("", "language") and isinstance(value, Mapping):
        value = value.get(language)
    if value is None or isinstance(value, Mapping | list | tuple):
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
