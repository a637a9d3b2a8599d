"""Calling hours: when a person may be called, in their own time zone. Pure: moments in, moments out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import UserError

# A week always holds an allowed day; one more covers a day whose hours fell into a clock change.
_DAYS_AHEAD = 15
_MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class Window:
    """Calls are allowed from `opens` until just before `closes`, on `weekdays` (0 Monday … 6 Sunday), local time in
    `zone`. Closing at 00:00 is midnight at the end of the day, so 00:00 to 00:00 is the whole day. Raises UserError
    when that leaves no moment."""

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]

    def __post_init__(self) -> None:
        if self.closes != _MIDNIGHT and self.opens >= self.closes:
            raise UserError(
                "The calling hours end before they begin.",
                "Give hours within one day, such as 08:00 to 20:00.",
            )
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise UserError("There is no day to call on.", "Choose at least one weekday, 0 (Monday) to 6 (Sunday).")


def known_zone(name: str) -> ZoneInfo:
    """The time zone of this name. Raises UserError for one that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UserError(f"{name!r} is no time zone.", "Write it as Asia/Ho_Chi_Minh.") from error


def make_window(zone: str, opens: time, closes: time, weekdays: Iterable[int]) -> Window:
    """The window, from the values a campaign keeps. Raises UserError for a zone nobody knows."""
    return Window(known_zone(zone), opens, closes, frozenset(weekdays))


def is_allowed(moment: datetime, window: Window) -> bool:
    """Whether a call may be made at this moment."""
    local = moment.astimezone(window.zone)
    before_closing = window.closes == _MIDNIGHT or local.time() < window.closes
    return local.weekday() in window.weekdays and window.opens <= local.time() and before_closing


def next_allowed(moment: datetime, window: Window) -> datetime:
    """The first moment from `moment` on at which a call is allowed, in UTC.

    Hours that a clock change skips open after it, as long after as they would have been open before; hours that it
    repeats count both times.
    """
    if is_allowed(moment, window):
        return moment.astimezone(UTC)
    today = moment.astimezone(window.zone).date()
    for ahead in range(_DAYS_AHEAD):
        opening = datetime.combine(today + timedelta(days=ahead), window.opens)
        for fold in (0, 1):
            candidate = opening.replace(tzinfo=window.zone, fold=fold).astimezone(UTC)
            if candidate >= moment and is_allowed(candidate, window):
                return candidate
    raise UserError("The calling hours leave no moment to call.", "Widen the hours or the days.")
