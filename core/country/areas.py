"""Every province, district and commune by official code, what became of each in 2025, and which lies inside which.

Until 30 June 2025 there were provinces, districts and communes; since then there are provinces and communes. Codes were
given again: 79 was Ho Chi Minh City without Bình Dương, and is Ho Chi Minh City with it. So an area is named by its
**path**, never by its code alone: `79.769.26794` is codes from the province down, `2025.79.26824` the same in the new
system. No code has four digits, so a path says which system it belongs to, and two areas never share one.

Where a mapping is not one to one, **inside means wholly inside**: an old commune that was divided lies inside none of
the communes that took a part of it, only inside what holds all of them; a new commune made of two districts lies inside
neither. So nobody's rights grew by the mergers, and what lies on both sides of an old boundary is seen from above.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

NEW = "2025"
"""The first part of every path of the system in force since `MERGED_ON`."""
MERGED_ON = date(2025, 7, 1)
LAST_OLD_DAY = date(2025, 6, 30)

KINDS = {
    "Thành phố": "City",
    "Thị trấn": "Township",
    "Thị xã": "Town",
    "Phường": "Ward",
    "Xã": "Commune",
    "Huyện": "District",
    "Quận": "District",
    "Tỉnh": "Province",
    "Đặc khu": "Special Zone",
}
"""The word a name begins with, and what English puts behind it."""

_LEVELS = {2: "province", 3: "district", 5: "commune"}  # by digits of the code
_FILES = ("until_2025_06.csv", "since_2025_07.csv")


@dataclass(frozen=True, slots=True)
class Unit:
    """A province, district or commune of one of the two systems. `name` begins with its kind; `was` is the name until
    it became another kind of unit, with the same code (empty: never)."""

    path: str
    name: str
    was: str = ""

    @property
    def code(self) -> str:
        """The official code, which the other system may have given to another unit."""
        return self.path.rpartition(".")[2]

    @property
    def level(self) -> str:
        """`province`, `district` or `commune`."""
        return _LEVELS.get(len(self.code), "commune")

    @property
    def kind(self) -> str:
        """As Vietnamese says it: tỉnh, thành phố, quận, huyện, thị xã, xã, phường, thị trấn, đặc khu; or nothing."""
        return kind_of(self.name).lower()

    @property
    def parent(self) -> str:
        """The path of the unit that this one was made in; empty for a province."""
        above = self.path.rpartition(".")[0]
        return "" if above == NEW else above

    @property
    def since(self) -> date | None:
        """The first day; None for what was there before our data begin (1 January 2025)."""
        return MERGED_ON if is_new(self.path) else None

    @property
    def until(self) -> date | None:
        """The last day; None for a unit that is still there."""
        return None if is_new(self.path) else LAST_OLD_DAY


def kind_of(name: str) -> str:
    """The word of `KINDS` that the name begins with, or nothing."""
    return next((kind for kind in KINDS if name.startswith(f"{kind} ")), "")


def is_new(path: str) -> bool:
    """Whether the path belongs to the system in force since 1 July 2025."""
    return path.startswith(f"{NEW}.")


def above(path: str) -> Iterator[str]:
    """The path and those of the units above it in its own system, the province last."""
    while path and path != NEW:
        yield path
        path = path.rpartition(".")[0]


class Areas:
    """The units of both systems and how they lie in each other."""

    def __init__(self, units: Iterable[Unit], became: Iterable[tuple[str, str]]) -> None:
        """`became` pairs each smallest old unit with a new commune that took all or a part of it."""
        self._units = {unit.path: unit for unit in units}
        # A piece of ground is where one of the smallest old units and a new commune meet. A unit's ground is its
        # pieces, named by the other system's side of them.
        met: dict[str, set[str]] = defaultdict(set)
        for old, new in became:
            for one in above(old):
                met[one].add(new)
            for one in above(new):
                met[one].add(old)
        self._ground = {path: tuple(sorted(pieces)) for path, pieces in met.items()}

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units.values())

    def unit(self, path: str) -> Unit | None:
        """The unit of this path."""
        return self._units.get(path)

    def by_code(self, code: str) -> list[Unit]:
        """Every unit that has or had this code: one, or one of each system, the old one first."""
        return list(self._by_code.get(code, ()))

    @cached_property
    def _by_code(self) -> dict[str, list[Unit]]:
        return _grouped(self, lambda unit: unit.code)

    def children(self, path: str) -> list[Unit]:
        """The units directly inside this one, in its own system; of the empty path, the provinces of both."""
        return list(self._children.get(path, ()))

    @cached_property
    def _children(self) -> dict[str, list[Unit]]:
        return _grouped(self, lambda unit: unit.parent)

    def successors(self, path: str) -> list[Unit]:
        """What took an old unit over: communes for a commune, provinces for a province, and for a district, which has
        no successor of its own, communes. Several when it was divided. Nothing for a new unit."""
        return [] if is_new(path) else self._met(path)

    def predecessors(self, path: str) -> list[Unit]:
        """The old units that a new one holds all or a part of: communes (and island districts, which had none), or for
        a province provinces."""
        return self._met(path) if is_new(path) else []

    def _met(self, path: str) -> list[Unit]:
        unit = self._units.get(path)
        pieces: Iterable[str] = self._ground.get(path, ())
        if unit is not None and unit.level == "province":
            pieces = sorted({list(above(piece))[-1] for piece in pieces})
        return [self._units[piece] for piece in pieces]

    def holds(self, outer: str, inner: str) -> bool:
        """Whether the area `inner` lies wholly inside the area `outer`, of whichever system each is. The empty path is
        the whole country. What is in neither system lies where its path says: in the nearest area above that is."""
        if outer == "" or within(outer, inner):
            return True
        if is_new(outer) == is_new(inner):
            return False
        ground = self._around(inner)
        return ground != () and all(within(outer, piece) for piece in ground)

    def counterparts(self, path: str) -> tuple[str, ...]:
        """The fewest paths of the other system whose areas are all that lies wholly inside this one."""
        touched = {one for piece in self._ground.get(path, ()) for one in above(piece)}
        inside = {one for one in touched if self.holds(path, one)}
        return tuple(sorted(one for one in inside if one.rpartition(".")[0] not in inside))

    def holders(self, path: str) -> tuple[str, ...]:
        """The paths of both systems whose areas hold all of this one, itself among them."""
        touched = {one for piece in self._around(path) for one in above(piece)}
        return tuple(sorted({*above(path), *(one for one in touched if self.holds(one, path))}))

    def _around(self, path: str) -> tuple[str, ...]:
        """The ground of the area, or of the nearest one above it that is known."""
        return next((self._ground[one] for one in above(path) if one in self._ground), ())


def within(outer: str, inner: str) -> bool:
    """Whether the path `inner` is `outer` or goes on from it."""
    return inner == outer or inner.startswith(f"{outer}.")


@cache
def country() -> Areas:
    """Viet Nam, the old system first, each by path. Read once in a process: 14,149 units in a tenth of a second."""
    old, new = (_rows(name) for name in _FILES)
    new_path = {path.rpartition(".")[2]: path for path, _, _ in new}
    became = [(path, new_path[code]) for path, _, codes in old for code in codes.split()]
    return Areas([*(Unit(path, name) for path, name, _ in old), *(Unit(*row) for row in new)], became)


def _rows(name: str) -> list[list[str]]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    next(rows)  # the header
    return list(rows)


def _grouped(units: Iterable[Unit], key: Callable[[Unit], str]) -> dict[str, list[Unit]]:
    groups: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        groups[key(unit)].append(unit)
    return groups
