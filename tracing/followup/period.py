"""The follow-up period: first day, last day, and which decision says so (`why` tells it to people). Pure.

Day one is the rule's (`Rule.day_one`): with exposure day 0 a course of 7 days runs from the day after the exposure to
its seventh day; with day 1 it begins on the day itself and ends a day earlier.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tracing.followup.counting import Override, Start, start_of, with_override
from tracing.rules.model import Course, Decision, Rule, Text
from tracing.rules.situation import Situation, course_for


@dataclass(frozen=True, slots=True)
class Extended:
    """A last day (`missed`) went by without a talk: nobody cooperated, answered or called."""

    missed: date


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both counted in. `start` is what days are counted from; `settled` is the last day
    before extensions, and `override` who set it, if a person did."""

    rule: Rule
    course: Course
    start: Start
    first: date
    settled: date
    last: date
    override: Override | None

    @property
    def latest(self) -> date:
        """The last day that extensions can reach."""
        extension = self.rule.practice.extension
        return self.settled + timedelta(days=extension.at_most if extension else 0)

    @property
    def cites(self) -> tuple[Decision, ...]:
        return self.rule.cites_for(self.course)

    @property
    def doubts(self) -> tuple[Text, ...]:
        """What nobody could check about these days; empty when all was read in its document."""
        return self.rule.doubts_about(self.course)

    @property
    def tests(self) -> tuple[date, ...]:
        """The days of the tests; those beyond a shortened period are not taken."""
        days = (self.day(number) for number in self.course.tests)
        return tuple(day for day in days if day <= self.last)

    def day(self, number: int) -> date:
        """The calendar date of a numbered day."""
        return self.rule.day_one.day(self.start.day, number)

    def number(self, day: date) -> int:
        """The number of a calendar date: 1 is the first day."""
        return self.rule.day_one.number(self.start.day, day)

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


def period(
    rule: Rule,
    situation: Situation,
    exposures: Collection[date],
    extensions: Collection[Extended] = (),
    overrides: Collection[Override] = (),
    held_until: date | None = None,
) -> Period | None:
    """When somebody in this situation is followed up; None when the rule asks for no follow-up (`course_for` says whose
    course that is).

    - The count begins at the newest exposure (see `start_of`): a newer one restarts it, in whatever order they
      come.
    - A person may set the last day instead (`overrides`); a period keeps at least its first day: to end it, cancel it.
    - A missed last day adds the rule's days after it, up to the rule's most (`extensions`), and never takes any away.
      What was missed before a person set the last day is not held against it.
    - Nobody is in quarantine uncalled: `held_until` is the last day of a quarantine that a person prolonged.
    """
    course = course_for(rule, situation)
    if course.follow_up_days == 0:
        return None
    start = start_of(rule, situation, exposures)
    first = rule.day_one.day(start.day, 1)
    by_rule = rule.day_one.day(start.day, course.follow_up_days)
    settled, override = with_override(by_rule, max(exposures, default=None), overrides)
    settled = max(settled, first, held_until or first)
    made = Period(rule, course, start, first, settled, settled, override)
    extension = rule.practice.extension
    if extension is None:
        return made
    known_since = override.at.date() if override else date.min
    wanted = [each.missed + timedelta(days=extension.days) for each in extensions if each.missed >= known_since]
    last = min(max([settled, *wanted]), made.latest)
    return replace(made, last=last)
