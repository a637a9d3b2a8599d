"""The console shows whether callers may answer by voice, how busy the recognisers are, and what was left to keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from admin.queries.health import Process, speech_of
from core.heartbeats import Heartbeat

TOLD: dict[str, Any] = {
    "language": "ko",
    "model": "small",
    "state": "ready",
    "workers": 2,
    "wanted": 2,
    "sessions": 3,
    "crashes": 1,
    "last_error": "worker 7 died",
    "load": 0.42,
    "refused": 5,
}


def media(**changes: object) -> Process:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Process(Heartbeat(process="media", kind="media", at=at, status={"recogniser": [{**TOLD, **changes}]}), True)


@pytest.mark.capability("A3")
def test_load_and_refusals_of_all_media_processes_are_shown() -> None:
    health = speech_of("ko", [media(), media(load=0.8, refused=1)], {}, 2)
    assert (health.ready, health.workers, health.load_percent, health.refused) == (True, 4, 80, 6)
    assert health.error == ""


@pytest.mark.capability("A3")
def test_a_model_that_failed_says_why() -> None:
    why = "broken is not a Vosk model: it has no am/final.mdl."
    health = speech_of("ko", [media(state="failed", workers=0, last_error=why)], {}, 2)
    assert (health.ready, health.state, health.error) == (False, "failed", why)


@pytest.mark.capability("A3")
def test_a_model_whose_answers_can_never_be_certain_says_so() -> None:
    assert speech_of("ko", [media()], {}, 2).certain
    assert not speech_of("ko", [media(), media(certain=False)], {}, 2).certain
