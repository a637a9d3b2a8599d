"""What has done its work goes in its time: receipts, jobs, sessions, signs of life. What is still to be done stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core import upkeep
from core.clock import SimulatedClock
from core.database import Database
from core.heartbeats import Heartbeat, beat
from core.login import SESSION_LIMIT, create_user, log_in, session_user
from core.outbox import OutboxRow, mark_done
from core.receipts import ReceiptRow, claim
from core.upkeep import KEEP, SILENT, clear_away


def _receipts(database: Database) -> set[str]:
    with database.unit() as uow:
        return set(uow.session.scalars(select(ReceiptRow.key)))


def _jobs(database: Database) -> set[str]:
    with database.unit() as uow:
        return set(uow.session.scalars(select(OutboxRow.job)))


def test_old_receipts_and_done_jobs_go(database: Database, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upkeep, "BATCH", 2)
    with database.unit() as uow:
        for number in range(5):
            claim(uow, f"old {number}")
        uow.send("done", {})
        uow.send("never done", {})
    with database.unit() as uow:
        mark_done(uow.session.scalars(select(OutboxRow).where(OutboxRow.job == "done")).one(), uow.now())
    clock.advance(KEEP + timedelta(seconds=1))
    with database.unit() as uow:
        claim(uow, "new")
    assert clear_away(database) == 6
    assert _receipts(database) == {"new"}
    assert _jobs(database) == {"never done"}
    assert clear_away(database) == 0


def test_nothing_goes_before_its_time(database: Database, clock: SimulatedClock):
    with database.unit() as uow:
        claim(uow, "old")
    clock.advance(KEEP - timedelta(seconds=1))
    assert clear_away(database) == 0
    assert _receipts(database) == {"old"}


def test_a_session_goes_when_nobody_can_use_it_any_more(database: Database, clock: SimulatedClock):
    with database.unit() as uow:
        _, password = create_user(uow, login="lan", name="Lan", roles=["tracer"])
        assert log_in(uow, "lan", password)
    clock.advance(SESSION_LIMIT)
    with database.unit() as uow:
        later = log_in(uow, "lan", password)
    clock.advance(timedelta(seconds=1))
    assert clear_away(database) == 1
    with database.unit() as uow:
        assert later
        assert session_user(uow, later.token)


def test_a_process_that_is_silent_for_a_day_is_forgotten(database: Database, clock: SimulatedClock):
    with database.unit() as uow:
        beat(uow, "media", "media@cdc1:7", {})
    clock.advance(SILENT + timedelta(seconds=1))
    with database.unit() as uow:
        beat(uow, "media", "media@cdc1:8", {})
    assert clear_away(database) == 1
    with database.unit() as uow:
        assert list(uow.session.scalars(select(Heartbeat.process))) == ["media@cdc1:8"]
