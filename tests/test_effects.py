"""Scripts may ask for what the installation carries out, and for nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import traceline
from core.settings import Settings
from flows.effects import EFFECTS
from flows.stubs import STUBS
from ivr.calls.effects import Effects, Handler


@pytest.fixture
def carried_out(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names that the composition root registers handlers for."""
    names: set[str] = set()

    class Noting(Effects):
        def register(self, name: str, handler: Handler) -> None:
            names.add(name)
            super().register(name, handler)

    monkeypatch.setattr(traceline, "Effects", Noting)
    app = traceline.Traceline(settings)
    assert app.calls
    yield names
    app.database.close()


def test_the_linter_knows_exactly_the_effects_that_are_carried_out(carried_out: set[str]) -> None:
    assert {effect.name for effect in EFFECTS} == carried_out


def test_a_script_without_a_host_is_answered_whatever_it_asks_for() -> None:
    assert set(STUBS) == {effect.name for effect in EFFECTS}
    for effect in EFFECTS:
        stub = STUBS[effect.name]
        assert isinstance(stub, dict)
        assert stub["outcome"] in effect.outcomes
