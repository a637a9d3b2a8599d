"""How alike two descriptions of people are, and why: what speaks for one person, and what against it.

`compare` is a function of values. Each sign (telephone number, name, birth year, area, sex) gives points; their sum
gives a degree, and the signs are kept, for whoever decides wants to see them. Families share telephones and thousands
share a name, so no sign is enough by itself: with differing names there is no likeness at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from core.areas import holds
from tracing.people.names import plain, tidy


class Degree(IntEnum):
    """How likely it is one person. Lists are merged by themselves only where it is `CERTAIN`; a person decides about
    the others."""

    UNLIKELY = 0
    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


class Sign(StrEnum):
    """What was found when two descriptions were compared."""

    SAME_PHONE = "same_phone"
    OTHER_PHONE = "other_phone"
    SAME_NAME = "same_name"
    OTHER_MARKS = "other_marks"  # Hoàng Phú, Hoàng Phụ: another name, or a slip
    OTHER_ORDER = "other_order"
    INITIALS = "initials"
    ONE_LETTER = "one_letter"
    SHORT_NAME = "short_name"  # one leaves words out: Nguyễn An, Nguyễn Văn An
    OTHER_NAME = "other_name"
    NO_NAME = "no_name"  # somebody of whom only the number is known
    SAME_YEAR = "same_year"
    NEAR_YEAR = "near_year"
    OTHER_YEAR = "other_year"
    NO_YEAR = "no_year"
    SAME_AREA = "same_area"
    INSIDE_AREA = "inside_area"
    OTHER_AREA = "other_area"
    OTHER_PROVINCE = "other_province"
    SAME_SEX = "same_sex"
    OTHER_SEX = "other_sex"


POINTS: dict[Sign, int] = {
    Sign.SAME_PHONE: 35,
    Sign.OTHER_PHONE: -5,
    Sign.SAME_NAME: 40,
    Sign.OTHER_ORDER: 38,
    Sign.ONE_LETTER: 28,
    Sign.OTHER_MARKS: 25,
    Sign.INITIALS: 25,
    Sign.SHORT_NAME: 15,
    Sign.OTHER_NAME: -100,
    Sign.NO_NAME: 20,
    Sign.SAME_YEAR: 15,
    Sign.NEAR_YEAR: 5,
    Sign.NO_YEAR: 0,
    Sign.OTHER_YEAR: -20,
    Sign.SAME_AREA: 8,
    Sign.INSIDE_AREA: 6,
    Sign.OTHER_AREA: 0,
    Sign.OTHER_PROVINCE: -8,
    Sign.SAME_SEX: 2,
    Sign.OTHER_SEX: -25,
}
LIKELY_FROM = 70
POSSIBLE_FROM = 55


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of somebody: number as E.164, area as a path; empty or None is unknown."""

    phone: str
    name: str
    birth_year: int | None = None
    area: str = ""
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two are: the points behind the degree, and the signs, strongest first."""

    degree: Degree
    points: int
    signs: tuple[Sign, ...]

    @property
    def spoken_for(self) -> tuple[Sign, ...]:
        return tuple(sign for sign in self.signs if POINTS[sign] > 0 and sign is not Sign.NO_NAME)

    @property
    def spoken_against(self) -> tuple[Sign, ...]:
        return tuple(sign for sign in self.signs if POINTS[sign] < 0 or sign in _DOUBTS)


# They take no points away, and still whoever decides should see them.
_DOUBTS = {Sign.OTHER_MARKS, Sign.ONE_LETTER, Sign.NEAR_YEAR, Sign.OTHER_AREA}


def compare(one: Described, other: Described) -> Likeness:
    """How alike the two are. The order of the two makes no difference."""
    signs = [
        Sign.SAME_PHONE if one.phone and one.phone == other.phone else Sign.OTHER_PHONE,
        compare_names(one.name, other.name),
        compare_years(one.birth_year, other.birth_year),
        *_compare_areas(one.area, other.area),
        *_compare_sexes(one.sex, other.sex),
    ]
    points = sum(POINTS[sign] for sign in signs)
    if is_certain(signs):
        degree = Degree.CERTAIN
    elif points >= LIKELY_FROM:
        degree = Degree.LIKELY
    elif points >= POSSIBLE_FROM:
        degree = Degree.POSSIBLE
    else:
        degree = Degree.UNLIKELY
    return Likeness(degree, points, tuple(sorted(signs, key=lambda sign: (-abs(POINTS[sign]), sign))))


def is_certain(signs: Collection[Sign]) -> bool:
    """The rule by which lists are merged: one number, one name without diacritics, no other birth year."""
    return (
        Sign.SAME_PHONE in signs
        and (Sign.SAME_NAME in signs or Sign.OTHER_MARKS in signs)
        and not {Sign.OTHER_YEAR, Sign.NEAR_YEAR}.intersection(signs)
    )


def compare_years(one: int | None, other: int | None) -> Sign:
    if one is None or other is None:
        return Sign.NO_YEAR
    # People count their years from the lunar new year, and papers are a year off.
    return {0: Sign.SAME_YEAR, 1: Sign.NEAR_YEAR}.get(abs(one - other), Sign.OTHER_YEAR)


def compare_names(one: str, other: str) -> Sign:
    """How two names differ, without diacritics and case."""
    first, second = plain(one), plain(other)
    if not first or not second:
        return Sign.NO_NAME
    if first == second:
        # Who wrote no diacritics says nothing against those of the other.
        written = {tidy(one).casefold(), tidy(other).casefold()}
        return Sign.SAME_NAME if len(written) == 1 or first in map(plain_case, (one, other)) else Sign.OTHER_MARKS
    words, others = first.split(), second.split()
    if sorted(words) == sorted(others):
        return Sign.OTHER_ORDER
    if _are_initials(words, others):
        return Sign.INITIALS
    if one_letter_apart(first, second):
        return Sign.ONE_LETTER
    if _leaves_out(words, others) or _leaves_out(others, words):
        return Sign.SHORT_NAME
    return Sign.OTHER_NAME


def plain_case(name: str) -> str:
    """The name in lower case and with single spaces, diacritics kept."""
    return tidy(name).casefold()


def one_letter_apart(one: str, other: str) -> bool:
    """Whether one slip makes the one from the other: a letter more, less, another, or two neighbours swapped."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    at = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return swapped or one[at + 1 :] == other[at + 1 :]


