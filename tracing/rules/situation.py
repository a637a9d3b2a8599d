"""What a rule has to know about a contact to choose their course. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.errors import UserError
from tracing.rules.model import Course, Rule

NAMES = ("generation", "doses", "days_since_dose", "months_since_dose", "recovered", "months_since_recovery")
"""What every rule may ask of a contact in its conditions, as `person.doses`; a rule's own facts come on top."""


@dataclass(frozen=True, slots=True)
class Situation:
    """A contact as rules see them, on the day they became known as one (`reported_on`): that is the day on which
    doses and recovery are counted ("tính đến thời điểm được xác định là đối tượng F1", 10696/BYT-MT).

    What nobody knows stays away: no dose, not recovered. `facts` are the ids of the rule's own facts that hold.
    `quarantined_on` is the first day of the quarantine, if it was another than `reported_on`.
    """

    reported_on: date
    generation: int = 1
    doses: int = 0
    last_dose_on: date | None = None
    recovered_on: date | None = None
    quarantined_on: date | None = None
    facts: frozenset[str] = frozenset()


def course_for(rule: Rule, situation: Situation) -> Course:
    """The first course of the rule whose condition fits. Every rule ends with one for everybody else.

    Raises UserError when a condition cannot be worked out, which the loader should have prevented, and for a fact that
    the rule does not know: a person meant something by it."""
    if unknown := situation.facts - {fact.id for fact in rule.facts}:
        known = ", ".join(fact.id for fact in rule.facts) or "none"
        raise UserError(
            f"The rule {rule.name} does not ask about {', '.join(sorted(unknown))}.", f"Facts it asks about: {known}."
        )
    scope = {"person": members(rule, situation)}
    for course in rule.courses:
        if course.when is None:
            return course
        worked, value = course.when.evaluate(scope)
        if not worked:
            raise UserError(
                f"The condition of course {course.id} in rule {rule.name} cannot be worked out: {value}",
                "Correct `when` in the rulebook.",
            )
        if value is True:
            return course
    raise UserError(f"No course of rule {rule.name} fits.", "Add one without `when` at the end.")


def members(rule: Rule, situation: Situation) -> Mapping[str, Any]:
    """The values of `person` in conditions.

    Months are counted as decisions speak ("không quá 06 tháng"): `months_since_dose` is the smallest number of months
    within which the dose was given, so `<= 6` holds up to and on the day six months later. Without a dose or a recovery
    the days and months are 0: ask for `doses` or `recovered` first.
    """
    day = situation.reported_on
    return {
        "generation": situation.generation,
        "doses": situation.doses,
        "days_since_dose": (day - situation.last_dose_on).days if situation.last_dose_on else 0,
        "months_since_dose": months_within(situation.last_dose_on, day) if situation.last_dose_on else 0,
        "recovered": situation.recovered_on is not None,
        "months_since_recovery": months_within(situation.recovered_on, day) if situation.recovered_on else 0,
        **{fact.id: fact.id in situation.facts for fact in rule.facts},
    }


def months_within(start: date, day: date) -> int:
    """The smallest number of whole months after which `day` has come: 0 on `start` itself and before, 1 up to the same
    day of the next month. A month that lacks the day ends on its last one: 31 August and six months is 28 February."""
    if day <= start:
        return 0
    months = (day.year - start.year) * 12 + day.month - start.month
    same_day = min(start.day, _days_in(day.year, day.month))
    return months if day.day <= same_day else months + 1


def _days_in(year: int, month: int) -> int:
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    return (first_of_next - date(year, month, 1)).days
