"""Slots: a practitioner's weekly hours, cut into pieces, minus what is taken. Pure.

Hours are wall time in the practitioner's zone; slots are instants in UTC. On the days when clocks change, the hours
still begin and end at their wall time, and the slots between have their full length: a night that is an hour shorter
has fewer slots. A wall time that happens twice means the first; one that never happens means the instant after the gap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
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


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """From `starts` up to, not including, `ends`; both UTC."""

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


def free_slots(
    hours: Sequence[Hours], zone: str, taken: Iterable[Slot], earliest: datetime, latest: datetime
) -> list[Slot]:
    """The slots that begin from `earliest` up to `latest` and overlap nothing in `taken`, in order of time."""
    slots = sorted(
        slot
        for day in _days(earliest, latest, zone)
        for each in hours
        for slot in slots_of_day(each, day, zone)
        if earliest <= slot.starts <= latest
    )
    busy = sorted(taken)
    free, index = [], 0
    for slot in slots:
        while index < len(busy) and busy[index].ends <= slot.starts:
            index += 1
        if index == len(busy) or busy[index].starts >= slot.ends:
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


def _days(earliest: datetime, latest: datetime, zone: str) -> Iterator[date]:
    place = ZoneInfo(zone)
    day, last = earliest.astimezone(place).date(), latest.astimezone(place).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _instant(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
