"""The budget of the engine, with room for a busy machine: what fails here has become several times slower."""

from __future__ import annotations

from flows.bench import measure_engine
from flows.catalogue import load_library


def test_a_turn_stays_within_a_few_times_its_budget() -> None:
    """60 µs in memory and 120 µs with JSON are the budget on a quiet machine."""
    measured = measure_engine(load_library(), calls=40)
    assert measured["memory_median_us"] < 4 * 60
    assert measured["json_median_us"] < 4 * 120
    assert measured["memory_median_us"] < measured["json_median_us"]
