"""A desk with the small script library of the tests."""

from __future__ import annotations

import pytest
import redis

from core.clock import SimulatedClock
from core.database import Database
from flows.catalogue import Library, load_library
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.service import Calls
from ivr.campaigns.observer import EFFECTS, CampaignObserver
from tests.ivr.campaigns.desk import Desk


def _noted(request: EffectRequest) -> EffectResult:
    return EffectResult("noted")


def _nobody_on_duty(request: EffectRequest) -> EffectResult:
    return EffectResult("no_doctor")


def make_calls(library: Library) -> Calls:
    effects = Effects()
    effects.register("test.note", _noted)
    effects.register("telehealth.urgent", _nobody_on_duty)
    for name, handler in EFFECTS.items():
        effects.register(name, handler)
    return Calls(library, effects, [CampaignObserver()])


@pytest.fixture
def desk(database: Database, clock: SimulatedClock, library: Library, redis_client: redis.Redis) -> Desk:
    return Desk(database, clock, make_calls(library), redis_client)


@pytest.fixture(scope="session")
def interviews() -> Library:
    """The scripts that come with Traceline."""
    return load_library()


@pytest.fixture
def interview_desk(database: Database, clock: SimulatedClock, interviews: Library, redis_client: redis.Redis) -> Desk:
    return Desk(database, clock, make_calls(interviews), redis_client)
