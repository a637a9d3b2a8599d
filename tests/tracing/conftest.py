"""Calls whose answers become records, on the scripts that come with Traceline."""

from __future__ import annotations

import pytest

from flows.catalogue import Library, load_library
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.service import Calls
from ivr.campaigns.observer import EFFECTS, CampaignObserver
from tracing.records.filing import RecordObserver


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


def _queued(request: EffectRequest) -> EffectResult:
    return EffectResult("queued", {"position": 1})


def _none(request: EffectRequest) -> EffectResult:
    return EffectResult("none")


@pytest.fixture
def calls(library: Library) -> Calls:
    effects = Effects()
    for name, handler in EFFECTS.items():
        effects.register(name, handler)
    effects.register("telehealth.offer_slots", _none)
    effects.register("telehealth.queue", _queued)
    effects.register("telehealth.urgent", _queued)
    return Calls(library, effects, [RecordObserver(library), CampaignObserver()])
