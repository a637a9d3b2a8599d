"""Days in the department's zone: spans of UTC, and dates as people read and send them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, get_locale


def day_span(day: date, zone: ZoneInfo, days: int = 1) -> tuple[datetime, datetime]:
    """From midnight of `day` to midnight `days` later."""
    first = datetime.combine(day, time.min, zone)
    last = datetime.combine(day + timedelta(days=days), time.min, zone)
    return first.astimezone(UTC), last.astimezone(UTC)


def today(now: datetime, zone: ZoneInfo) -> date:
    """The date on the department's calendar."""
    return now.astimezone(zone).date()


def parse_day(text: object) -> date | None:
    """A date as `<input type=date>` sends it; None for anything else, and for years that nobody means."""
    try:
        day = date.fromisoformat(text) if isinstance(text, str) and text else None
    except ValueError:
        return None
    return day if day and is_sensible(day) else None


def is_sensible(day: date) -> bool:
    """Whether the day can be reckoned with: near the ends of the calendar, the day before or after is an error."""
    return 1900 <= day.year <= 2200


def monday_of(day: date) -> date:
    """The Monday of the week that holds the day."""
    return day - timedelta(days=day.weekday())


def shown_day(day: date) -> str:
    """In figures in Vietnamese, with the month's name in English."""
    return str(format_date(day, "d/M/yyyy" if str(get_locale()) == "vi" else "d MMM y", rebase=False))
