"""Every bench has an installation of its own: empty, and whatever is set for the real one."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core import encryption
from core.bench import scratch
from core.encryption import load_keys, use_keys
from ivr.campaigns.model import DoNotCall
from traceline import main

NUMBER = "+84912345678"


@pytest.mark.slow
def test_a_process_of_the_bench_reads_what_the_bench_writes_whatever_keys_are_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encryption, "_ring", encryption._ring)  # the keys of the other tests come back
    monkeypatch.setenv("TRACELINE_SECRET_KEYS", "ab" * 32)
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.internal/real")
    with scratch() as empty:
        with empty.database.unit() as uow:
            uow.session.add(DoNotCall(phone=NUMBER, reason="asked", at=uow.now()))
        # As the media process of the bench does, which is told the folder only.
        use_keys(load_keys("", empty.settings.home, make=False))
        with empty.database.unit() as uow:
            assert uow.session.scalars(select(DoNotCall.phone)).one() == NUMBER
    assert not empty.settings.home.exists()


def test_each_package_brings_its_benches() -> None:
    choice = main.commands["bench"].params[0].type
    benches = {
        "engine",
        "turns",
        "booking",
        "choose",
        "speech",
        "calls",
        "replay",
        "trust",
        "rehearsal",
        "import",
        "chains",
    }
    benches |= {"console", "follow-up"}
    assert set(choice.choices) == benches
