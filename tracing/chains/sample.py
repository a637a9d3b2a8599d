"""Made-up outbreaks, written into the tables: for measurements, pictures of the documents, and tests. Nobody in here
exists; the same shape, number and seed give the same outbreak but for the identifiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert

from core.database import UnitOfWork
from core.ids import new_id
from tracing.cases.model import Case, Contact, Exposure, LabTest
from tracing.followup.model import FollowUp, FollowUpVisit, Quarantine
from tracing.lists.sample import sample_contacts
from tracing.people.model import Person
from tracing.venues.model import Venue

SHAPES = ("outbreak", "deep", "wide")
DISEASE = "covid-19"
_VENUES = (
    ("Chợ Vườn Hoa", "market"),
    ("Đám cưới nhà ông Lợi", "event"),
    ("Xưởng may Lễ Môn", "work"),
    ("Bến xe phía Bắc", "transport"),
    ("Trường THCS Trần Phú", "school"),
)


@dataclass(slots=True)
class _Outbreak:
    """Rows by table, in the order in which they can be written."""

    random: Random
    people: list[Any]
    areas: Sequence[str]
    today: date
    rows: dict[type[Any], list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: type[Any], **values: Any) -> UUID:
        identifier = new_id()
        self.rows.setdefault(table, []).append({"id": identifier, **values})
        return identifier


def write_outbreak(
    uow: UnitOfWork, people: int, areas: Sequence[str], *, shape: str = "outbreak", seed: int = 1
) -> UUID:
    """Write an outbreak of so many people who live in `areas`, and give its first case. The shapes: an `outbreak` as
    they are, with some who infect many; a `deep` one, in which each passes it on to one of three; a `wide` one, in
    which the first case met everybody."""
    if shape not in SHAPES:
        raise ValueError(f"an outbreak is one of {', '.join(SHAPES)}")
    random = Random(f"{shape} {people} {seed}")  # noqa: S311 - made-up people, not secrets
    today = uow.now().date()
    outbreak = _Outbreak(random, sample_contacts(people, today, seed, {"vi": 1}), areas, today)
    steps = {"outbreak": 3, "deep": max(2, people // 3), "wide": 1}[shape]
    days_apart = max(1, min(4, 60 // steps))
    began = today - timedelta(days=min(60, steps * days_apart + 8))
    venue: UUID | None = None
    first = _case(outbreak, _person(outbreak), began, became=None)
    waiting = [(first, began)]
    while len(outbreak.rows[Person]) < people:
        # Whoever waits longest passes it on; when nobody is left, the first case met some more.
        source, since = waiting.pop(0) if waiting else (first, began)
        if venue is None or random.random() < 0.7:  # else it is where the one before them was too
            venue = _venue(outbreak, areas[0])
        for place in range(_met(random, shape, people)):
            if len(outbreak.rows[Person]) >= people:
                break
            infected = random.random() < 0.14 if shape == "outbreak" else shape == "deep" and place == 0
            contact = _contact(outbreak, source, since, days_apart, infected, random.choice([None, None, venue]))
            became = contact["became_case_id"]
            if became is not None:
                waiting.append((became, min(today, since + timedelta(days=days_apart))))
            elif shape == "outbreak" and random.random() < 0.06 and len(outbreak.rows[Person]) < people:
                _contact(outbreak, None, since, days_apart, False, None, of_contact=contact["id"])
        if shape == "outbreak" and random.random() < 0.3 and len(outbreak.rows.get(Contact, [])) > 3:
            _met_twice(outbreak, source, since)
    for table, rows in outbreak.rows.items():
        _write(uow, table, rows)
    return first


def _venue(outbreak: _Outbreak, area: str) -> UUID:
    name, kind = outbreak.random.choice(_VENUES)
    return outbreak.add(Venue, name=name, kind=kind, area=area, created_at=_at(outbreak.today))


def _met(random: Random, shape: str, people: int) -> int:
    if shape == "wide":
        return people
    if shape == "deep":
        return 3
    # Most meet few, one in twelve meets many: so it is with the diseases that contacts are traced for.
    return random.randint(14, max(15, people // 16)) if random.random() < 0.08 else random.randint(3, 11)


def _write(uow: UnitOfWork, table: type[Any], rows: list[dict[str, Any]]) -> None:
    known: Table = table.__table__
    uow.session.execute(insert(known), rows)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(2), UTC)


def _person(outbreak: _Outbreak) -> UUID:
    one = outbreak.people[len(outbreak.rows.get(Person, []))]
    return outbreak.add(
        Person,
        name=one.name,
        birth_year=one.birth_year,
        sex=one.sex,
        phone=one.phone,
        language="vi",
        area=outbreak.random.choice(list(outbreak.areas)),
        created_at=_at(outbreak.today),
    )


def _area_of(outbreak: _Outbreak, person: UUID) -> str:
    area: str = outbreak.rows[Person][-1]["area"]
    return area


def _case(outbreak: _Outbreak, person: UUID, onset: date, became: Mapping[str, Any] | None) -> UUID:
    confirmed = became is None or outbreak.random.random() < 0.8
    return outbreak.add(
        Case,
        disease=DISEASE,
        number=f"BN{outbreak.random.randrange(10**9):09d}",
        person_id=person,
        by_rule="confirmed" if confirmed else "suspected",
        outcome="none_yet",
        onset_on=onset,
        sampled_on=onset + timedelta(days=1),
        confirmed_on=onset + timedelta(days=2) if confirmed else None,
        area=_area_of(outbreak, person),
        reported_at=_at(onset + timedelta(days=1)),
    )


def _contact(
    outbreak: _Outbreak,
    source: UUID | None,
    since: date,
    apart: int,
    infected: bool,
    venue: UUID | None,
    *,
    of_contact: UUID | None = None,
) -> dict[str, Any]:
    """The row of a contact of a case, or of a contact; what followed; and the case that they became, if they did."""
    random, today = outbreak.random, outbreak.today
    met = min(today, since + timedelta(days=random.randint(0, 2)))
    person = _person(outbreak)
    last = met + timedelta(days=14)
    going_on = random.choice(["follow_up"] * 5 + ["lost"])
    follow_up = "cancelled" if infected else "completed" if last < today else going_on
    dropped = not infected and random.random() < 0.06
    case = _case(outbreak, person, min(today, since + timedelta(days=apart)), {}) if infected else None
    contact = outbreak.add(
        Contact,
        person_id=person,
        disease=DISEASE,
        case_id=source,
        became_case_id=case,
        source_contact_id=of_contact,
        generation=1 if of_contact is None else 2,
        status="converted" if infected else "dropped" if dropped else "active",
        follow_up="cancelled" if dropped else follow_up,
        by_rule="confirmed",
        facts=[],
        first_exposed_on=met,
        last_exposed_on=met,
        area=_area_of(outbreak, person),
        source="list",
        reported_at=_at(min(today, met + timedelta(days=1))),
    )
    outbreak.add(
        Exposure,
        contact_id=contact,
        kind="venue" if venue else "person",
        day=met,
        venue_id=venue,
        place="",
        source="list",
        created_at=_at(met),
    )
    if not dropped:
        _followed(outbreak, person, met, infected, lost=follow_up == "lost")
    return outbreak.rows[Contact][-1]


def _followed(outbreak: _Outbreak, person: UUID, met: date, infected: bool, lost: bool) -> None:
    random, today = outbreak.random, outbreak.today
    last, of = met + timedelta(days=14), {"person_id": person, "disease": DISEASE}
    decided = {"decision": "10696/BYT-MT", "reason": "started", "at": _at(met)}
    period = {"rule": "covid-19/byt-10696", "course": "others", "situation": {}}
    outbreak.add(
        FollowUp,
        **of,
        first_day=met,
        last_day=last,
        **period,
        **decided,
    )
    half = met + timedelta(days=7)
    for place, first, until in (("home", met, half), ("self_monitoring", half + timedelta(days=1), last)):
        order = new_id()
        outbreak.add(Quarantine, **of, order_id=order, place=place, first_day=first, last_day=until, **decided)
    until = min(last, today, met + timedelta(days=4 if infected else 30))
    for n in range(1, (until - met).days + 1):
        day = met + timedelta(days=n)
        missed = random.random() < (0.9 if lost else 0.12)
        result = "unavailable" if missed else "cooperative"
        outbreak.add(FollowUpVisit, **of, day=day, nth=1, result=result, how="call", symptoms=[], at=_at(day))
    for n in (1, 7):
        day = met + timedelta(days=n if not infected else n // 2 + 1)
        if day <= today:
            result = "positive" if infected and n == 7 else random.choice(["negative"] * 5 + ["pending"])
            outbreak.add(LabTest, **of, kind="pcr", sampled_on=day, result=result, created_at=_at(day))


def _met_twice(outbreak: _Outbreak, source: UUID, since: date) -> None:
    """Somebody who is a contact already has met this case too."""
    contacts = outbreak.rows[Contact]
    other = outbreak.random.choice(contacts)
    if other["case_id"] in (source, None) or other["became_case_id"] is not None:
        return
    if any(row["case_id"] == source and row["person_id"] == other["person_id"] for row in contacts):
        return
    outbreak.add(
        Contact,
        **{name: value for name, value in other.items() if name not in ("id", "case_id", "reported_at")},
        case_id=source,
        reported_at=_at(min(outbreak.today, since + timedelta(days=1))),
    )
