"""The bench of imports measures what it says: known shares of a list, brought in by a process of its own."""

from __future__ import annotations

import pytest

from core.bench import Scratch
from core.database import Database
from core.settings import Settings
from tracing.lists.bench import measure_import


@pytest.mark.patient
@pytest.mark.capability("T11")
def test_the_bench_brings_in_what_it_made_up(database: Database, database_url: str, settings: Settings) -> None:
    cost = measure_import(Scratch(settings.model_copy(update={"database_url": database_url}), database), rows=400)
    assert cost.rows == 400
    assert cost.people_new + cost.people_matched == 400
    assert 40 <= cost.people_matched <= 70  # a tenth on file, a twentieth twice
    assert cost.asked <= 8
    assert cost.targets_new == 380
    assert set(cost.phases) == {"upload", "check", "decide", "import"}
    assert 20 < cost.peak_mb < 500
