"""What a check finds in a list, before anything is written: how many are new and known, what is wrong in which row, and
who resembles somebody on file without being certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from typing import Any
from uuid import UUID

import orjson

from core.areas import holds
from core.database import UnitOfWork
from tracing.lists.importing import Decision
from tracing.lists.messages import RowError
from tracing.lists.sheet import ContactRow, Sheet
from tracing.people.likeness import Degree, Described
from tracing.people.matching import load_roster
from tracing.people.resemblance import Resemblance, resembling_many

ROWS_SHOWN = 20
MOST_CANDIDATES = 5
NEW = "new"
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody on file whom a row resembles, with the signs of `tracing.people.likeness` by name."""

    id: str
    name: str
    phone: str
    birth_year: int | None
    area: str
    likely: bool
    spoken_for: list[str]
    spoken_against: list[str]


@dataclass(frozen=True, slots=True)
class Question:
    """A row that waits for "the same person" or "somebody new"; candidates most alike first."""

    row: int
    name: str
    phone: str
    birth_year: int | None
    area: str
    candidates: list[Candidate]


@dataclass(frozen=True, slots=True)
class Findings:
    """Of one list. `wrong` are the cells of rows that cannot be used, by number; `complete`: see `Sheet`."""

    new: int = 0
    known: int = 0
    first: list[ContactRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    complete: bool = True

    @property
    def wrong_rows(self) -> int:
        return len({error.row for error in self.errors})


def examine(uow: UnitOfWork, sheet: Sheet, area: str) -> Findings:
    """What the list would do. Of people on file only those of `area` are shown to whoever brings it: who lives
    elsewhere and is certainly meant is found all the same, and who only resembles them is new."""
    new = known = 0
    questions: list[Question] = []
    for rows in _batches(sheet.rows):
        roster = load_roster(uow, {row.phone for row in rows})
        unknown: list[ContactRow] = []
        for row in rows:
            if roster.match(row.phone, row.name, row.birth_year) is not None:
                known += 1
            else:
                unknown.append(row)
        alike = resembling_many(
            uow, [Described(row.phone, row.name, row.birth_year, row.area, row.sex) for row in unknown]
        )
        for row, found in zip(unknown, alike, strict=True):
            candidates = [one for one in found if one.degree >= Degree.POSSIBLE and holds(area, one.described.area)]
            if candidates:
                questions.append(_question(row, candidates[:MOST_CANDIDATES]))
            else:
                new += 1
    return Findings(
        new=new,
        known=known,
        first=list(sheet.rows[:ROWS_SHOWN]),
        errors=list(sheet.errors),
        questions=questions,
        header=list(sheet.header),
        wrong={str(number): list(cells) for number, cells in sheet.wrong.items()},
        ignored=list(sheet.ignored),
        complete=sheet.complete,
    )


def decided(questions: Sequence[Question], decisions: Mapping[str, str]) -> dict[int, Decision]:
    """The decisions as an import takes them: by row, of what was asked."""
    found: dict[int, Decision] = {}
    for question in questions:
        said = decisions.get(str(question.row))
        if said == NEW:
            found[question.row] = Decision(others=tuple(UUID(one.id) for one in question.candidates))
        elif said in {one.id for one in question.candidates}:
            found[question.row] = Decision(same=UUID(said))
    return found


def to_bytes(findings: Findings) -> bytes:
    return orjson.dumps(asdict(findings))


def from_bytes(kept: bytes) -> Findings:
    read = orjson.loads(kept)
    questions = [
        Question(**{**question, "candidates": [Candidate(**one) for one in question["candidates"]]})
        for question in read["questions"]
    ]
    errors = [RowError(**error) for error in read["errors"]]
    return Findings(
        **{**read, "errors": errors, "questions": questions, "first": [_first(row) for row in read["first"]]}
    )


def _question(row: ContactRow, candidates: Sequence[Resemblance]) -> Question:
    return Question(row.row, row.name, row.phone, row.birth_year, row.area, [_candidate(one) for one in candidates])


def _candidate(one: Resemblance) -> Candidate:
    return Candidate(
        id=str(one.id),
        name=one.described.name,
        phone=one.described.phone,
        birth_year=one.described.birth_year,
        area=one.described.area,
        likely=one.degree >= Degree.LIKELY,
        spoken_for=[str(sign) for sign in one.likeness.spoken_for],
        spoken_against=[str(sign) for sign in one.likeness.spoken_against],
    )


def _first(row: Mapping[str, Any]) -> ContactRow:
    day = row["exposed_on"]
    return ContactRow(**{**row, "exposed_on": date.fromisoformat(day) if day else None})


def _batches(rows: Sequence[ContactRow]) -> Iterator[list[ContactRow]]:
    rest = iter(rows)
    while batch := list(islice(rest, _BATCH)):
        yield batch
