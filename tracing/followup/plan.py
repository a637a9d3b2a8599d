"""What is planned for somebody, from what is known of them: the rule, the period, the quarantine. Pure.

The rule is that of the day on which the newest exposure became known (without any dated one: the contact), so that a
later decision changes no follow-up that has begun, and a newer exposure begins one under the rule of its own day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.errors import UserError
from tracing.followup.counting import Override
from tracing.followup.period import Extended, Period, period
from tracing.followup.quarantine import Quarantine, quarantine
from tracing.rules.model import Course, Rule, Text, written_day
from tracing.rules.rulebook import Rulebook
from tracing.rules.situation import Situation, course_for


@dataclass(frozen=True, slots=True)
class Known:
    """What is on file of a person and a disease. `exposures`: the days, each with the day on which it became known;
    `reported`: the first day on which they were known as a contact; `doses`: their numbers and days; `missed`: last
    days without a talk; `last_days` and `confinements`: what people set."""

    area: str
    reported: date
    exposures: tuple[tuple[date, date], ...] = ()
    generation: int = 1
    doses: tuple[tuple[int, date | None], ...] = ()
    recovered_on: date | None = None
    facts: frozenset[str] = frozenset()
    missed: tuple[date, ...] = ()
    last_days: tuple[Override, ...] = ()
    confinements: tuple[Override, ...] = ()

    @property
    def known_on(self) -> date:
        """When the newest exposure became known."""
        newest = max((day for day, _ in self.exposures), default=None)
        return min((known for day, known in self.exposures if day == newest), default=self.reported)


@dataclass(frozen=True, slots=True)
class Plan:
    """`period` is None when the rule asks for no follow-up."""

    rule: Rule
    course: Course
    situation: Situation
    period: Period | None
    quarantine: Quarantine


def plan(rulebook: Rulebook, disease: str, known: Known) -> Plan | None:
    """What the rulebook asks for; None when no rule holds, which nobody makes up for by guessing."""
    try:
        rule = rulebook.rule_for(disease, known.area, known.known_on)
    except UserError:
        return None
    situation = _situation(rule, known)
    days = [day for day, _ in known.exposures]
    kept_apart = quarantine(rule, situation, days, known.confinements)
    held_until = kept_apart.confined_until if kept_apart.override is not None else None
    extensions = [Extended(day) for day in known.missed]
    followed = period(rule, situation, days, extensions, known.last_days, held_until)
    return Plan(rule, course_for(rule, situation), situation, followed, kept_apart)


def why_none(disease: str, known: Known, made: Plan | None) -> Text:
    """Why nobody calls, for people to read: no rule holds, the rule asks for nothing, or the days were over before
    anybody knew of the contact."""
    if made is None:
        return {
            "vi": (
                f"Chưa có quy định nào về {disease} cho ngày {written_day(known.known_on, 'vi')} ở nơi này. "
                "Khi sổ quy định có, hệ thống tự lập lịch theo dõi."
            ),
            "en": (
                f"No rule for {disease} held here on {known.known_on}. "
                "Once the rulebook has one, follow-up is planned by itself."
            ),
        }
    if made.period is None:
        return {language: _asks_nothing(made.course, language) for language in ("vi", "en")}
    first, last = made.period.first, made.period.last
    return {
        "vi": f"Đã hết thời gian theo dõi ({written_day(first, 'vi')} – {written_day(last, 'vi')}) trước khi biết.",
        "en": f"The days of follow-up ({first} to {last}) were over before anybody knew.",
    }


def _situation(rule: Rule, known: Known) -> Situation:
    """Doses and recovery count as they were on the day on which rules look; facts, as far as this rule asks for
    them."""
    on = known.known_on
    doses = [(number, day) for number, day in known.doses if day is None or day <= on]
    recovered = known.recovered_on if known.recovered_on is not None and known.recovered_on <= on else None
    return Situation(
        reported_on=on,
        generation=known.generation,
        doses=max((number for number, _ in doses), default=0),
        last_dose_on=max((day for _, day in doses if day is not None), default=None),
        recovered_on=recovered,
        facts=known.facts & {fact.id for fact in rule.facts},
    )


def _asks_nothing(course: Course, language: str) -> str:
    said = {"vi": "không theo dõi, theo", "en": "no follow-up, by"}[language]
    return f"{course.label[language]}: {said} {course.decision.cite(language)}."
