"""What a report is about. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from tracing.reports.places import REST, Parts, parts_of

MOST_DAYS = 366


@dataclass(frozen=True)
class Asked:
    """The days from `since` to `until`, both included, on the clock of `zone`; the area that the report is about, in
    the units of `system`; one disease, or all (empty). `province` is the department's own.

    The list behind a figure is narrowed further: to one part of the area (`part`: a path, or `rest` for what lies in
    no part of it)."""

    since: date
    until: date
    zone: str
    province: str
    area: str = ""
    system: str = "new"
    disease: str = ""
    part: str = ""

    @cached_property
    def parts(self) -> Parts:
        return parts_of(self.area, self.system, self.province)

    @property
    def days(self) -> list[date]:
        return [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]

    @property
    def begins(self) -> datetime:
        """Midnight before the first day."""
        return self._midnight(self.since)

    @property
    def ends(self) -> datetime:
        """Midnight after the last day; it belongs to the next."""
        return self._midnight(self.until + timedelta(days=1))

    @property
    def paths(self) -> list[str]:
        """The known paths that make up the part; for the rest, those that do not."""
        part_of = self.parts.part_of
        if self.part == REST:
            return sorted(part_of)
        return sorted(path for path, holder in part_of.items() if holder == self.part)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, ZoneInfo(self.zone)).astimezone(UTC)
