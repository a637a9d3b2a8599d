"""What a rule is, in the field's words. Frozen values, made by `tracing.rules.loading`, never by hand.

A **rule** holds for one disease in one area between two days, and cites the decisions that it takes its numbers from.
Its
**courses** say what is done with whom: the first whose condition fits a contact's situation is theirs. Days of a course
are numbered from its **day one** (`DayOne`), which every rule states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from flows.engine.script import Expression

Text = Mapping[str, str]
"""Words by language: `vi` and `en` are always there."""


def written_day(day: date, language: str) -> str:
    """A day as people write it: 16/12/2021 in Vietnamese, 2021-12-16 elsewhere."""
    return f"{day:%d/%m/%Y}" if language == "vi" else day.isoformat()


@dataclass(frozen=True, slots=True)
class Caveat:
    """How sure a number is. `certain` is false when nobody could read it in the document itself; `note` says what was
    read instead, or what to know when using it."""

    certain: bool = True
    note: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision or letter of the health authority, or a guide: its number as people cite it (`10696/BYT-MT`), its
    title, where we read it, and the day it was signed (None for a page that has none)."""

    number: str
    title: Text
    source: str
    signed: date | None = None
    caveat: Caveat = Caveat()

    def cite(self, language: str) -> str:
        """`10696/BYT-MT (16/12/2021)`; in other languages than Vietnamese the day is written 2021-12-16."""
        return self.number if self.signed is None else f"{self.number} ({written_day(self.signed, language)})"


class CountedFrom(StrEnum):
    """The day from which the days of a course are counted."""

    LAST_EXPOSURE = "last_exposure"
    QUARANTINE_START = "quarantine_start"


@dataclass(frozen=True, slots=True)
class DayOne:
    """Which day is day 1. With `counts_as` 0 the day counted from is day 0, and day 1 is the day after it; with
    `counts_as` 1 it is day 1 itself: a course of 7 days then ends one day earlier."""

    of: CountedFrom
    counts_as: int
    caveat: Caveat = Caveat()

    def day(self, counted_from: date, number: int) -> date:
        """The calendar date of day `number` of a course."""
        return counted_from + timedelta(days=number - self.counts_as)

    def number(self, counted_from: date, day: date) -> int:
        """The number of a calendar date within a course; below 1 before the course began."""
        return (day - counted_from).days + self.counts_as


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who is a contact of which generation: the decision's words, and the numbers in them.

    `within_metres`: how close; `at_least_minutes`: how long, None if any length counts (`masked_only`: the minutes
    matter only when both wore a mask); `days_before_onset`: how long before the first symptoms (or, without any,
    before the positive sample) a case passes the disease on.
    """

    text: Text
    decision: Decision
    within_metres: float | None = None
    at_least_minutes: int | None = None
    masked_only: bool = False
    days_before_onset: int | None = None
    caveat: Caveat = Caveat()


class Place(StrEnum):
    """Where somebody spends a part of the quarantine. Who only watches their own health is free to go out."""

    CENTRALISED = "centralised"
    HOME = "home"
    SELF_MONITORING = "self_monitoring"

    @property
    def confined(self) -> bool:
        return self is not Place.SELF_MONITORING


@dataclass(frozen=True, slots=True)
class CoursePart:
    """A part of a course's quarantine: from its day `from_day` to its day `to_day`, both counted in."""

    place: Place
    from_day: int
    to_day: int


@dataclass(frozen=True, slots=True)
class Course:
    """What is done with contacts in one situation. `when` is None for everybody else; `follow_up_days` is 0 when nobody
    calls; `tests` are the days of the tests."""

    id: str
    label: Text
    when: Expression | None
    follow_up_days: int
    quarantine: tuple[CoursePart, ...]
    tests: tuple[int, ...]
    decision: Decision
    caveat: Caveat = Caveat()


@dataclass(frozen=True, slots=True)
class Extension:
    """A last day without a talk adds `days`, again and again, up to `at_most` days in all."""

    days: int
    at_most: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Somebody is lost after `failed_days` days in a row on which nobody answered, tried at `differing_hours` different
    hours of the day at least."""

    failed_days: int
    differing_hours: int


@dataclass(frozen=True, slots=True)
class Practice:
    """How the department follows people up, where the decision leaves it open."""

    calls_per_day: int
    extension: Extension | None
    loss: Loss
    caveat: Caveat = Caveat()


@dataclass(frozen=True, slots=True)
class Sign:
    """A symptom, a red flag, or a yes/no fact about a contact. `id` is the name of the field on the record form."""

    id: str
    label: Text


@dataclass(frozen=True, slots=True)
class SymptomGroup:
    """Symptoms that are asked for together."""

    id: str
    label: Text
    symptoms: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """Something that adds `points` to the risk when its condition over the answers holds."""

    when: Expression
    points: int
    why: Text


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is asked, and what it means. `levels` are (points, level), the highest first."""

    symptoms: tuple[SymptomGroup, ...]
    red_flags: tuple[Sign, ...]
    factors: tuple[Factor, ...]
    levels: tuple[tuple[int, str], ...]
    caveat: Caveat = Caveat()


@dataclass(frozen=True, slots=True)
class Infectious:
    """From when to when a case passes the disease on: `days_before` to `days_after` the first symptoms (or, without
    any, the positive sample), both counted in; and for how many `minutes_after` the case has left a room the air in it
    still does."""

    days_before: int
    days_after: int
    minutes_after: int
    caveat: Caveat = Caveat()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the book. `area` is a path of official codes (empty: the whole country); `valid_until` is the last
    day (None: nobody has ended it yet); `exposures` are the definitions by generation, F1 and F2; `facts` are what
    has to be asked about a contact beside doses and recovery; `infectious` is None where the file does not say."""

    id: str
    disease: str
    area: str
    valid_from: date
    valid_until: date | None
    decision: Decision
    also: tuple[Decision, ...]
    day_one: DayOne
    exposures: Mapping[int, Exposure]
    facts: tuple[Sign, ...]
    courses: tuple[Course, ...]
    practice: Practice
    assessment: Assessment
    infectious: Infectious | None = None

    @property
    def name(self) -> str:
        """How people and logs call it: `covid-19/byt-10696`."""
        return f"{self.disease}/{self.id}"

    @property
    def cites(self) -> tuple[Decision, ...]:
        return (self.decision, *self.also)

    @property
    def certain(self) -> bool:
        """Whether every number of it was read in its document."""
        parts = (
            *(decision.caveat for decision in self.cites),
            *(exposure.caveat for exposure in self.exposures.values()),
            *(course.caveat for course in self.courses),
            *(self.day_one.caveat, self.practice.caveat, self.assessment.caveat),
            *(() if self.infectious is None else (self.infectious.caveat,)),
        )
        return all(caveat.certain for caveat in parts)

    def cites_for(self, course: Course) -> tuple[Decision, ...]:
        """The decision that a course goes by, then the rule's own, if that is another."""
        return tuple({each.number: each for each in (course.decision, self.decision)}.values())

    def doubts_about(self, course: Course) -> tuple[Text, ...]:
        """What is not certain about the days of a course: its own numbers, its decision, or which day is day one."""
        parts = (course.caveat, course.decision.caveat, self.day_one.caveat)
        return tuple(caveat.note for caveat in parts if not caveat.certain)

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
