"""The rows that figures count, and the condition of each figure, as SQL.

There is one query for each kind of row, and both the figure and the list behind it are made of it: they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Double, Text

from core.areas import within
from ivr.calls.model import Call
from tracing.cases.model import Case, Contact
from tracing.followup.model import FollowUpVisit
from tracing.people.model import Person
from tracing.records.model import Record
from tracing.reports.asked import Asked
from tracing.reports.figures import Source
from tracing.reports.places import REST

Condition = Callable[[Subquery], ColumnElement[bool]]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]

IN_TIME_HOURS = 24


def rows_of(source: Source, asked: Asked) -> AnySelect:
    """The rows of this kind within what is asked: `id`, `at` (what orders them), `day`, `area`, `disease`, `person_id`,
    and what the figures' conditions look at."""
    return _ROWS[source](asked)


def condition_of(figure: str, rows: Subquery) -> ColumnElement[bool]:
    """Whether a row counts for the figure."""
    return _CONDITIONS[figure](rows)


def _day(moment: Any, asked: Asked) -> ColumnElement[Any]:
    return cast(func.timezone(asked.zone, moment), Date)


def _inside(area: Any, asked: Asked) -> list[ColumnElement[bool]]:
    """The area that the report is about, and the part of it, if one is asked for."""
    conditions: list[ColumnElement[bool]] = [within(area, asked.area)]
    if asked.part:
        among = func.unnest(bindparam(None, asked.paths, ARRAY(Text))).column_valued("path")
        known = area.in_(select(among))
        conditions.append(~known if asked.part == REST else known)
    return conditions


def _cases(asked: Asked) -> AnySelect:
    counts = func.coalesce(Case.by_hand, Case.by_rule) != "not_a_case"
    found: AnySelect = select(
        Case.id,
        Case.reported_at.label("at"),
        _day(Case.reported_at, asked).label("day"),
        Case.area,
        Case.disease,
        Case.person_id,
        Case.number,
        func.coalesce(Case.by_hand, Case.by_rule).label("state"),
    ).where(Case.reported_at >= asked.begins, Case.reported_at < asked.ends, counts, *_inside(Case.area, asked))
    return found.where(Case.disease == asked.disease) if asked.disease else found


def first_call() -> Any:
    """The first successful contact call with a contact: the first record that one of their calls began since they were
    reported. A record is begun by the first answer, and a script takes answers only once it knows who is speaking."""
    return (
        select(Record.created_at.label("called_at"), Record.call_id)
        .where(
            Record.person_id == Contact.person_id,
            Record.call_id.is_not(None),
            Record.created_at >= Contact.reported_at,
        )
        .order_by(Record.created_at, Record.id)
        .limit(1)
        .lateral("first")
    )


def _contacts(asked: Asked) -> AnySelect:
    first = first_call()
    # One look at each case: many contacts of a day are of the same, and PostgreSQL would read the cases of all years.
    of = select(Case.reported_at).where(Case.id == Contact.case_id).limit(1).lateral("case_of")
    spent = cast(func.extract("epoch", first.c.called_at - of.c.reported_at), Double) / 3600
    # A case that came to be known after its contact was called has waited for nothing. (GREATEST would pass over NULL.)
    hours = case((spent < 0, 0.0), else_=spent)
    found: AnySelect = (
        select(
            Contact.id,
            Contact.reported_at.label("at"),
            _day(Contact.reported_at, asked).label("day"),
            Contact.area,
            Contact.disease,
            Contact.person_id,
            Contact.generation,
            Contact.follow_up.label("state"),
            first.c.called_at,
            first.c.call_id,
            hours.label("hours"),
        )
        .select_from(Contact)
        .outerjoin(first, true())
        .outerjoin(of, true())
        .where(Contact.reported_at >= asked.begins, Contact.reported_at < asked.ends)
        .where(Contact.status != "dropped", *_inside(Contact.area, asked))
    )
    return found.where(Contact.disease == asked.disease) if asked.disease else found


def _visits(asked: Asked) -> AnySelect:
    # One look at each person, whatever PostgreSQL thinks of its disk: it would rather read a million people.
    person = select(Person.area).where(Person.id == FollowUpVisit.person_id).limit(1).lateral("person_of")
    found: AnySelect = (
        select(
            FollowUpVisit.id,
            cast(FollowUpVisit.day, Date).label("at"),
            FollowUpVisit.day,
            person.c.area,
            FollowUpVisit.disease,
            FollowUpVisit.person_id,
            FollowUpVisit.result.label("state"),
            FollowUpVisit.target_id,
        )
        .join(person, true())
        .where(FollowUpVisit.day.between(asked.since, asked.until), *_inside(person.c.area, asked))
    )
    return found.where(FollowUpVisit.disease == asked.disease) if asked.disease else found


def _calls(asked: Asked) -> AnySelect:
    """Calls know no disease: they count where all diseases are asked for."""
    return select(
        Call.id,
        Call.created_at.label("at"),
        _day(Call.created_at, asked).label("day"),
        Call.area,
        cast(null(), Text).label("disease"),
        Call.person_id,
        Call.id.label("call_id"),
        func.coalesce(Call.end_reason, Call.failure_reason, Call.state).label("state"),
        and_(Call.answered_at.is_not(None), func.coalesce(Call.answered_by, "") != "machine").label("answered"),
    ).where(
        Call.direction == "outbound",
        Call.created_at >= asked.begins,
        Call.created_at < asked.ends,
        literal(not asked.disease),
        *_inside(Call.area, asked),
    )


_ROWS: Mapping[Source, Callable[[Asked], AnySelect]] = {
    Source.CASES: _cases,
    Source.CONTACTS: _contacts,
    Source.VISITS: _visits,
    Source.CALLS: _calls,
}


def _all(rows: Subquery) -> ColumnElement[bool]:
    return true()


def _in_time(rows: Subquery) -> ColumnElement[bool]:
    return rows.c.called_at <= rows.c.at + func.make_interval(0, 0, 0, 0, IN_TIME_HOURS)


_CONDITIONS: Mapping[str, Condition] = {
    "f0": _all,
    "contacts": _all,
    "f1": lambda rows: rows.c.generation == 1,
    "f2": lambda rows: rows.c.generation == 2,
    "f3": lambda rows: rows.c.generation >= 3,
    "reached": _in_time,
    "not_reached": lambda rows: rows.c.called_at.is_(None),
    "completed": lambda rows: rows.c.state == "completed",
    "lost": lambda rows: rows.c.state == "lost",
    "hours": lambda rows: rows.c.hours.is_not(None),
    "due": _all,
    "done": lambda rows: rows.c.state.in_(("cooperative", "uncooperative")),
    "unavailable": lambda rows: rows.c.state == "unavailable",
    "open": lambda rows: or_(rows.c.state.is_(None), rows.c.state == "not_performed"),
    "calls": _all,
    "answered": lambda rows: rows.c.answered,
}
