"""Areas found by what people write: a path, a code, or a name with or without its kind, its diacritics and what it
lies in.

Both systems are searched at once, for a list seldom says which it was written in. Where the answer is an old unit and a
new one that holds all of it, the new one is right whatever was meant; otherwise whoever asked gets every candidate.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

from core.country.areas import KINDS, Unit, above, country, is_new, kind_of, within
from tracing.people.names import plain, tidy

_SHORT = {
    "Thành phố": ("tp",),
    "Thị trấn": ("tt",),
    "Thị xã": ("tx",),
    "Phường": ("p",),
    "Xã": ("x",),
    "Huyện": ("h",),
    "Quận": ("q",),
    "Tỉnh": (),
    "Đặc khu": ("dk",),
}
_BEGINNINGS = {short: kind for kind in KINDS for short in (plain(kind), *_SHORT[kind])}
_ALSO = {  # what no rule makes of the name
    "hcm": "ho chi minh",
    "tphcm": "ho chi minh",
    "hn": "ha noi",
    "brvt": "ba ria vung tau",
    "thua thien hue": "hue",
}
_JOINED = re.compile(r"(p|q|tp|tx|tt|x|h)(\d+)")
_NUMBER = re.compile(r"0*(\d+)")
_PATH = re.compile(r"\d{2,4}(\.\d{2,5})+")
_NOT_WORD = re.compile(r"[^\w]+|_+")
_TONES = "\u0300\u0301\u0303\u0309\u0323"


class Gazetteer:
    """Finds areas among those of `home`, the province or provinces that a department works for, and by full name with
    the province behind it anywhere in the country."""

    def __init__(self, home: Iterable[Unit]) -> None:
        self._by_path: dict[str, Unit] = {}
        self._by_code: dict[str, list[Unit]] = defaultdict(list)
        self._by_name: dict[str, list[Unit]] = defaultdict(list)
        for unit in home:
            self._by_path[unit.path] = unit
            self._by_code[unit.code.lstrip("0")].append(unit)
            self._by_name[_reading(unit.name)[1]].append(unit)
        self._found = lru_cache(maxsize=20_000)(self._search)  # lists name the same communes again and again

    def find(self, text: str, inside: str = "", levels: Sequence[str] = ("commune",)) -> list[Unit]:
        """Every area of `levels` that the text may mean, inside the area `inside` of the same system: one, if it is
        sure. Codes may lack leading zeros. Only if there is none, a new commune on the ground of `inside` counts: many
        name districts that are no more."""
        return list(self._found(tidy(text).removesuffix(".0"), inside, tuple(levels)))

    def _search(self, written: str, inside: str, levels: tuple[str, ...]) -> list[Unit]:
        found = [unit for unit in self._meant(written) if unit.level in levels]
        if not found and "," in written and self is not whole_country():
            found = [unit for unit in whole_country()._meant(written) if unit.level in levels]
        strictly = [unit for unit in found if inside == "" or within(inside, unit.path)]
        return _sure(strictly or [unit for unit in found if _touches(unit, inside)])

    def _meant(self, written: str) -> list[Unit]:
        if _PATH.fullmatch(written):
            unit = self._by_path.get(written) or country().unit(written)
            return [unit] if unit else []
        if written.isdecimal():
            return self._by_code.get(written.lstrip("0"), [])
        name, *parents = (part for part in written.split(",") if part.strip()) if plain(written) else [""]
        found = self._named(name)
        strictly = [unit for unit in found if _in_order(parents, list(above(unit.path))[1:])]
        return strictly or [unit for unit in found if _in_order(parents, _ground(unit))]

    def _named(self, name: str) -> list[Unit]:
        """Those of this name; of them those with its diacritics, if it has any; of them those of its kind, if it says
        one."""
        found: dict[str, Unit] = {}
        kinds = set()
        for kind, bare in _readings(name):
            for unit in self._by_name.get(bare, ()):
                found[unit.path] = unit
                kinds.add(kind)
        units = list(found.values())
        marked = _marked(name)
        if marked != plain(name):
            units = [unit for unit in units if marked.endswith(_marked(_without_kind(unit.name)))] or units
        return [unit for unit in units if kinds & {kind_of(unit.name), kind_of(unit.was)} - {""}] or units


@cache
def whole_country() -> Gazetteer:
    """Every area there is. Made when somebody first asks for one elsewhere: it takes a fifth of a second."""
    return Gazetteer(country())


def described(unit: Unit) -> str:
    """The area with its path and what it lies in, as a candidate is shown: `38.380.14755 Phường Hàm Rồng, Thành phố
    Thanh Hóa, Tỉnh Thanh Hóa`."""
    names = (known.name for path in above(unit.path) if (known := country().unit(path)))
    return f"{unit.path} {', '.join(names) or unit.name}"


def name_en(unit: Unit) -> str:
    """The name without diacritics and with the kind behind it: `Ham Rong Ward`."""
    kind = kind_of(unit.name)
    return f"{plain(_without_kind(unit.name)).title()} {KINDS.get(kind, '')}".rstrip()


def _sure(found: list[Unit]) -> list[Unit]:
    """The one that holds all others of its level, if there is one: whatever was meant lies in it. Of two that hold each
    other, the one that still exists."""
    for unit in sorted(found, key=lambda unit: not is_new(unit.path)):
        if all(unit.level == other.level and country().holds(unit.path, other.path) for other in found):
            return [unit]
    return found


def _touches(unit: Unit, area: str) -> bool:
    """Whether a new unit has ground in the old area."""
    return is_new(unit.path) and any(within(area, old.path) for old in country().predecessors(unit.path))


def _ground(unit: Unit) -> list[str]:
    """The districts and provinces that a new unit was made of, with its own province."""
    if not is_new(unit.path):
        return []
    old = {path for made_of in country().predecessors(unit.path) for path in list(above(made_of.path))[1:]}
    return sorted(old, reverse=True) + list(above(unit.path))[1:]


def _in_order(parents: Sequence[str], paths: Sequence[str]) -> bool:
    """Whether every parent that was written names one of the areas around, going outwards."""
    rest: Iterator[str] = iter(paths)
    return all(any(_is_called(path, parent) for path in rest) for parent in parents)


def _is_called(path: str, written: str) -> bool:
    unit = country().unit(path)
    if unit is None:
        return False
    kind, bare = _reading(unit.name)
    kinds = ("", kind, kind_of(unit.was))
    return any(read == bare and said in kinds for said, read in _readings(written))


def _without_kind(name: str) -> str:
    return name.removeprefix(f"{kind_of(name)} ")


def _readings(written: str) -> set[tuple[str, str]]:
    """What a name may be taken for: whole (`Xa Dung` is a name), as a kind with a name behind it, as short for one."""
    kind, bare = _reading(written)
    words = plain(written)
    return {("", _ALSO.get(words, words)), (kind, _ALSO.get(bare, bare))}


def _reading(written: str) -> tuple[str, str]:
    """The kind, or nothing, and the name that is compared. A number alone is no name: `Phường 1` keeps its kind."""
    words = plain(written)
    if joined := _JOINED.fullmatch(words):
        words = f"{joined[1]} {joined[2]}"
    for beginning, kind in _BEGINNINGS.items():
        rest = words.removeprefix(f"{beginning} ")
        if rest != words:
            number = _NUMBER.fullmatch(rest)
            return kind, f"{plain(kind)} {number[1]}" if number else rest
    return "", words


def _marked(name: str) -> str:
    """The name with its diacritics, each tone behind its syllable: `Hòa` and `Hoà` are one name."""
    syllables = []
    for syllable in _NOT_WORD.split(unicodedata.normalize("NFC", name).casefold()):
        letters = unicodedata.normalize("NFD", syllable)
        tone = "".join(c for c in letters if c in _TONES)
        syllables.append("".join(c for c in letters if c not in _TONES) + tone)
    return " ".join(syllables).strip()
