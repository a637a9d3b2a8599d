"""Where somebody stays, and until when: the parts of a quarantine, prolonged and shortened by people. Pure.

Days are numbered as in the follow-up period: by the rule's day one, from the newest exposure or the first day of
quarantine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from tracing.followup.counting import Override, start_of, with_override
from tracing.rules.model import Course, Decision, Place, Rule, Text
from tracing.rules.situation import Situation, course_for

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuarantinePart:
    """At one place, from `first` to `last`, both counted in."""

    place: Place
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The plan: its parts in order, without gaps. `by_rule` is the last confined day as the rule has it, None when it
    confines nobody; `override` who set another, if a person did."""

    rule: Rule
    course: Course
    parts: tuple[QuarantinePart, ...]
    by_rule: date | None
    override: Override | None

    @property
    def confined_until(self) -> date | None:
        """The last day on which they may not go out; None when they always may."""
        return max((part.last for part in self.parts if part.place.confined), default=None)

    @property
    def cites(self) -> tuple[Decision, ...]:
        return self.rule.cites_for(self.course)

    @property
    def doubts(self) -> tuple[Text, ...]:
        """What nobody could check about these days; empty when all was read in its document."""
        return self.rule.doubts_about(self.course)

    def place_on(self, day: date) -> Place | None:
        """Where they stay on a day; None before and after the plan."""
        return next((part.place for part in self.parts if part.first <= day <= part.last), None)


def quarantine(
    rule: Rule, situation: Situation, exposures: Collection[date], overrides: Collection[Override] = ()
) -> Quarantine:
    """The quarantine of somebody in this situation; without parts when the rule asks for none.

    An override sets the last confined day. A longer confinement takes its days from the self-monitoring behind it,
    and goes on beyond it if need be; a shorter one gives them to it: being let out early does not end being watched.
    A newer exposure restarts the plan, and outlives an override that would shorten it.
    """
    course = course_for(rule, situation)
    start = start_of(rule, situation, exposures).day
    first = rule.day_one.day(start, 1)
    parts = tuple(
        QuarantinePart(part.place, rule.day_one.day(start, part.from_day), rule.day_one.day(start, part.to_day))
        for part in course.quarantine
    )
    by_rule = max((part.last for part in parts if part.place.confined), default=None)
    until, override = with_override(by_rule or first - _DAY, max(exposures, default=None), overrides)
    if override is not None:
        parts = tuple(_confined_until(until, parts, first))
    return Quarantine(rule, course, parts, by_rule, override)


def _confined_until(until: date, parts: tuple[QuarantinePart, ...], first: date) -> Iterator[QuarantinePart]:
    """The parts with another last confined day. Who was confined nowhere by the rule is confined at home."""
    confined = [part for part in parts if part.place.confined]
    end = max((part.last for part in parts), default=until)
    begin = first
    for part in confined[:-1]:
        if begin <= until:
            yield QuarantinePart(part.place, begin, min(part.last, until))
        begin = part.last + _DAY
    if begin <= until:
        yield QuarantinePart(confined[-1].place if confined else Place.HOME, begin, until)
    begin = max(first, until + _DAY)
    if begin <= end:
        yield QuarantinePart(Place.SELF_MONITORING, begin, end)
