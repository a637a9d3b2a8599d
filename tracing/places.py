"""Administrative areas in lists and in the database: seeded by official code, found by code or by name.

The codes and names in `tracing/areas/` are those of the General Statistics Office of Vietnam
(danhmuchanhchinh.gso.gov.vn) as of 4 January 2025, the last list with districts: since 1 July 2025 provinces are
divided into communes only.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.areas import Area, holds
from core.database import UnitOfWork
from tracing.names import plain

FOLDER = Path(__file__).parent / "areas"
_KINDS = {
    "Thành phố": "City",
    "Thị trấn": "Township",
    "Thị xã": "Town",
    "Phường": "Ward",
    "Xã": "Commune",
    "Huyện": "District",
    "Quận": "District",
    "Tỉnh": "Province",
}
_PREFIXES = (*(f"{plain(kind)} " for kind in _KINDS), "tp ", "tx ", "tt ", "p ", "x ", "h ")


@dataclass(frozen=True, slots=True)
class Place:
    """An area: `path` is the codes from the province down, `38.380.14761`."""

    path: str
    kind: str
    name: str

    @property
    def code(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def name_en(self) -> str:
        """The name without diacritics and with the kind behind it: `Ham Rong Ward`."""
        for kind, english in _KINDS.items():
            if self.name.startswith(f"{kind} "):
                return f"{plain(self.name.removeprefix(kind)).title()} {english}"
        return plain(self.name).title()


class Gazetteer:
    """Finds areas by what people write: a code, or a name with or without its kind and diacritics."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._by_code: dict[str, Place] = {}
        self._by_name: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            self._by_code[place.code.lstrip("0")] = place
            self._by_name[_bare(place.name)].append(place)

    def find(self, text: str, within: str = "", kinds: tuple[str, ...] = ("commune",)) -> list[Place]:
        """Every area of `kinds` inside the area `within` that the text may mean; codes may lack leading zeros."""
        written = text.strip().removesuffix(".0")
        if written.isdigit():
            place = self._by_code.get(written.lstrip("0"))
            found = [place] if place else []
        else:
            found = self._by_name.get(_bare(written), [])
            exact = [place for place in found if plain(place.name) == plain(written)]
            found = exact or found
        return [place for place in found if place.kind in kinds and holds(within, place.path)]


def known_places() -> list[Place]:
    """Every area that comes with Traceline."""
    places = []
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            places += [Place(row["path"], row["kind"], row["name"]) for row in csv.DictReader(file)]
    return places


def seed_areas(uow: UnitOfWork) -> int:
    """Put the areas that come with Traceline into the database; returns how many were not there."""
    rows = [
        {"path": place.path, "code": place.code, "kind": place.kind, "name_vi": place.name, "name_en": place.name_en}
        for place in known_places()
    ]
    added = uow.session.execute(insert(Area).values(rows).on_conflict_do_nothing().returning(Area.path))
    return len(added.all())


def load_gazetteer(uow: UnitOfWork) -> Gazetteer:
    """The areas of the database."""
    return Gazetteer(Place(area.path, area.kind, area.name_vi) for area in uow.session.scalars(select(Area)))


def _bare(name: str) -> str:
    """The name without its kind. A name that is nothing but a kind and a number keeps both."""
    words = plain(name)
    for prefix in _PREFIXES:
        if words.startswith(prefix) and not words.removeprefix(prefix).isdigit():
            return words.removeprefix(prefix)
    return words
