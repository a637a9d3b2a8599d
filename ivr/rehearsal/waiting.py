"""Who waits in a rehearsal, and who is due: what the database's index and `due_targets` do in reality. In memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush

from ivr.campaigns.choosing import Group, heads_wanted, in_turns
from ivr.campaigns.model import Campaign, Target
from ivr.campaigns.rules import window_of
from ivr.campaigns.window import Window, is_allowed, next_allowed

# Areas that never got a line come first.
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Group:
    """The targets of an area that wait, by when they are due and their place on the list, and when the area last got a
    line."""

    waiting: list[tuple[datetime, int]] = field(default_factory=list)
    served_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        return bool(self.waiting) and self.waiting[0][0] <= now


class Waiting:
    """The targets of one campaign that wait for a call. A target's place on the list is its id.

    A group stands in one of two heaps: `ready`, in order of its turn, when somebody of it is due; `later`, by the
    moment when somebody will be. Those just looked at stand aside until the next look. So a look costs the same for
    five groups as for five thousand.
    """

    def __init__(self, campaign: Campaign, targets: Sequence[Target]) -> None:
        self._campaign = campaign
        self._targets = targets
        self._groups: dict[Group, _Group] = {}
        self._windows: dict[str, Window] = {}
        self._ready: list[tuple[datetime, Group]] = []
        self._is_ready: set[Group] = set()
        self._later: list[tuple[datetime, Group]] = []
        self._aside: set[Group] = set()
        for target in targets:
            key = (target.area, target.zone)
            self._groups.setdefault(key, _Group()).waiting.append((target.next_at, place_of(target)))
        for group in self._groups.values():
            heapify(group.waiting)
        self._aside.update(self._groups)
        self._zones = {zone for _, zone in self._groups}

    def window(self, zone: str) -> Window:
        """The calling hours on the clocks of a zone; empty: the campaign's."""
        if zone not in self._windows:
            self._windows[zone] = window_of(self._campaign, zone)
        return self._windows[zone]

    def opened(self, now: datetime) -> set[str]:
        """The zones in which calls are allowed now."""
        return {zone for zone in self._zones if is_allowed(now, self.window(zone))}

    def add(self, target: Target) -> None:
        """The target waits, again or once more in its turn."""
        key = (target.area, target.zone)
        heappush(self._groups[key].waiting, (target.next_at, place_of(target)))
        heappush(self._later, (target.next_at, key))

    def served(self, target: Target, now: datetime) -> None:
        """The target's area has just got a line: the others come first now. Only for targets just taken."""
        self._groups[target.area, target.zone].served_at = now

    def take_due(self, now: datetime, room: int, opened: Collection[str], busy: Collection[str]) -> list[Target]:
        """At most `room` targets to call now, in the order in which they should get lines; they wait no more. Nobody
        whose telephone is `busy`."""
        self._sort(now)
        keys: list[Group] = []
        while self._ready and len(keys) < room:
            key = heappop(self._ready)[1]
            self._is_ready.discard(key)
            self._aside.add(key)
            if key[1] in opened and self._anybody(self._groups[key], now, busy):
                keys.append(key)
        if not keys:
            return []
        each = heads_wanted(room, len(keys))
        heads = {key: self._take(self._groups[key], each, now, busy) for key in keys}
        due = in_turns(keys, heads, room)
        taken = {target.id for target in due}
        for targets in heads.values():
            for target in targets:
                if target.id not in taken:
                    self.add(target)
        return due

    def anybody_due(self, now: datetime, opened: Collection[str]) -> bool:
        """Whether somebody is due where calls are allowed now."""
        self._sort(now)
        return any(zone in opened for _, (_, zone) in self._ready)

    def next_due(self, now: datetime) -> datetime | None:
        """When somebody comes due next. Who is due already waits for a line, or for the hours."""
        self._sort(now)
        moments = [self._later[0][0]] if self._later else []
        opened = self.opened(now)
        if len(opened) < len(self._zones):
            closed = {zone for _, (_, zone) in self._ready} - opened
            moments += [next_allowed(now, self.window(zone)) for zone in closed]
        return min(moments, default=None)

    def take_all(self) -> Iterator[Target]:
        """Everybody; nobody waits any more."""
        for group in self._groups.values():
            yield from (self._targets[place] for _, place in group.waiting)
            group.waiting.clear()

    def _sort(self, now: datetime) -> None:
        """Put every group that was looked at, or has somebody who came due, where it belongs."""
        while self._later and self._later[0][0] <= now:
            self._aside.add(heappop(self._later)[1])
        for key in self._aside - self._is_ready:
            group = self._groups[key]
            if group.is_due(now):
                heappush(self._ready, (group.served_at or _NEVER, key))
                self._is_ready.add(key)
            elif group.waiting:
                heappush(self._later, (group.waiting[0][0], key))
        self._aside.clear()

    def _anybody(self, group: _Group, now: datetime, busy: Collection[str]) -> bool:
        """Whether somebody of a group that has somebody due can be called; nearly always the first decides."""
        if self._targets[group.waiting[0][1]].phone not in busy:
            return True
        return any(due <= now and self._targets[place].phone not in busy for due, place in group.waiting)

    def _take(self, group: _Group, most: int, now: datetime, busy: Collection[str]) -> list[Target]:
        found: list[Target] = []
        passed: list[tuple[datetime, int]] = []
        while group.is_due(now) and len(found) < most:
            item = heappop(group.waiting)
            target = self._targets[item[1]]
            if target.phone in busy:
                passed.append(item)
            else:
                found.append(target)
        for item in passed:
            heappush(group.waiting, item)
        return found


def place_of(target: Target) -> int:
    """The target's place on the list, from 0."""
    return target.id.int - 1
