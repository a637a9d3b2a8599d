"""The day from which days are counted, and what a person set instead of the rule. Pure; shared by follow-up and
quarantine."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracing.rules.model import CountedFrom, Rule
from tracing.rules.situation import Situation


@dataclass(frozen=True, slots=True)
class Override:
    """A person set the last day: a later one extends, an earlier one reduces. `at` is on the department's clock. All
    are kept; the newest counts."""

    last_day: date
    by: str
    at: datetime
    reason: str


class Since(StrEnum):
    """What the day is that days are counted from."""

    LAST_EXPOSURE = "last_exposure"
    QUARANTINE_START = "quarantine_start"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Start:
    """The day that days are counted from; the rule's `day_one` says whether it is day 0 or day 1."""

    day: date
    since: Since


def start_of(rule: Rule, situation: Situation, exposures: Collection[date]) -> Start:
    """Where the count begins: at the newest exposure, so that each newer one begins it again, in whatever order they
    come.

    Without any known exposure, on the day on which the contact became known. Where the rule counts from the
    quarantine, on its first day (the day the contact became known, unless told otherwise), or at an exposure after
    that.
    """
    newest = max(exposures, default=date.min)
    if rule.day_one.of is CountedFrom.LAST_EXPOSURE:
        return Start(newest, Since.LAST_EXPOSURE) if exposures else Start(situation.reported_on, Since.REPORTED)
    began = situation.quarantined_on or situation.reported_on
    return Start(newest, Since.LAST_EXPOSURE) if newest > began else Start(began, Since.QUARANTINE_START)


def with_override(
    by_rule: date, newest_exposure: date | None, overrides: Iterable[Override]
) -> tuple[date, Override | None]:
    """The last day when people have their say, and the override that made it so (None: the rule did).

    An exposure after the day of an override is something that its author did not know: the override then cannot shorten
    any more, only lengthen.
    """
    newest = max(overrides, key=lambda each: (each.at, each.last_day), default=None)
    if newest is None:
        return by_rule, None
    outdated = newest_exposure is not None and newest_exposure > newest.at.date()
    if outdated and newest.last_day <= by_rule:
        return by_rule, None
    return newest.last_day, newest
