"""The bench of follow-up does what it measures."""

from __future__ import annotations

from tests.tracing.daily.registry import Registry
from tracing.followup.bench import measure_follow_up


def test_a_small_outbreak_is_planned_and_its_calls_are_ordered(registry: Registry) -> None:
    found = measure_follow_up(registry.database, 20)
    assert found.contacts == 20
    assert len(registry.everything()) >= 20 * (1 + 1 + 1 + 1 + 10)  # contact, change, period, quarantine, ten visits
