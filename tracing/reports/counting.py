"""The figures of a report, counted in one pass over each kind of row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from core.areas import within
from core.database import UnitOfWork
from ivr.campaigns.model import Campaign, Target
from tracing.reports.asked import Asked
from tracing.reports.figures import FIGURES, Figure, Source
from tracing.reports.grouping import REST_NUMBER, Groups, Numbers, groups_of
from tracing.reports.places import REST
from tracing.reports.sources import condition_of, rows_of

Value = float | None


@dataclass(frozen=True, slots=True)
class Report:
    """Figures by key: of everything, of each day, of each part of the area (a path, or `rest`), of each disease. Days
    and parts in which nothing was counted are missing. A count is a whole number, a median hours, or None where there
    is nobody to take it of."""

    total: dict[str, Value] = field(default_factory=dict)
    days: dict[date, dict[str, Value]] = field(default_factory=dict)
    parts: dict[str, dict[str, Value]] = field(default_factory=dict)
    diseases: dict[str, dict[str, Value]] = field(default_factory=dict)
    part_days: list[PartDays] = field(default_factory=list)

    def days_of(self, part: str) -> dict[date, dict[str, Value]]:
        """The days of one part, without medians."""
        days: dict[date, dict[str, Value]] = {}
        for counted in self.part_days:
            counted.add_days_of(part, days)
        return days

    def parts_on(self, day: date) -> dict[str, dict[str, Value]]:
        """The parts on one day, without medians."""
        parts: dict[str, dict[str, Value]] = {}
        for counted in self.part_days:
            counted.add_parts_on(day, parts)
        return parts


@dataclass(frozen=True, slots=True)
class PartDays:
    """Counts of each part on each day, of one kind of row. There are thousands of them and a page shows a few, so they
    stay numbers until they are asked for."""

    since: date
    units: Sequence[str]
    keys: Sequence[str]
    found: Groups

    def add_days_of(self, part: str, days: dict[date, dict[str, Value]]) -> None:
        number = REST_NUMBER if part == REST else self.units.index(part)
        chosen = self.found.parts == number
        for day, sums in _sums(self.found.counts[chosen], self.found.days[chosen]):
            days.setdefault(self.since + timedelta(days=day), {}).update(zip(self.keys, sums, strict=True))

    def add_parts_on(self, day: date, parts: dict[str, dict[str, Value]]) -> None:
        chosen = self.found.days == (day - self.since).days
        for part, sums in _sums(self.found.counts[chosen], self.found.parts[chosen]):
            path = REST if part == REST_NUMBER else self.units[part]
            parts.setdefault(path, {}).update(zip(self.keys, sums, strict=True))


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
    along. (Grouping each way in PostgreSQL sorts all rows once for each way, because of the medians.)"""
    counted = [figure for figure in figures if not figure.median]
    middle = next((figure for figure in figures if figure.median), None)
    found = groups_of(uow, asked, counted, middle)
    if found is None:
        return
    keys = [figure.key for figure in counted]
    names, units = sorted(set(found.diseases)), asked.parts.units
    at = {name: place for place, name in enumerate(names)}
    diseases = np.array([at[name] for name in found.diseases])
    ways: Sequence[tuple[dict[Any, dict[str, Value]], Numbers, Callable[[int], Any]]] = (
        ({None: report.total}, np.zeros_like(found.days), lambda _: None),
        (report.days, found.days, lambda day: asked.since + timedelta(days=day)),
        (report.parts, found.parts, lambda part: REST if part == REST_NUMBER else units[part]),
        (report.diseases, diseases, lambda disease: names[disease]),
    )
    for grouped, groups, key_of in ways:
        for group, sums in _sums(found.counts, groups):
            grouped.setdefault(key_of(group), {}).update(zip(keys, sums, strict=True))
        if middle is not None:
            medians = _medians(found.values, groups[found.of])
            for group in np.unique(groups).tolist():
                grouped[key_of(group)][middle.key] = medians.get(group)
    report.part_days.append(PartDays(asked.since, units, keys, found))


def _sums(counts: Numbers, groups: Numbers) -> list[tuple[int, list[int]]]:
    """The rows of each group, added up."""
    if not groups.size:  # of nothing there is no sum, which numpy does not know
        return []
    order = np.argsort(groups, kind="stable")
    found, first = np.unique(groups[order], return_index=True)
    return list(zip(found.tolist(), np.add.reduceat(counts[order], first, axis=0).tolist(), strict=True))


def _medians(values: NDArray[np.float64], groups: Numbers) -> dict[int, float]:
    """The median of the values of each group that has any; `groups` says of each value whose it is."""
    order = np.lexsort((values, groups))
    found, first, many = np.unique(groups[order], return_index=True, return_counts=True)
    middles = (values[order][first + (many - 1) // 2] + values[order][first + many // 2]) / 2
    return dict(zip(found.tolist(), middles.tolist(), strict=True))


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
