"""The bench of turns measures real turns, beside the floor."""

from __future__ import annotations

from ivr.bench import measure_turns


def test_turns_are_measured_beside_the_floor(database_url: str) -> None:
    found = measure_turns(database_url, seconds=1.0)
    for part in ("turn", "floor"):
        assert found[part]["requests"] > 5
        assert 0 < found[part]["cpu_ms"] < 1000
