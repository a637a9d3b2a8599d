"""The rulebook: which rule holds for a disease, in an area, on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path

from core.areas import holds
from core.errors import UserError
from tracing.rules.loading import load_rules
from tracing.rules.mistakes import RulebookError, RuleMistake
from tracing.rules.model import Rule

FOLDER = Path(__file__).parent
"""The rules that come with Traceline."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules of all diseases. Made by `rulebook_of`, so that no two of the same area hold on the same day."""

    rules: tuple[Rule, ...]

    @property
    def diseases(self) -> tuple[str, ...]:
        return tuple(sorted({rule.disease for rule in self.rules}))

    def rule(self, name: str) -> Rule:
        """A rule by its name (`covid-19/byt-10696`), as follow-ups keep it. Raises UserError for one that is not
        there."""
        for rule in self.rules:
            if rule.name == name:
                return rule
        raise UserError(f"The rulebook has no rule {name}.", "Put it back: follow-ups that began under it cite it.")

    def checked(self, disease: str) -> str:
        """The disease, if the rulebook has rules for it. Raises UserError that names those it has."""
        if disease not in self.diseases:
            known = ", ".join(self.diseases) or "none"
            raise UserError(
                f"The rulebook has no rule for {disease}.",
                f"Add {disease}.yaml to the rulebook (docs/rulebook.md). Diseases in it: {known}.",
            )
        return disease

    def rule_for(self, disease: str, area: str, on: date) -> Rule:
        """The rule of the smallest area that holds `area` among those valid on a day.

        `area` is a path of official codes, `38.380.14755`; empty when nobody knows it yet: then only rules for the
        whole country count. `on` is the day on which the contact, or a newer exposure, became known: what a later
        decision says does not change a follow-up that has begun. Raises UserError that says what to add when no rule
        holds.
        """
        known = self.checked(disease)
        of_disease = [rule for rule in self.rules if rule.disease == known]
        valid = [rule for rule in of_disease if rule.valid_on(on) and holds(rule.area, area)]
        if not valid:
            where = area or "the whole country"
            spans = "; ".join(
                f"{r.id}: {r.valid_from} to {r.valid_until or '…'}, area {r.area or 'all'}" for r in of_disease
            )
            raise UserError(
                f"No rule for {disease} held on {on} in {where}.",
                f"Add one to {disease}.yaml with valid_from on or before that day. There are {spans}.",
            )
        return max(valid, key=lambda rule: len(rule.area))


def load_rulebook(folder: Path = FOLDER) -> Rulebook:
    """Every rule of a folder, one file per disease. Raises RulebookError with the mistakes of all files."""
    rules: list[Rule] = []
    mistakes: list[RuleMistake] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            rules += load_rules(path)
        except RulebookError as error:
            mistakes += error.mistakes
    if mistakes:
        raise RulebookError(mistakes)
    return rulebook_of(rules)


@cache
def shipped() -> Rulebook:
    """The rulebook of this installation, read once. Raises RulebookError with every mistake."""
    return load_rulebook()


def rulebook_of(rules: Iterable[Rule]) -> Rulebook:
    """A rulebook of these rules. Raises RulebookError when two of one disease and area hold on the same day, or have
    the same id: nobody could tell which counts."""
    kept = tuple(rules)
    mistakes = []
    for one, other in combinations(kept, 2):
        if one.disease != other.disease:
            continue
        file = f"{one.disease}.yaml"
        if one.id == other.id:
            mistakes.append(RuleMistake(file, 0, one.id, "is there twice.", "Give each rule an id of its own."))
        elif one.area == other.area and _overlap(one, other):
            where = one.area or "the whole country"
            message = f"holds on the same days as {other.id} for {where}."
            advice = "End one with `valid_until` on the day before the other begins."
            mistakes.append(RuleMistake(file, 0, one.id, message, advice))
    if mistakes:
        raise RulebookError(mistakes)
    return Rulebook(kept)


def _overlap(one: Rule, other: Rule) -> bool:
    return one.valid_from <= (other.valid_until or date.max) and other.valid_from <= (one.valid_until or date.max)
