"""How much to worry about somebody, from what they said. Pure; the same answers give the same risk, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import UserError
from tracing.rules.model import Assessment, Factor, Text

LOW = "low"


@dataclass(frozen=True, slots=True)
class Risk:
    """`level` is red, high, medium or low; `because` are the reasons that gave points, in the order of the rulebook."""

    level: str
    points: int
    because: tuple[Text, ...]


def assess(assessment: Assessment, answers: Mapping[str, Any]) -> Risk:
    """Add up the points of every factor that holds. What was not asked or not answered adds nothing.

    Raises UserError when a factor cannot be worked out from these answers (a text where a number should stand): a risk
    that is silently too low would be worse.
    """
    found = [factor for factor in assessment.factors if _holds(factor, answers)]
    points = sum(factor.points for factor in found)
    level = next((name for at_least, name in assessment.levels if points >= at_least), LOW)
    return Risk(level, points, tuple(factor.why for factor in found))


def _holds(factor: Factor, answers: Mapping[str, Any]) -> bool:
    read = {name: answers.get(name) for _, name in factor.when.needs}
    worked, value = factor.when.evaluate({"answers": read})
    if not worked:
        raise UserError(
            f"The risk cannot be worked out: `{factor.when.source}` gives {value}.",
            "Correct the answer, or the factor in the rulebook.",
        )
    return value is True
