"""The rows behind a figure: exactly those that it counts, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, cast, func, null, select, true, tuple_
from sqlalchemy.types import DateTime, Double, Integer, Text, Uuid

from core.areas import within
from core.database import UnitOfWork
from ivr.calls.model import Call
from ivr.campaigns.model import Target
from tracing.people.model import Person
from tracing.reports.asked import Asked
from tracing.reports.figures import Figure, Source
from tracing.reports.sources import AnySelect, condition_of, rows_of

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Behind:
    """One row: `id` is that of the case, contact, visit, call or target that was counted, `at` when it was reported,
    planned, dialed or put on the list. `state` is the row's own word: classification, follow-up status, result, end,
    disposition. `call_id` is the call that decided it or came of it, `hours` for the median of hours."""

    id: UUID
    at: datetime | date
    area: str
    disease: str
    person_id: UUID | None
    name: str
    birth_year: int | None
    number: str
    state: str
    generation: int | None
    called_at: datetime | None
    call_id: UUID | None
    hours: float | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of rows; `older` is the key that the next page begins below, None on the last."""

    rows: Sequence[Behind]
    older: str | None


def rows_behind(uow: UnitOfWork, asked: Asked, figure: Figure, before: str = "", size: int = PAGE_SIZE) -> Listed:
    """What the figure counts, of the days, area, part and disease that are asked for."""
    rows = rows_of(figure.source, asked).subquery("counted")
    query: AnySelect = select(*rows.c).where(condition_of(figure.key, rows))
    bound = _bound(before, figure.source)
    if bound is not None:
        query = query.where(tuple_(rows.c.at, rows.c.id) < bound)
    query = query.order_by(rows.c.at.desc(), rows.c.id.desc()).limit(size + 1)
    return _listed(uow, query, size)


def targets_behind(
    uow: UnitOfWork, area: str, campaign_id: UUID, disposition: str, before: str = "", size: int = PAGE_SIZE
) -> Listed:
    """The people of a campaign's list with this disposition (empty: all) who live in the area."""
    query: AnySelect = select(
        Target.id,
        Target.added_at.label("at"),
        Target.area,
        Target.person_id,
        Target.disposition.label("state"),
        Target.id.label("target_id"),
    ).where(Target.campaign_id == campaign_id, within(Target.area, area))
    if disposition:
        query = query.where(Target.disposition == disposition)
    bound = _bound(before, Source.TARGETS)
    if bound is not None:
        query = query.where(Target.id < bound[1])
    return _listed(uow, query.order_by(Target.id.desc()).limit(size + 1), size)


def _listed(uow: UnitOfWork, query: AnySelect, size: int) -> Listed:
    found = uow.session.execute(_dressed(query.subquery("page"))).all()
    shown = [_row(line) for line in found[:size]]
    last = shown[-1] if len(found) > size else None
    return Listed(shown, f"{last.at.isoformat()}~{last.id}" if last else None)


def _dressed(page: Subquery) -> AnySelect:
    """The page with people's names, and with the last call of what was to be called. Only rows of the page are looked
    up, however many were counted."""
    have = page.c
    query: AnySelect = select(
        have.id,
        have.at,
        have.area,
        _column(have, "disease", Text),
        have.person_id,
        func.coalesce(Person.name, "").label("name"),
        Person.birth_year,
        _column(have, "number", Text),
        have.state,
        _column(have, "generation", Integer),
        _column(have, "called_at", DateTime(timezone=True)),
        _column(have, "hours", Double),
    ).outerjoin(Person, Person.id == have.person_id)
    if "target_id" not in have:
        query = query.add_columns(_column(have, "call_id", Uuid))
    else:
        last = (
            select(Call.id)
            .where(Call.target_id == have.target_id)
            .order_by(Call.created_at.desc(), Call.id.desc())
            .limit(1)
            .lateral("last")
        )
        query = query.outerjoin(last, true()).add_columns(last.c.id.label("call_id"))
    return query.order_by(have.at.desc(), have.id.desc())


def _column(have: Any, name: str, kind: Any) -> ColumnElement[Any]:
    """The column of this name, or nothing of its kind where the rows have none."""
    return have[name] if name in have else cast(null(), kind).label(name)


def _row(line: Any) -> Behind:
    return Behind(
        id=line.id,
        at=line.at,
        area=line.area,
        disease=line.disease or "",
        person_id=line.person_id,
        name=line.name,
        birth_year=line.birth_year,
        number=line.number or "",
        state=line.state or "",
        generation=line.generation,
        called_at=line.called_at,
        call_id=line.call_id,
        hours=line.hours,
    )


def _bound(before: str, source: Source) -> tuple[datetime | date, UUID] | None:
    """A key from an address; what is none begins at the start."""
    at, _, key = before.partition("~")
    try:
        parse = date.fromisoformat if source is Source.VISITS else datetime.fromisoformat
        return (parse(at), UUID(key)) if key else None
    except ValueError:
        return None
