"""The figures of a report, counted in one pass over each kind of row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Subquery,
    bindparam,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from core.areas import within
from core.database import UnitOfWork
from ivr.campaigns.model import Campaign, Target
from tracing.reports.asked import Asked
from tracing.reports.figures import FIGURES, Figure, Source
from tracing.reports.places import REST
from tracing.reports.sources import condition_of, rows_of

Value = float | None
# Written out: PostgreSQL has to see that what is selected is what is grouped by.
_REST: ColumnElement[str] = literal_column(f"'{REST}'")


@dataclass(frozen=True, slots=True)
class Report:
    """Figures by key: of everything, of each day, of each part of the area (a path, or `rest`), of each disease, and of
    each part on each day. Days and parts in which nothing was counted are missing. A count is a whole number, a median
    hours, or None where there is nobody to take it of."""

    total: dict[str, Value] = field(default_factory=dict)
    days: dict[date, dict[str, Value]] = field(default_factory=dict)
    parts: dict[str, dict[str, Value]] = field(default_factory=dict)
    diseases: dict[str, dict[str, Value]] = field(default_factory=dict)
    part_days: dict[tuple[str, date], dict[str, Value]] = field(default_factory=dict)


def count(uow: UnitOfWork, asked: Asked, sources: Iterable[Source] | None = None) -> Report:
    """All figures of the sources (all of them by default)."""
    report = Report(total={figure.key: None if figure.median else 0 for figure in FIGURES})
    for source in sources or [each for each in Source if each is not Source.TARGETS]:
        _count(uow, asked, [figure for figure in FIGURES if figure.source == source], report)
    return report


def count_one(uow: UnitOfWork, asked: Asked, figure: Figure) -> int:
    """How many rows the figure counts; of a median, of how many it is one."""
    rows = rows_of(figure.source, asked).subquery("counted")
    return uow.session.scalar(select(func.count()).select_from(rows).where(condition_of(figure.key, rows))) or 0


def _count(uow: UnitOfWork, asked: Asked, figures: Sequence[Figure], report: Report) -> None:
    """One pass: PostgreSQL counts by day, part and disease, and these are added up here. Of a median all values come
    along. (Grouping each way in PostgreSQL sorts all rows once for each way, because of the medians.) Parts on single
    days have no median."""
    rows = rows_of(figures[0].source, asked).subquery("counted")
    place = _places(asked.parts.part_of)
    part = func.coalesce(place.c.part, _REST)
    told = (
        select(rows.c.day, part, rows.c.disease, *(_value(figure, rows).label(figure.key) for figure in figures))
        .select_from(rows.outerjoin(place, place.c.path == rows.c.area))
        .group_by(rows.c.day, part, rows.c.disease)
    )
    found = [tuple(row) for row in uow.session.execute(told)]
    counted = [figure.key for figure in figures if not figure.median]
    columns = {figure.key: place for place, figure in enumerate(figures, start=3)}
    wanted = [columns[key] for key in counted]
    ways: Sequence[tuple[dict[Any, dict[str, Value]], list[Any]]] = (
        ({"": report.total}, [""] * len(found)),
        (report.days, [row[0] for row in found]),
        (report.parts, [row[1] for row in found]),
        (report.diseases, [row[2] or "" for row in found]),
        (report.part_days, [(row[1], row[0]) for row in found]),
    )
    numbers = np.array([[row[place] for place in wanted] for row in found], dtype=np.int64)
    for grouped, groups in ways:
        for group, sums in _sums(numbers, groups):
            grouped.setdefault(group, {}).update(zip(counted, sums, strict=True))
    for figure in figures:
        if figure.median:
            for grouped, groups in ways[:-1]:
                for group, middle in _medians([row[columns[figure.key]] for row in found], groups):
                    grouped[group][figure.key] = middle


def _sums(numbers: NDArray[np.int64], groups: Sequence[Any]) -> list[tuple[Any, list[int]]]:
    """The rows of each group, added up."""
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    sums = np.zeros((len(places), *numbers.shape[1:]), dtype=np.int64)
    if groups:
        np.add.at(sums, [places[group] for group in groups], numbers)
    return list(zip(places, sums.tolist(), strict=True))


def _medians(lists: Sequence[Sequence[float] | None], groups: Sequence[Any]) -> list[tuple[Any, float | None]]:
    """The median of all values of each group; None where there are none."""
    values: dict[Any, list[float]] = {}
    for some, group in zip(lists, groups, strict=True):
        values.setdefault(group, []).extend(some or ())
    return [(group, median(each) if each else None) for group, each in values.items()]


def _places(known: Mapping[str, str]) -> Any:
    pairs = func.unnest(
        bindparam(None, list(known), ARRAY(Text)), bindparam(None, list(known.values()), ARRAY(Text))
    ).table_valued(column("path", Text), column("part", Text))
    return pairs.render_derived(name="place")


def _value(figure: Figure, rows: Subquery) -> ColumnElement[Any]:
    if figure.median:
        values = rows.c[figure.key]
        return func.array_agg(values).filter(values.is_not(None))
    return func.count().filter(condition_of(figure.key, rows))


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign and its people by disposition, within an area."""

    id: UUID
    name: str
    kind: str
    state: str
    dispositions: Mapping[str, int]

    @property
    def targets(self) -> int:
        return sum(self.dispositions.values())


def dispositions(uow: UnitOfWork, area: str, campaigns: Sequence[UUID]) -> list[Standing]:
    """How the people of these campaigns who live in the area stand, in the order of the campaigns."""
    counted: dict[UUID, dict[str, int]] = {}
    for campaign, disposition, number in uow.session.execute(
        select(Target.campaign_id, Target.disposition, func.count())
        .where(Target.campaign_id.in_(campaigns), within(Target.area, area))
        .group_by(Target.campaign_id, Target.disposition)
        .order_by(Target.disposition)
    ):
        counted.setdefault(campaign, {})[disposition] = number
    known = {each.id: each for each in uow.session.scalars(select(Campaign).where(Campaign.id.in_(campaigns)))}
    return [
        Standing(each.id, each.name, each.kind, each.state, counted.get(each.id, {}))
        for each in (known[key] for key in campaigns if key in known)
    ]
