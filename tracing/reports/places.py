"""The parts of an area that a report tells apart, and which part each row belongs to. Pure.

Rows carry paths of both systems of units (`core.country`). A report speaks in one of them: in the units since July
2025, or in those until June 2025 with their districts. A row belongs to the one part that holds it wholly. A row that
none holds (an old commune that was divided, a place known only roughly, or not at all) belongs to the **rest**. So the
parts and the rest always add up to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.country.areas import NEW, Unit, country, is_new

REST = "rest"
SYSTEMS = ("new", "old")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of `whole` by path, and for every known path inside it the part that holds it."""

    whole: str
    units: tuple[str, ...]
    part_of: Mapping[str, str]


@lru_cache(maxsize=256)
def parts_of(whole: str, system: str, province: str) -> Parts:
    """The parts of an area in the units of `system`: of the whole department (the empty path) and of a province
    its communes, or its districts; of a district its communes; of a commune none. `province` is the code of the
    department's own, since July 2025."""
    units = tuple(sorted(unit.path for unit in _parts(whole, system, province)))
    chosen = set(units)
    part_of = {}
    for unit in country():
        if country().holds(whole, unit.path):
            holder = next((path for path in country().holders(unit.path) if path in chosen), None)
            if holder is not None:
                part_of[unit.path] = holder
    return Parts(whole, units, part_of)


def _parts(whole: str, system: str, province: str) -> list[Unit]:
    own = f"{NEW}.{province}"
    start = country().unit(whole or own)
    if start is None or start.level == "commune":
        return []
    return _new_parts(start) if system == "new" else _old_parts(start)


def _new_parts(start: Unit) -> list[Unit]:
    """Communes since July 2025. Of an old unit those that lie wholly inside it."""
    if is_new(start.path):
        return country().children(start.path)
    inside = [unit for path in country().counterparts(start.path) if (unit := country().unit(path))]
    return [part for unit in inside for part in (country().children(unit.path) or [unit])]


def _old_parts(start: Unit) -> list[Unit]:
    """Districts until June 2025 of a province, of a province made of several all of theirs; communes of a district."""
    if not is_new(start.path):
        return country().children(start.path)
    return [part for before in country().predecessors(start.path) for part in country().children(before.path)]
