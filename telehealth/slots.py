"""Slots: a practitioner's weekly hours, cut into pieces, minus what is taken. Pure.

Hours are wall time in the practitioner's zone; slots are instants in UTC. On the days when clocks change, the hours
still begin and end at their wall time, and the slots between have their full length: a night that is an hour shorter
has fewer slots. A wall time that happens twice means the first; one that never happens means the instant after the gap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

# Nobody can prepare for an appointment in ten minutes: the first slot offered begins after this.
NOTICE = timedelta(minutes=30)
# Slots further away than this are not offered.
HORIZON = timedelta(days=7)
_MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Hours:
    """Regular hours on one weekday (0 Monday). `ends` at 00:00 is the end of the day. `valid_until` is the last day.
    `slot_minutes` None: on duty for the doctors' queue, no appointments."""

    weekday: int
    starts: time
    ends: time
    slot_minutes: int | None
    valid_from: date = date.min
    valid_until: date | None = None


class Slot(NamedTuple):
    """From `starts` up to, not including, `ends`; both UTC. A tuple, because hundreds are sorted per offer."""

    starts: datetime
    ends: datetime


Candidate = tuple[UUID, Slot]
"""A practitioner's slot."""


@lru_cache(maxsize=8192)
def period(hours: Hours, day: date, zone: str) -> Slot | None:
    """When these hours are on that day; None when they are not."""
    if day.weekday() != hours.weekday or day < hours.valid_from:
        return None
    if hours.valid_until is not None and day > hours.valid_until:
        return None
    last_day = day + timedelta(days=1) if hours.ends == _MIDNIGHT else day
    starts, ends = _instant(day, hours.starts, zone), _instant(last_day, hours.ends, zone)
    return Slot(starts, ends) if starts < ends else None


@lru_cache(maxsize=8192)
def slots_of_day(hours: Hours, day: date, zone: str) -> tuple[Slot, ...]:
    """The slots of these hours on that day. A rest shorter than a slot is left over."""
    whole = period(hours, day, zone)
    if whole is None or hours.slot_minutes is None:
        return ()
    length = timedelta(minutes=hours.slot_minutes)
    count = (whole.ends - whole.starts) // length
    return tuple(Slot(whole.starts + n * length, whole.starts + (n + 1) * length) for n in range(count))


@lru_cache(maxsize=1024)
def slots_between(hours: tuple[Hours, ...], zone: str, first: date, last: date) -> tuple[Slot, ...]:
    """All slots of these hours from the first to the last day, in order of time."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return tuple(sorted(slot for day in days for each in hours for slot in slots_of_day(each, day, zone)))


def between(slots: tuple[Slot, ...], earliest: datetime, latest: datetime) -> tuple[Slot, ...]:
    """Of slots in order of time, those that begin from `earliest` up to, not including, `latest`."""
    return slots[bisect_left(slots, earliest, key=_starts) : bisect_left(slots, latest, key=_starts)]


def slots_from(hours: tuple[Hours, ...], zone: str, earliest: datetime, latest: datetime) -> tuple[Slot, ...]:
    """The slots of these hours, taken or not, that begin from `earliest` up to, not including, `latest`."""
    place = ZoneInfo(zone)
    days = earliest.astimezone(place).date(), latest.astimezone(place).date()
    return between(slots_between(hours, zone, *days), earliest, latest)


def free_slots(slots: Sequence[Slot], taken: Iterable[Slot]) -> list[Slot]:
    """Those of `slots`, which are in order of time, that overlap nothing in `taken`."""
    busy = sorted(taken)
    free: list[Slot] = []
    index = 0
    for place, slot in enumerate(slots):
        while index < len(busy) and busy[index].ends <= slot.starts:
            index += 1
        if index == len(busy):
            return free + list(slots[place:])
        if busy[index].starts >= slot.ends:
            free.append(slot)
    return free


def on_duty(hours: Iterable[Hours], zone: str, now: datetime) -> bool:
    """Whether any of these hours are now."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return any(whole.starts <= now < whole.ends for each in hours if (whole := period(each, today, zone)) is not None)


def in_order(free: Mapping[UUID, Sequence[Slot]], load: Mapping[UUID, int]) -> list[list[Candidate]]:
    """Everybody's free slots in the order to offer them, in rounds.

    Within a round every time stands once, earliest first, so that a caller is never given one time twice. The first
    round takes, for each time, the practitioner with the least appointments; the next rounds are for callers who come
    at the same moment.
    """
    at: dict[datetime, list[Candidate]] = defaultdict(list)
    for practitioner in sorted(free, key=lambda each: (load.get(each, 0), each)):
        for slot in free[practitioner]:
            at[slot.starts].append((practitioner, slot))
    columns = [at[starts] for starts in sorted(at)]
    rounds = max(map(len, columns), default=0)
    return [[column[n] for column in columns if n < len(column)] for n in range(rounds)]


def _starts(slot: Slot) -> datetime:
    return slot.starts


def _instant(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
