from __future__ import annotations

import pytest

from core.clock import SimulatedClock
from core.database import Database
from tests.tracing.daily.registry import Registry


@pytest.fixture
def registry(database: Database, clock: SimulatedClock) -> Registry:
    return Registry(database, clock)
