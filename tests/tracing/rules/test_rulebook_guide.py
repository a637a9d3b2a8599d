"""The guide to the rulebook is true: its example loads, and it names what is not certain."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from tests.tracing.rules.rule_making import in_file
from tracing.followup.period import period
from tracing.rules.loading import rules_from
from tracing.rules.rulebook import load_rulebook, rulebook_of
from tracing.rules.situation import Situation

GUIDE = Path(__file__).parents[3] / "docs" / "rulebook.md"
TEXT = GUIDE.read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_example_can_be_used() -> None:
    book = rulebook_of(rules_from(in_file(EXAMPLE)))
    on = date(2026, 3, 1)
    rule = book.rule_for("flu", "38.380.14755", on)
    lasts = [
        period(rule, situation, [on])
        for situation in (
            Situation(on),
            Situation(on, doses=1, last_dose_on=date(2025, 10, 1)),
            Situation(on, facts=frozenset({"takes_antivirals"})),
            Situation(on, generation=2),
        )
    ]
    assert [found.last if found else None for found in lasts] == [
        date(2026, 3, 8),
        date(2026, 3, 6),
        date(2026, 3, 6),
        None,
    ]


def test_every_rule_that_is_not_certain_stands_in_the_list() -> None:
    listed = TEXT.partition("what is not certain")[2].partition("## ")[0]
    for rule in load_rulebook().rules:
        assert rule.certain != (f"{rule.name}`" in listed or f"`{rule.id}`" in listed), rule.name
