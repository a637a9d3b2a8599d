"""What is counted while a rehearsal runs: nothing of single people, and no more for a long list than for a short one,
but the moment at which each place was reached and had its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Counts:
    """The counts of one rehearsal that began at `begins`. Hours count from there; hours of the day are on the
    campaign's clocks. Line seconds are those of calls that ring or are answered."""

    begins: datetime
    zone: ZoneInfo
    reached_at: dict[int, datetime] = field(default_factory=dict)
    done_at: dict[int, tuple[datetime, str]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    dialed: Counter[int] = field(default_factory=Counter)  # by hour of the day
    answered: Counter[int] = field(default_factory=Counter)  # of those, by a person
    days_dialed: Counter[str] = field(default_factory=Counter)
    days_reached: Counter[str] = field(default_factory=Counter)
    days_flagged: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    talk_seconds: float = 0.0
    line_seconds: Counter[int] = field(default_factory=Counter)  # by hour from the beginning
    full_seconds: Counter[int] = field(default_factory=Counter)  # while somebody was due and no line was free
    peaks: Counter[int] = field(default_factory=Counter)
    flagged: int = 0
    red_flags: int = 0
    turns: int = 0
    ended: datetime | None = None
    _busy: int = 0
    _since: datetime | None = None
    _full: bool = False

    def lines(self, now: datetime, change: int, full: bool | None = None) -> None:
        """So many lines more are taken from `now` on; `full`: somebody is due, and none is free."""
        if self._since is not None:
            self._spread(self._since, now)
        self._since = now
        self._busy += change
        self._full = self._full if full is None else full
        hour = self.hour(now)
        self.peaks[hour] = max(self.peaks[hour], self._busy)

    def hour(self, moment: datetime) -> int:
        """The hour from the beginning."""
        return int((moment - self.begins) // HOUR)

    def hour_of_day(self, moment: datetime) -> int:
        return moment.astimezone(self.zone).hour

    def day(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).date().isoformat()

    def _spread(self, since: datetime, until: datetime) -> None:
        """The seconds between the two moments, hour by hour."""
        while since < until and (self._busy or self._full):
            hour = self.hour(since)
            end = min(until, self.begins + (hour + 1) * HOUR)
            seconds = (end - since).total_seconds()
            self.line_seconds[hour] += self._busy * seconds  # type: ignore[assignment]
            if self._full:
                self.full_seconds[hour] += seconds  # type: ignore[assignment]
            self.peaks[hour] = max(self.peaks[hour], self._busy)
            since = end
