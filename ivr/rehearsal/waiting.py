"""Who waits in a rehearsal, and who is due: what the database's index and `due_targets` do in reality. In memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush, nsmallest

from ivr.campaigns.choosing import Group, heads_wanted, in_turns
from ivr.campaigns.model import Campaign, Target
from ivr.campaigns.rules import window_of
from ivr.campaigns.window import Window, is_allowed, next_allowed


@dataclass(slots=True)
class _Group:
    """The targets of an area that wait, by when they are due and their place on the list, and when the area last got a
    line."""

    waiting: list[tuple[datetime, int]] = field(default_factory=list)
    served_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        return bool(self.waiting) and self.waiting[0][0] <= now


class Waiting:
    """The targets of one campaign that wait for a call. A target's place on the list is its id."""

    def __init__(self, campaign: Campaign, targets: Sequence[Target]) -> None:
        self._campaign = campaign
        self._targets = targets
        self._groups: dict[Group, _Group] = {}
        self._windows: dict[str, Window] = {}
        for target in targets:
            self._group(target).waiting.append((target.next_at, place_of(target)))
        for group in self._groups.values():
            heapify(group.waiting)
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
        heappush(self._group(target).waiting, (target.next_at, place_of(target)))

    def served(self, target: Target, now: datetime) -> None:
        """The target's area has just got a line: the others come first now."""
        self._group(target).served_at = now

    def take_due(self, now: datetime, room: int, opened: Collection[str], busy: Collection[str]) -> list[Target]:
        """At most `room` targets to call now, in the order in which they should get lines; they wait no more. Nobody
        whose telephone is `busy`."""
        if room <= 0:
            return []
        turns = (
            (group.served_at is not None, group.served_at or now, key)
            for key, group in self._groups.items()
            if key[1] in opened and group.is_due(now) and self._anybody(group, now, busy)
        )
        keys = [key for _, _, key in nsmallest(room, turns)]
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
        return any(zone in opened and group.is_due(now) for (_, zone), group in self._groups.items())

    def next_due(self, now: datetime) -> datetime | None:
        """When somebody comes due next. Who is due already waits for a line, or for the hours."""
        moments, opened = [], self.opened(now)
        for (_, zone), group in self._groups.items():
            if not group.waiting:
                continue
            if not group.is_due(now):
                moments.append(group.waiting[0][0])
            elif zone not in opened:
                moments.append(next_allowed(now, self.window(zone)))
        return min(moments, default=None)

    def take_all(self) -> Iterator[Target]:
        """Everybody; nobody waits any more."""
        for group in self._groups.values():
            yield from (self._targets[place] for _, place in group.waiting)
            group.waiting.clear()

    def _group(self, target: Target) -> _Group:
        return self._groups.setdefault((target.area, target.zone), _Group())

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
