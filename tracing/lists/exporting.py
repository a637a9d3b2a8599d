"""Lists out: cases (F0), their contacts (F1) and the contacts of those (F2), by area, day and disease.

The columns are those of the lists that health departments send each other, with headers that an import knows. The same
data gives the same rows in the same order: by the day they were reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import aliased

from core.areas import holds, within
from core.country.areas import above, country
from core.database import UnitOfWork
from tracing.cases.axes import ContactStatus
from tracing.cases.model import Case, Contact, Exposure, LabTest
from tracing.lists.words import word
from tracing.lists.writing import Cell
from tracing.people.model import Person

KINDS = ("F0", "F1", "F2")
_PART = 1_000
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
_Source = aliased(Contact)
_SourcePerson = aliased(Person)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list. `scope` is the area of whoever asks, `area` what they narrow it to; `since` and `until` are the span
    of the report, the end not included."""

    kind: str
    disease: str
    scope: str
    area: str = ""
    since: datetime | None = None
    until: datetime | None = None


def header_of(kind: str, language: str) -> list[str]:
    """The columns, in the words of departments' own lists."""
    names = _CASE_COLUMNS if kind == "F0" else _CONTACT_COLUMNS
    return [word("columns", name, language) for name in names]


def count_of(uow: UnitOfWork, wanted: Wanted) -> int:
    """How many rows the list has."""
    inner = _cases(wanted) if wanted.kind == "F0" else _contacts(wanted)
    return uow.session.scalar(select(func.count()).select_from(inner.order_by(None).subquery())) or 0


def rows_of(
    uow: UnitOfWork, wanted: Wanted, language: str, zone: str, phone: Callable[[str], str] = lambda number: number
) -> Iterator[Sequence[Cell]]:
    """The rows of the list, in parts of a thousand from the database; `phone` says how a number may be shown."""
    query = _cases(wanted) if wanted.kind == "F0" else _contacts(wanted)
    make = _case_row if wanted.kind == "F0" else _contact_row
    found = uow.session.execute(query, execution_options={"yield_per": _PART})
    for number, row in enumerate(found.mappings(), start=1):
        yield make(number, row, language, ZoneInfo(zone), phone, wanted.scope)


_CASE_COLUMNS = (
    *("number", "case", "name", "birth", "sex", "phone", "address", "area", "residence", "classification"),
    *("onset", "sampled", "confirmed", "outcome", "reported"),
)
_CONTACT_COLUMNS = (
    *("number", "name", "birth", "sex", "phone", "address", "area", "residence", "exposed", "place", "source_case"),
    *("source_contact", "generation", "follow_up", "classification", "sampled", "result", "reported"),
)


def _cases(wanted: Wanted) -> AnySelect:
    query: AnySelect = (
        select(
            Case.number.label("case_number"),
            *(Person.name, Person.birth_year, Person.sex, Person.phone, Person.address),
            *(Case.area, Case.onset_on, Case.sampled_on, Case.confirmed_on, Case.outcome, Case.reported_at),
            func.coalesce(Case.by_hand, Case.by_rule).label("classification"),
        )
        .outerjoin(Person, Person.id == Case.person_id)
        .where(Case.disease == wanted.disease, func.coalesce(Case.by_hand, Case.by_rule) != "not_a_case")
        .where(within(Case.area, wanted.scope), within(Case.area, wanted.area))
        .order_by(Case.reported_at, Case.id)
    )
    if wanted.since is not None:
        query = query.where(Case.reported_at >= wanted.since)
    return query.where(Case.reported_at < wanted.until) if wanted.until is not None else query


def _contacts(wanted: Wanted) -> AnySelect:
    """Contacts that were none are not on a list; who became a case still is."""
    latest = (
        select(LabTest.sampled_on, LabTest.result)
        .where(LabTest.person_id == Contact.person_id, LabTest.disease == Contact.disease)
        .order_by(LabTest.sampled_on.desc(), LabTest.id.desc())
        .limit(1)
        .lateral("latest")
    )
    place = (
        select(Exposure.place)
        .where(Exposure.contact_id == Contact.id, Exposure.place != "")
        .order_by(Exposure.day.desc(), Exposure.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query: AnySelect = (
        select(
            *(Person.name, Person.birth_year, Person.sex, Person.phone, Person.address),
            *(Contact.area, Contact.last_exposed_on, Contact.generation, Contact.follow_up, Contact.reported_at),
            func.coalesce(Contact.by_hand, Contact.by_rule).label("classification"),
            Case.number.label("case_number"),
            place.label("place"),
            _SourcePerson.name.label("source_name"),
            _Source.area.label("source_area"),
            latest.c.sampled_on,
            latest.c.result,
        )
        .join(Person, Person.id == Contact.person_id)
        .outerjoin(Case, Case.id == Contact.case_id)
        .outerjoin(_Source, _Source.id == Contact.source_contact_id)
        .outerjoin(_SourcePerson, _SourcePerson.id == _Source.person_id)
        .outerjoin(latest, true())
        .where(Contact.disease == wanted.disease, Contact.generation == KINDS.index(wanted.kind))
        .where(Contact.status != ContactStatus.DROPPED)
        .where(within(Contact.area, wanted.scope), within(Contact.area, wanted.area))
        .order_by(Contact.reported_at, Contact.id)
    )
    if wanted.since is not None:
        query = query.where(Contact.reported_at >= wanted.since)
    return query.where(Contact.reported_at < wanted.until) if wanted.until is not None else query


def _person(row: Mapping[Any, Any], language: str, phone: Callable[[str], str]) -> list[Cell]:
    number = row["phone"]
    return [
        row["name"] or "",
        row["birth_year"],
        word("sex", row["sex"], language),
        local(phone(number)) if number else "",
        row["address"] or "",
        row["area"],
        residence(row["area"]),
    ]


def _case_row(
    number: int, row: Mapping[Any, Any], language: str, zone: ZoneInfo, phone: Callable[[str], str], scope: str
) -> Sequence[Cell]:
    return [
        number,
        row["case_number"],
        *_person(row, language, phone),
        word("case", row["classification"], language),
        row["onset_on"],
        row["sampled_on"],
        row["confirmed_on"],
        word("outcome", row["outcome"], language),
        _day(row["reported_at"], zone),
    ]


def _contact_row(
    number: int, row: Mapping[Any, Any], language: str, zone: ZoneInfo, phone: Callable[[str], str], scope: str
) -> Sequence[Cell]:
    seen = row["source_name"] if row["source_name"] and holds(scope, row["source_area"]) else ""
    return [
        number,
        *_person(row, language, phone),
        row["last_exposed_on"],
        row["place"] or "",
        row["case_number"] or "",
        seen,
        f"F{row['generation']}",
        word("follow_up", row["follow_up"], language),
        word("contact", row["classification"], language),
        row["sampled_on"],
        word("result", row["result"], language),
        _day(row["reported_at"], zone),
    ]


def local(phone: str) -> str:
    """A number as people here write it: `0912345678`; others as they are."""
    return f"0{phone.removeprefix('+84')}" if phone.startswith("+84") else phone


@lru_cache(maxsize=20_000)
def residence(path: str) -> str:
    """The area in words, from the commune outwards."""
    return ", ".join(known.name for one in above(path) if (known := country().unit(one))) if path else ""


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
