"""The areas of a department: seeded by official code, found in lists by code or by name.

What units there are stands in `core.country`, from the official lists of both systems ([docs/areas.md]).
"""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from core.areas import Area
from core.country.areas import NEW, Unit, country
from core.database import UnitOfWork
from core.errors import UserError
from tracing.areas.gazetteer import Gazetteer, name_en

THANH_HOA = "38"


def units_of(province: str) -> list[Unit]:
    """Every unit of the province of this official code, with those of before July 2025 on its ground: by path."""
    new = country().unit(f"{NEW}.{province}")
    if new is None or new.level != "province":
        raise UserError(
            f"No province has the code {province!r}.",
            "Write the two digits that it has had since July 2025, as 38.",
        )
    units = [*country().predecessors(new.path), new]
    for unit in units:  # grows while it is walked
        units += country().children(unit.path)
    return sorted(units, key=lambda unit: unit.path)


def seed_areas(uow: UnitOfWork, province: str = THANH_HOA) -> int:
    """Put the areas of the province into the database, and what the lists say of them now; returns how many were not
    there."""
    rows = [
        {
            "path": unit.path,
            "code": unit.code,
            "kind": unit.level,
            "name_vi": unit.name,
            "name_en": name_en(unit),
            "counterparts": list(country().counterparts(unit.path)),
        }
        for unit in units_of(province)
    ]
    known = set(uow.session.scalars(select(Area.path)))
    told = insert(Area).values(rows)
    told = told.on_conflict_do_update(
        index_elements=[Area.path],
        set_={name: told.excluded[name] for name in ("name_vi", "name_en", "counterparts")},
        where=or_(Area.name_vi != told.excluded.name_vi, Area.counterparts != told.excluded.counterparts),
    )
    uow.session.execute(told)
    return len({str(row["path"]) for row in rows} - known)


def load_gazetteer(uow: UnitOfWork) -> Gazetteer:
    """The areas of the database, and by full name those of the whole country."""
    areas = uow.session.execute(select(Area.path, Area.name_vi))
    return Gazetteer(country().unit(path) or Unit(path, name) for path, name in areas)
