"""When somebody counts as lost, and what follows from a day that is over. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from tracing.cases.events import Lost, PeriodCompleted
from tracing.followup.period import Extended, Period
from tracing.followup.visits import VisitOutcome, VisitResult
from tracing.rules.model import Loss


def is_lost(results: Collection[VisitResult], rule: Loss) -> bool:
    """Whether nobody could reach them on the last `failed_days` days on which somebody tried, at `differing_hours`
    different hours of the day at least.

    A day counts as failed when every try on it was in vain. A day on which we did not call says nothing about them:
    it is passed over. Reaching them once, cooperative or not, begins the count again.
    """
    last_reached = max((each.day for each in results if each.outcome.reached), default=date.min)
    failed = [each for each in results if each.outcome is VisitOutcome.UNAVAILABLE and each.day > last_reached]
    days = {each.day for each in failed}
    hours = {each.at.hour for each in failed}
    return len(days) >= rule.failed_days and len(hours) >= rule.differing_hours


def close_day(day: date, period: Period, results: Collection[VisitResult]) -> Extended | PeriodCompleted | Lost | None:
    """What follows when `day` is over; None: the follow-up goes on.

    `results` are those since the follow-up last began: whoever was found again or resumed is not lost for what was
    before that. What lies before the period, which a newer exposure restarts, is left out here.

    Who is lost by the rule is lost. On the last day, a talk completes the follow-up; without one the period is
    extended as far as the rule allows, and then they are lost: nobody knows how they are. Where the rule extends
    nothing, the period simply ends.
    """
    so_far = [each for each in results if period.first <= each.day <= day]
    if is_lost(so_far, period.rule.practice.loss):
        return Lost()
    if day < period.last:
        return None
    talked = any(each.outcome is VisitOutcome.COOPERATIVE and each.day >= period.last for each in so_far)
    if talked or period.rule.practice.extension is None:
        return PeriodCompleted()
    return Extended(day) if period.last < period.latest else Lost()
