"""The calendar: on which days somebody is called and tested, and what changes when the period does. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from tracing.followup.period import Period


@dataclass(frozen=True, slots=True, order=True)
class PlannedVisit:
    """The call number `number` (1, 2, …) of a day."""

    day: date
    number: int = 1


@dataclass(frozen=True, slots=True)
class StandingVisit:
    """A visit that is in the calendar already. `happened` once a call of it began, whatever came of it, or somebody
    wrote down that it did not take place."""

    visit: PlannedVisit
    happened: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What to add to a calendar and what to take off it, each in the order of days."""

    add: tuple[PlannedVisit, ...] = ()
    take_off: tuple[PlannedVisit, ...] = ()


def calendar(period: Period) -> tuple[PlannedVisit, ...]:
    """Every call of a period: the rule's calls per day, from the first day to the last, both counted in."""
    days = (period.last - period.first).days + 1
    each_day = range(1, period.rule.practice.calls_per_day + 1)
    return tuple(PlannedVisit(period.first + timedelta(days=n), number) for n in range(days) for number in each_day)


def regenerate(period: Period | None, standing: Collection[StandingVisit], today: date) -> Changes:
    """What makes the calendar fit the period; None takes off all that is left (cancelled, lost, dropped, became a
    case).

    Only visits from `today` on that have not happened are touched: the past stays as it was, also where it does not fit
    the period any more. Doing it again changes nothing.
    """
    wanted = {visit for visit in calendar(period) if visit.day >= today} if period else set()
    there = {each.visit for each in standing}
    open_ = {each.visit for each in standing if not each.happened and each.visit.day >= today}
    return Changes(tuple(sorted(wanted - there)), tuple(sorted(open_ - wanted)))


def due_tests(period: Period, taken: Iterable[date], today: date) -> tuple[date, ...]:
    """The days of tests that should have been taken by `today` and were not. A test that was missed stays due until
    one is taken on its day or later; one late test makes good for all before it."""
    latest = max(taken, default=date.min)
    return tuple(day for day in period.tests if latest < day <= today)
