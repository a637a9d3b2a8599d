"""What happened to people of a chain, day by day, out of the database: what the timeline shows. One statement for each
kind of thing, whatever the number of people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Select, Uuid, bindparam, cast, func, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm.attributes import InstrumentedAttribute

from core.database import UnitOfWork
from ivr.calls.model import Call
from tracing.cases.model import LabTest
from tracing.chains.chain import Chain, Node
from tracing.chains.timeline import Life
from tracing.followup.model import FollowUp, FollowUpVisit, Quarantine

_TALKED = ("cooperative", "uncooperative")
_NOBODY = "unavailable"


def read_days(uow: UnitOfWork, chain: Chain, shown: Iterable[Node], zone: ZoneInfo) -> Mapping[str, Life]:
    """The days of those of `shown` whom the viewer may see, by the key of the node."""
    seen = [node for node in shown if node.seen]
    people = [node.person_id for node in seen if node.person_id]
    exposures: dict[str, set[date]] = defaultdict(set)
    for edge in chain.edges:
        exposures[edge.target].update(edge.days)
    for visit in chain.visits:
        exposures[visit.person].add(visit.day)
    tests = _tests(uow, people, chain.disease)
    followed = _followed(uow, people, chain.disease)
    apart = _apart(uow, people, chain.disease)
    first = min((day for node in seen for day in (node.first_exposed_on, node.onset_on) if day), default=None)
    calls = _calls(uow, people, chain.disease, first, zone)
    lives = {}
    for node in seen:
        met = exposures[node.key] | {day for day in (node.first_exposed_on, node.last_exposed_on) if day}
        if node.person_id is None:
            lives[node.key] = Life(onset=node.onset_on)
            continue
        lives[node.key] = Life(
            exposures=tuple(sorted(met)),
            onset=node.onset_on,
            tests=tuple(sorted(tests[node.person_id])),
            followed=followed.get(node.person_id),
            apart=tuple(sorted(apart[node.person_id])),
            calls=tuple(sorted(calls[node.person_id].items())),
        )
    return lives


Person = InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]


def _among(column: Person, people: list[UUID]) -> ColumnElement[bool]:
    return column == func.any(bindparam("people", people, ARRAY(Uuid)))


def _tests(uow: UnitOfWork, people: list[UUID], disease: str) -> dict[UUID, set[tuple[date, str]]]:
    found: dict[UUID, set[tuple[date, str]]] = defaultdict(set)
    query = select(LabTest.person_id, LabTest.sampled_on, LabTest.result)
    for person, day, result in uow.session.execute(
        query.where(_among(LabTest.person_id, people), LabTest.disease == disease)
    ):
        found[person].add((day, result))
    return found


def _followed(uow: UnitOfWork, people: list[UUID], disease: str) -> dict[UUID, tuple[date, date]]:
    query = select(FollowUp.person_id, FollowUp.first_day, FollowUp.last_day)
    current = (_among(FollowUp.person_id, people), FollowUp.disease == disease, FollowUp.superseded_at.is_(None))
    return {person: (first, last) for person, first, last in uow.session.execute(query.where(*current))}


def _apart(uow: UnitOfWork, people: list[UUID], disease: str) -> dict[UUID, set[tuple[date, date, str]]]:
    found: dict[UUID, set[tuple[date, date, str]]] = defaultdict(set)
    query = select(Quarantine.person_id, Quarantine.first_day, Quarantine.last_day, Quarantine.place)
    current = (_among(Quarantine.person_id, people), Quarantine.disease == disease, Quarantine.superseded_at.is_(None))
    for person, first, last, place in uow.session.execute(query.where(*current)):
        found[person].add((first, last, place))
    return found


def _calls(
    uow: UnitOfWork, people: list[UUID], disease: str, first: date | None, zone: ZoneInfo
) -> dict[UUID, dict[date, bool]]:
    """The days on which somebody was called or gone to, and whether anybody answered: interviews and follow-up."""
    found: dict[UUID, dict[date, bool]] = defaultdict(dict)
    day = cast(func.timezone(zone.key, Call.created_at), Date)
    answered = func.coalesce(or_(Call.answered_by == "human", Call.end_reason == "completed"), False)
    calls = _days_by(Call.person_id, day, answered).where(
        _among(Call.person_id, people), Call.direction == "outbound", *([day >= first] if first else [])
    )
    visits = _days_by(FollowUpVisit.person_id, FollowUpVisit.day, FollowUpVisit.result.in_(_TALKED)).where(
        _among(FollowUpVisit.person_id, people),
        FollowUpVisit.disease == disease,
        FollowUpVisit.result.in_((*_TALKED, _NOBODY)),
    )
    for query in (calls, visits):
        for person, in_vain, reached in uow.session.execute(query):
            talked = {on for on, answered_then in found[person].items() if answered_then} | set(reached or ())
            found[person] |= dict.fromkeys(in_vain or (), False) | dict.fromkeys(talked, True)
    return found


def _days_by(person: Person, day: Any, reached: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The days of each person on which nobody was reached, and those on which somebody was: one row for a person, for
    a follow-up has many days."""
    days = func.array_agg(day)
    return select(person, days.filter(not_(reached)), days.filter(reached)).group_by(person)
