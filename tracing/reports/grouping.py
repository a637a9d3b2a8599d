"""The rows of one kind counted by day, place and disease: what PostgreSQL does of a report.

At the height of a wave there are thousands of such groups. To make as many rows of Python's own took longer than to
count them, so they come as one: texts full of numbers, which numpy reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Date, Integer, cast, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import NullType, Text

from core.database import UnitOfWork
from tracing.reports.asked import Asked
from tracing.reports.figures import Figure
from tracing.reports.sources import condition_of, rows_of

Numbers = NDArray[np.int64]
REST_NUMBER = -1


@dataclass(frozen=True, slots=True)
class Groups:
    """For each group its day (0 is the first that is asked for), its part (the place in `asked.parts.units`, or
    `REST_NUMBER`), its disease (calls: empty) and the counts, a column for each figure. There may be several groups of
    one day, part and disease. `values` are those of a median, group by group, and `of` says the group of each."""

    days: Numbers
    parts: Numbers
    diseases: Sequence[str]
    counts: Numbers
    values: NDArray[np.float64]
    of: Numbers


def groups_of(uow: UnitOfWork, asked: Asked, counted: Sequence[Figure], middle: Figure | None) -> Groups | None:
    """Count the figures, which are of one kind of row, and collect the values of `middle`. None if there is no row."""
    rows = rows_of((*counted, *([middle] if middle else []))[0].source, asked).subquery("counted")
    # Only bytes have to be told apart, which takes half as long as words of a language. (And PostgreSQL sorts the rows
    # as soon as it is to collect values, so it is not asked to where there is no median.)
    area = rows.c.area.collate("C")
    values = func.array_to_string(func.array_agg(rows.c[middle.key]), " ") if middle else literal_column("''")
    groups = (
        select(
            rows.c.day,
            area.label("area"),
            func.coalesce(rows.c.disease, "").label("disease"),
            values.label("values"),
            (func.count(rows.c[middle.key]) if middle else literal_column("0")).label("valued"),
            *(func.count().filter(condition_of(figure.key, rows)).label(figure.key) for figure in counted),
        )
        .group_by(rows.c.day, area, rows.c.disease)
        .subquery("grouped")
    )
    day, place = groups.c.day - cast(asked.since, Date), _places(asked)
    line = [
        day,
        func.coalesce(place.c.part, REST_NUMBER),
        groups.c.valued,
        *(groups.c[figure.key] for figure in counted),
    ]
    # All three are collected in the same order, that in which the groups come.
    numbers, diseases, medians = uow.session.execute(
        select(
            func.string_agg(func.concat_ws(" ", *line), " "),
            func.array_agg(groups.c.disease, type_=NullType),
            func.string_agg(func.nullif(groups.c["values"], ""), " "),
        ).select_from(groups.outerjoin(place, place.c.path == groups.c.area))
    ).one()
    if numbers is None:
        return None
    found = np.fromstring(numbers, dtype=np.int64, sep=" ").reshape(-1, len(line))
    return Groups(
        days=found[:, 0],
        parts=found[:, 1],
        diseases=diseases,
        counts=found[:, 3:],
        values=np.fromstring(medians or "", dtype=np.float64, sep=" "),
        of=np.repeat(np.arange(len(found)), found[:, 2]),
    )


def _places(asked: Asked) -> Any:
    """Every known path within what is asked for, with the number of the part that holds it. Both go as one text each:
    an array of hundreds is written element by element."""
    number = {path: at for at, path in enumerate(asked.parts.units)}
    known = asked.parts.part_of
    paths, parts = " ".join(known), " ".join(str(number[holder]) for holder in known.values())
    pairs = func.unnest(
        func.string_to_array(paths, " "), cast(func.string_to_array(parts, " "), ARRAY(Integer))
    ).table_valued(column("path", Text), column("part", Integer))
    return pairs.render_derived(name="place")