def _are_initials(words: list[str], others: list[str]) -> bool:
    """`N. V. An` and `Nguyễn Văn An`: every word is the other or its first letter, and one word at least is whole."""
    if len(words) != len(others) or not any(a == b and len(a) > 1 for a, b in zip(words, others, strict=True)):
        return False
    return all(a == b or (1 in (len(a), len(b)) and a[0] == b[0]) for a, b in zip(words, others, strict=True))


def _leaves_out(short: list[str], long: list[str]) -> bool:
    """Whether two words or more of a name are all in the longer one, family name or given name among them."""
    missing = Counter(short) - Counter(long)
    return len(short) >= 2 and len(short) < len(long) and not missing and short[-1] == long[-1]


def _compare_areas(one: str, other: str) -> list[Sign]:
    if not one or not other:
        return []
    if one == other:
        return [Sign.SAME_AREA]
    if holds(one, other) or holds(other, one):
        return [Sign.INSIDE_AREA]
    return [Sign.OTHER_AREA if _province(one) == _province(other) else Sign.OTHER_PROVINCE]


def _province(path: str) -> str:
    """The two digits of the province. Provinces that were merged since differ by them: no harm, they are far apart."""
    return path.removeprefix("2025.").split(".")[0]


def _compare_sexes(one: str | None, other: str | None) -> list[Sign]:
    if not one or not other:
        return []
    return [Sign.SAME_SEX if one == other else Sign.OTHER_SEX]
