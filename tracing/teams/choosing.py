"""Which team a contact goes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from core.areas import around
from core.country.areas import country

_LEVELS = {"province": 1, "district": 2, "commune": 3}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An active team that may get a contact; `load` is how many contacts it follows up."""

    id: UUID
    name: str
    area: str
    load: int


def nearest(candidates: Iterable[Candidate], area: str) -> Candidate | None:
    """The team for a contact who lives in `area`: of those whose area holds it, the one with the smallest area, then
    the one with the least load, then by name.

    None when no team's area holds it: whoever works elsewhere may not see this contact, so the work would be lost with
    them. The empty area (nobody knows where) is held only by teams of the whole department.
    """
    holders = set(around(area))
    near = [team for team in candidates if team.area in holders]
    return min(near, key=lambda team: (-depth(team.area), team.load, team.name, team.id), default=None)


def depth(area: str) -> int:
    """How small an area is: 0 for the whole department, 1 for a province, 2 for a district, 3 for a commune. The same
    for both systems of areas."""
    if area == "":
        return 0
    unit = country().unit(area)
    return _LEVELS[unit.level] if unit else area.count(".") + 1
