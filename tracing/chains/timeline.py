"""The timeline: a line for each person, generation by generation, over the days. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracing.chains.folding import Folded
from tracing.chains.geometry import Box, Plan
from tracing.chains.tree import MORE

LEFT, TOP, ROW, EDGE = 216.0, 46.0, 30.0, 12.0
_NAMES = 196.0
_LONGEST = 366
"""Days that are shown at most; what was before stands on the first of them."""
_WIDEST, _NARROWEST, _WISHED = 26.0, 2.5, 900.0


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a person by the day. Spans are a first and a last day, both counted in; the parts of a
    quarantine carry their place, tests their result, calls whether somebody answered."""

    exposures: tuple[date, ...] = ()
    onset: date | None = None
    tests: tuple[tuple[date, str], ...] = ()
    followed: tuple[date, date] | None = None
    apart: tuple[tuple[date, date, str], ...] = ()
    calls: tuple[tuple[date, bool], ...] = ()

    def days(self) -> Iterable[date]:
        yield from self.exposures
        yield from (day for day, _ in (*self.tests, *self.calls))
        yield from (day for first, last, _ in self.apart for day in (first, last))
        yield from self.followed or ()
        if self.onset:
            yield self.onset


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of a picture: `x(day)` is where a day begins, `wide` how wide it is."""

    first: date
    last: date
    wide: float

    def x(self, day: date) -> float:
        kept = min(max(day, self.first), self.last)
        return round(LEFT + (kept - self.first).days * self.wide, 1)

    def middle(self, day: date) -> float:
        return round(self.x(day) + self.wide / 2, 1)

    def span(self, first: date, last: date) -> tuple[float, float]:
        """Where a span begins, and how wide it is."""
        begins = self.x(first)
        return begins, round(self.x(last) + self.wide - begins, 1)

    def marked(self) -> list[date]:
        """The days that are written on the axis: every one, every Monday, or the first of the month."""
        days = [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]
        if self.wide >= 24 and len(days) <= 21:
            return days
        if self.wide * 7 >= 40:
            return [day for day in days if day.weekday() == 0] or days[:1]
        return [day for day in days if day.day == 1] or days[:1]


@dataclass(frozen=True, slots=True)
class TimelinePlan(Plan):
    """Boxes are those of the names, at the left; every line is as high as its box."""

    calendar: Calendar


def rows_of(folded: Folded, roots: Sequence[str]) -> list[str]:
    """Who stands in which line: generation by generation, people of one source together, and behind them the line that
    counts those who are folded away."""
    rows = list(roots)
    for key in folded.order:
        rows += folded.children.get(key, ())
        if key in folded.hidden:
            rows.append(MORE + key)
    return rows


def plan_timeline(rows: Sequence[str], lives: Mapping[str, Life], today: date) -> TimelinePlan:
    """A line for each of `rows`. The days are those on which anything happened; today too, if it is not far off."""
    days = sorted({day for life in lives.values() for day in life.days()} or {today})
    first, last = days[0], days[-1]
    if first - timedelta(days=7) <= today <= last + timedelta(days=31):
        first, last = min(first, today), max(last, today)
    first, last = first - timedelta(days=1), last + timedelta(days=1)
    first = max(first, last - timedelta(days=_LONGEST))
    count = (last - first).days + 1
    calendar = Calendar(first, last, min(_WIDEST, max(_NARROWEST, round(_WISHED / count, 2))))
    boxes = {key: Box(EDGE + _NAMES / 2, TOP + (place + 0.5) * ROW, _NAMES, ROW - 4) for place, key in enumerate(rows)}
    width = round(LEFT + count * calendar.wide + EDGE, 1)
    return TimelinePlan(width, TOP + max(1, len(rows)) * ROW + EDGE, boxes, (), calendar)
