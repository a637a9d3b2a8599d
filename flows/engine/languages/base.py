"""What a language has to know to say values, and what languages have in common."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LARGEST = 10**12
"""Numbers from here on are said digit by digit."""
_NUMBER = re.compile(r"([-−]?)(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One language. `letters` are the names of letters as codes are dictated; `digits` those of telephone numbers and
    codes; `cardinal` says 0 to 999,999,999,999."""

    digits: tuple[str, ...]
    letters: Mapping[str, str]
    yes_no: tuple[str, str]
    minus: str
    point: str
    zero_in_fraction: str
    plus: str
    cardinal: Callable[[int], str]
    date: Callable[[datetime.date], str]
    full_date: Callable[[datetime.date], str]
    time: Callable[[datetime.time], str]

    def number(self, text: str) -> str:
        """A number as it is written, `-37.50`, in words; the fraction digit by digit. Raises ValueError."""
        match = _NUMBER.fullmatch(text)
        if match is None:
            raise ValueError("this is not a number")
        sign, whole, fraction = match.groups()
        said = [self.minus] if sign else []
        said.append(self.cardinal(int(whole)) if int(whole) < LARGEST else " ".join(self.digits[int(d)] for d in whole))
        if fraction:
            tail = (self.zero_in_fraction if digit == "0" else self.digits[int(digit)] for digit in fraction)
            said += [self.point, *tail]
        return " ".join(said)
