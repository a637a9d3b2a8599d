"""Who was at a place at the same time as a case. Pure.

A case passes the disease on within a **window** of days. Somebody was **together** with them whose stay at the same
place meets theirs inside the window, or who came within the minutes for which the rule says that the air stays
infectious. People say times as they remember them: each stay carries how far its times may be off, and what follows is
given as told, at least and at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tracing.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a case passes the disease on, from `first` until before `until`; both carry a time zone."""

    first: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody at a place from `arrived` to `left`; either may be up to `off` earlier or later."""

    arrived: datetime
    left: datetime
    off: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Together:
    """How long two people were at one place: minutes by the times as told, at least, and at most; minutes in the air
    that the case had left count. `after`: as told, they came only when the case had gone."""

    minutes: int
    at_least: int
    at_most: int
    after: bool = False


@dataclass(frozen=True, slots=True)
class Visited:
    """A stay of somebody at a venue, as it stands on file."""

    visit_id: UUID
    venue_id: UUID
    person_id: UUID
    stay: Stay


@dataclass(frozen=True, slots=True)
class Met:
    """A stay of the case's and one of somebody else's that met."""

    own: Visited
    other: Visited
    together: Together


def infectious_window(
    rule: Rule, onset_on: date | None, sampled_on: date | None, zone: ZoneInfo, isolated_on: date | None = None
) -> Window | None:
    """From midnight of the first day to midnight after the last, on the clocks of `zone`. Days count from the first
    symptoms, or without any from the sample; `isolated_on` is the last day on which the case met people, if known. A
    definition of F1 that says how long before goes before the disease's own number. None: the rulebook does not say how
    long it lasts, neither day is known, or the case was isolated before it began.
    """
    from_day = onset_on or sampled_on
    if rule.infectious is None or from_day is None:
        return None
    defined = rule.exposures[1].days_before_onset if 1 in rule.exposures else None
    before = rule.infectious.days_before if defined is None else defined
    first, last = from_day - timedelta(days=before), from_day + timedelta(days=rule.infectious.days_after)
    if isolated_on is not None:
        last = min(last, isolated_on)
    if last < first:
        return None
    return Window(datetime.combine(first, time.min, zone), datetime.combine(last + timedelta(days=1), time.min, zone))


def together(own: Stay, other: Stay, window: Window, minutes_after: int = 0) -> Together | None:
    """How long `other` shared the place, or its air, with the case's stay `own`. None if not even at most; somebody
    who came in as the case went out was there for 0 minutes."""
    air = timedelta(minutes=minutes_after)
    at_most = _shared(own, other, window, air, widen=1)
    if at_most is None:
        return None
    told = _shared(own, other, window, air, widen=0)
    at_least = _shared(own, other, window, air, widen=-1)
    return Together(
        minutes=_minutes(told),
        at_least=_minutes(at_least),
        at_most=_minutes(at_most),
        after=told is not None and other.arrived > own.left,
    )


def meetings(own: Iterable[Visited], others: Iterable[Visited], window: Window, minutes_after: int = 0) -> list[Met]:
    """Every meeting at the same venue, the longest first (as told, then at most); equal ones in order of time. Stays of
    the case themselves among `others` do not count."""
    at: dict[UUID, list[Visited]] = {}
    for visited in own:
        at.setdefault(visited.venue_id, []).append(visited)
    met = [
        Met(mine, theirs, found)
        for theirs in others
        for mine in at.get(theirs.venue_id, ())
        if mine.person_id != theirs.person_id
        and (found := together(mine.stay, theirs.stay, window, minutes_after)) is not None
    ]
    return sorted(
        met,
        key=lambda each: (
            -each.together.minutes,
            -each.together.at_most,
            each.other.stay.arrived,
            each.other.visit_id,
            each.own.visit_id,
        ),
    )


def _shared(own: Stay, other: Stay, window: Window, air: timedelta, widen: int) -> timedelta | None:
    """The time that two stays share inside the window, both made longer (1), shorter (-1) or left as told (0) by what
    they may be off. The air stays infectious for as long after the case has left, past the window's end if need be."""
    arrived, left = max(own.arrived - widen * own.off, window.first), min(own.left + widen * own.off, window.until)
    if arrived > left:
        return None
    came, went = other.arrived - widen * other.off, other.left + widen * other.off
    if came > went:
        return None
    first, last = max(arrived, came), min(left + air, went)
    return last - first if first <= last else None


def _minutes(shared: timedelta | None) -> int:
    return 0 if shared is None else int(shared.total_seconds() // 60)
