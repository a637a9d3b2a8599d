"""A small rulebook of our own, to try rules whose numbers the shipped ones do not have."""

from __future__ import annotations

from typing import Any

from flows.documents import Document, parse_document
from tracing.rules.loading import rules_from
from tracing.rules.model import Rule

TEXT = {"vi": "a", "en": "a"}
DECISION = {"number": "1/QĐ", "date": "2026-01-01", "title": TEXT, "source": "a book"}
EVERYBODY = {"id": "everybody", "label": TEXT, "follow_up_days": 7}
PRACTICE = {
    "calls_per_day": 1,
    "extension": {"days": 1, "at_most": 3},
    "loss": {"failed_days": 3, "differing_hours": 2},
}
ASSESSMENT = {
    "symptoms": [{"id": "cold", "label": TEXT, "symptoms": [{"id": "cough", "label": TEXT}]}],
    "red_flags": [{"id": "red_flag", "label": TEXT}],
    "factors": [{"when": "answers.cough == true", "points": 10, "why": TEXT}],
    "levels": {"red": 100, "high": 30, "medium": 10},
}


def rule_spec(**changes: Any) -> dict[str, Any]:
    """A rule as the file would have it."""
    spec = {
        "id": "first",
        "valid_from": "2026-01-01",
        "valid_until": None,
        "decision": DECISION,
        "day_one": {"of": "last_exposure", "counts_as": 0},
        "exposures": {"F1": {"text": TEXT}},
        "courses": [EVERYBODY],
    }
    return spec | changes


def file_spec(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A whole file of the rulebook."""
    whole = {"disease": "flu", "title": TEXT, "practice": PRACTICE, "assessment": ASSESSMENT, "rules": list(rules)}
    return whole | changes


def rules_of(*rules: dict[str, Any], **changes: Any) -> tuple[Rule, ...]:
    return rules_from(Document("flu.yaml", file_spec(*rules, **changes)))


def rule_of(**changes: Any) -> Rule:
    """One rule; `practice` goes to the rule as well."""
    (rule,) = rules_of(rule_spec(**changes))
    return rule


def in_file(text: str) -> Document:
    return parse_document(text, "flu.yaml")
