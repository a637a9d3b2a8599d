"""A week's hours as people write them: `07:30-11:30, 13:30-17:00`, or a line for several days. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import NamedTuple

from core.errors import UserError
from telehealth.slots import Hours

Span = tuple[time, time]
"""From, until; 00:00 as the end is midnight."""

DUTY = "duty"


class WeekLine(NamedTuple):
    """Weekdays with the same times; `slot_minutes` None: on queue duty only."""

    weekdays: tuple[int, ...]
    times: str
    slot_minutes: int | None


class Period(NamedTuple):
    """A week's hours and the days on which they hold; `until` is the last."""

    since: date
    until: date | None
    lines: list[WeekLine]


_CLOCK = r"(\d{1,2})(?:[:hg](\d{2})?)?"
_SPAN = re.compile(rf"{_CLOCK}-{_CLOCK}")
_DAYS = re.compile(r"([0-6])(?:-([0-6]))?")


def parse_times(text: str) -> list[Span]:
    """`07:30-11:30, 13h30-17h` as spans of time, `24:00` being midnight. Raises UserError for what is none."""
    tight = re.sub(r"\s*[-–]\s*", "-", text.strip().lower())
    return [_span(part) for part in re.split(r"[,;\s]+", tight) if part]


def write_times(spans: Iterable[Span]) -> str:
    """The spans as `parse_times` reads them, in order."""
    return ", ".join(f"{starts:%H:%M}-{_until(ends)}" for starts, ends in sorted(spans))


def parse_line(line: str, slot_minutes: int) -> list[Hours]:
    """`0-4 07:30-11:30 13:30-17:00`: days (0 Monday … 6 Sunday), then times; `duty` at the end means that the doctor
    answers the queue then and has no appointments. Raises UserError for what cannot be read."""
    days, *times = line.lower().split() or [""]
    on_duty = times[-1:] == [DUTY]
    spans = parse_times(" ".join(times[:-1] if on_duty else times))
    if not spans:
        raise UserError(f"{line!r} has no hours.", "Write days and hours, such as 0-4 07:30-11:30 13:30-17:00.")
    minutes = None if on_duty else slot_minutes
    return [Hours(day, *span, minutes) for day in _days(days) for span in spans]


def in_periods(hours: Sequence[Hours]) -> list[Period]:
    """The hours in a few words, earliest period first, days with equal hours together."""
    of_period: dict[tuple[date, date | None], list[Hours]] = defaultdict(list)
    for each in hours:
        of_period[each.valid_from, each.valid_until].append(each)
    return [
        Period(since, until, _lines(of_period[since, until]))
        for since, until in sorted(of_period, key=lambda period: (period[0], period[1] or date.max))
    ]


def _lines(hours: Sequence[Hours]) -> list[WeekLine]:
    spans: dict[tuple[int, int | None], list[Span]] = defaultdict(list)
    for each in hours:
        spans[each.weekday, each.slot_minutes].append((each.starts, each.ends))
    days: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for (weekday, minutes), of_day in sorted(spans.items(), key=lambda item: item[0][0]):
        days[write_times(of_day), minutes].append(weekday)
    return [WeekLine(tuple(weekdays), times, minutes) for (times, minutes), weekdays in days.items()]


def _span(part: str) -> Span:
    match = _SPAN.fullmatch(part)
    if match is not None:
        hour, minute, end_hour, end_minute = (int(each or 0) for each in match.groups())
        if hour < 24 and (end_hour < 24 or (end_hour, end_minute) == (24, 0)) and minute < 60 and end_minute < 60:
            return time(hour, minute), time(end_hour % 24, end_minute)
    raise UserError(f"{part!r} is no span of hours.", "Write 07:30-11:30, with commas between several.")


def _until(ends: time) -> str:
    return "24:00" if ends == time(0) else f"{ends:%H:%M}"


def _days(text: str) -> list[int]:
    days: set[int] = set()
    for part in text.split(","):
        match = _DAYS.fullmatch(part)
        if match is None:
            raise UserError(f"{text!r} is no list of weekdays.", "Write 0-4 for Monday to Friday, or 0,2,5.")
        days.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return sorted(days)
