"""A registry of people, cases and contacts, and an office that follows them up."""

from __future__ import annotations

import pytest
import redis

from core.clock import SimulatedClock
from core.database import Database
from flows.catalogue import Library
from ivr.calls.effects import Effects
from ivr.calls.service import Calls
from ivr.campaigns.observer import EFFECTS, CampaignObserver
from telehealth import effects as telehealth
from telehealth.care import QueuesFlagged
from tests.ivr.campaigns.desk import Desk
from tests.tracing.daily.office import Office, make_office
from tests.tracing.daily.registry import Registry
from tracing.followup.observer import VisitObserver
from tracing.followup.wanted import WANTED
from tracing.records.filing import RecordObserver


@pytest.fixture
def registry(database: Database, clock: SimulatedClock) -> Registry:
    return Registry(database, clock)


def calls_of(library: Library) -> Calls:
    """Calls as an installation makes them, with nobody on duty at the doctors'."""
    effects = Effects()
    for name, handler in EFFECTS.items():
        effects.register(name, handler)
    telehealth.register(effects)
    return Calls(library, effects, [RecordObserver(library), CampaignObserver(), VisitObserver(), QueuesFlagged()])


@pytest.fixture
def office(database: Database, clock: SimulatedClock, library: Library, redis_client: redis.Redis) -> Office:
    desk = Desk(database, clock, calls_of(library), redis_client, wanted=WANTED)
    return make_office(database, clock, desk)
