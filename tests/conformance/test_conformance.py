"""Every carrier holds the same calls and leaves the same transcript (I15, N17)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audio.prompts import PromptStore
from core.database import Database
from core.settings import Settings
from flows.catalogue import load_library
from flows.saved_calls import differences
from tests.conformance.golden import (
    Desk,
    Golden,
    Harness,
    heard,
    lines_of,
    messages_of,
    told_by_log,
    told_by_runner,
)
from tests.conformance.lines import Lines
from tests.conformance.sip import Sip
from tests.conformance.streams import Streams
from tests.conformance.webhooks import Webhooks

pytest_plugins = ["tests.ivr.carriers.conftest"]

LIBRARY = load_library()
CARRIERS: dict[str, Callable[[Settings, PromptStore], Harness]] = {
    "webhooks": Webhooks,
    "streams": Streams,
    "browser": Lines,
    "sip": Sip,
}


@pytest.mark.capability("I15")
@pytest.mark.capability("N17")
@pytest.mark.parametrize("script", sorted(LIBRARY.scripts))
@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_carrier_holds_the_saved_calls_as_the_text_runner_does(
    database: Database, twilio_settings: Settings, prompts: PromptStore, carrier: str, script: str
) -> None:
    harness = CARRIERS[carrier](twilio_settings, prompts)
    held = 0
    for saved in LIBRARY.calls(script):
        golden = Golden(saved, harness.speech)
        expected = golden.by_text(LIBRARY)
        if harness.cannot(golden, expected):
            continue
        desk = Desk(database, LIBRARY, golden)
        call_id, pieces = harness.hold(desk, golden)
        lines = lines_of(database, call_id)
        assert told_by_log(lines) == told_by_runner(expected), f"{saved.name} on {carrier}"
        assert heard(pieces) == heard([line.text for line in lines if line.kind == "said"]), saved.name
        assert desk.answers == {name: answer.value for name, answer in expected.state.answers.items()}, saved.name
        left = [line for line in lines if line.kind == "message"]
        assert len(messages_of(database, call_id)) == len(left) >= ("message" in desk.answers), saved.name
        assert desk.ended == [expected.state.end_reason], saved.name
        assert not [found for found in differences(saved, expected) if "says" not in found], saved.name
        held += 1
    assert held >= 3, f"{carrier} held {held} calls of {script}: too few to show anything"
