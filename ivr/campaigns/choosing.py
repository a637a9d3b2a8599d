"""Whom to call next, as functions of values: no database, no clock.

`claim_due` calls these under its locks, and `ivr.rehearsal` for people who do not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from ivr.campaigns.model import Campaign, Target
from ivr.campaigns.rules import pace_of, share

Group = tuple[str, str]
"""An area of a campaign and a time zone (empty: the campaign's)."""
Item = TypeVar("Item")

# So many seconds' worth of calls may wait for their dial: enough to keep the pace between two ticks, few enough that
# pausing takes effect at once.
_AHEAD = 2


def room_of(campaign: Campaign, live: int, undialed: int) -> int:
    """How many more targets of the campaign may be claimed: below its cap, and only as many as can be dialed soon.
    `live` calls are going on, `undialed` of them still wait for their dial."""
    return min(campaign.cap - live, _AHEAD * pace_of(campaign.pace).calls - undialed)


def heads_wanted(room: int, groups: int) -> int:
    """How many targets of each group are looked at; what one area cannot use goes to the others a second later."""
    return -(-room // groups)


def in_turns(groups: Sequence[Group], waiting: Mapping[Group, Sequence[Item]], room: int) -> list[Item]:
    """At most `room` of those who wait, one of each group after the other, the groups in the order given."""
    most = max((len(waiting.get(group, ())) for group in groups), default=0)
    rounds = (waiting[group][at] for at in range(most) for group in groups if at < len(waiting.get(group, ())))
    return [item for item, _ in zip(rounds, range(room), strict=False)]


def chosen(
    due: Mapping[str, Sequence[Target]], live: Mapping[str, int], first: Collection[str], lines: int | None
) -> dict[str, list[Target]]:
    """Who is called now, by campaign, of those who are `due`. `live` are the calls that go on by campaign, `lines` is
    how many there are for all (None: enough). The campaigns in `first` come before the others. A family on one
    telephone is called one after another."""
    free = None if lines is None else lines - sum(live.values())
    given = share(free, {name: len(targets) for name, targets in due.items()}, live, first)
    ringing: set[str] = set()
    result: dict[str, list[Target]] = {}
    for name, targets in sorted(due.items(), key=lambda item: item[0] not in first):
        result[name] = []
        for target in targets[: given[name]]:
            if target.phone not in ringing:
                ringing.add(target.phone)
                result[name].append(target)
    return result
