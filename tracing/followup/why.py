"""Why a follow-up lasts as long as it does, for people to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial

from tracing.followup.counting import Since
from tracing.followup.period import Period
from tracing.rules.model import Text, written_day

_SINCE: Mapping[Since, Text] = {
    Since.LAST_EXPOSURE: {"vi": "ngày tiếp xúc cuối", "en": "the last exposure"},
    Since.QUARANTINE_START: {"vi": "ngày bắt đầu cách ly", "en": "the first day of quarantine"},
    Since.REPORTED: {"vi": "ngày được báo, vì không rõ ngày tiếp xúc", "en": "reported; no exposure is dated"},
}


def why(period: Period) -> tuple[Text, ...]:
    """The reasons for the last day, a sentence each, the rule's first."""
    vietnamese, english = _vietnamese(period), _english(period)
    return tuple({"vi": vi, "en": en} for vi, en in zip(vietnamese, english, strict=True))


def _vietnamese(period: Period) -> Iterator[str]:
    course, day_one, day = period.course, period.rule.day_one, _writer("vi")
    yield (
        f"{course.label['vi']}: {course.follow_up_days} ngày, {day(period.start.day)} "
        f"({_SINCE[period.start.since]['vi']}) là ngày {day_one.counts_as}, theo {course.decision.cite('vi')}."
    )
    if (override := period.override) is not None:
        yield f"{override.by} đặt ngày cuối là {day(override.last_day)}: {override.reason}"
    if period.last > period.settled:
        yield f"Gia hạn đến {day(period.last)}, vì ngày cuối chưa nói chuyện được."


def _english(period: Period) -> Iterator[str]:
    course, day_one, day = period.course, period.rule.day_one, _writer("en")
    yield (
        f"{course.label['en']}: {course.follow_up_days} days, with {day(period.start.day)} "
        f"({_SINCE[period.start.since]['en']}) as day {day_one.counts_as}, by {course.decision.cite('en')}."
    )
    if (override := period.override) is not None:
        yield f"{override.by} set the last day to {day(override.last_day)}: {override.reason}"
    if period.last > period.settled:
        yield f"Extended to {day(period.last)}, because nobody could talk with them on the last day."


def _writer(language: str) -> Callable[[date], str]:
    return partial(written_day, language=language)
