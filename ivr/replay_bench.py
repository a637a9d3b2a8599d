"""What it costs to make calls again from their logs, as `traceline call replay --all` does."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from sqlalchemy import func, select, text

from core.bench import Bench, show_progress
from core.database import Database
from flows.catalogue import LIBRARY, Library
from flows.engine.events import CallStarted, Event, KeysPressed
from flows.stubs import CONTEXT
from ivr.bench import ANSWERS, stubbed_calls
from ivr.calls.model import CallEvent
from ivr.calls.replaying import CALLS_AT_ONCE, replay_stored, stored_calls
from ivr.calls.revisions import Revisions
from ivr.calls.turn import Turn

CALLS = 10_000
_HELD = 100
"""Calls that are really held; the others are their copies, for holding ten thousand takes a quarter of an hour."""
_SCRIPTS = ("contact-interview", "daily-follow-up", "symptom-report")
_COPY = (
    """
    CREATE TEMPORARY TABLE copied ON COMMIT DROP AS
    SELECT id, gen_random_uuid() AS new FROM call, generate_series(1, :times)
    """,
    """
    INSERT INTO call
    SELECT (jsonb_populate_record(call, jsonb_build_object('id', copied.new, 'provider_ref', NULL))).*
    FROM call JOIN copied USING (id)
    """,
    """
    INSERT INTO call_event
    SELECT (jsonb_populate_record(call_event, jsonb_build_object('call_id', copied.new))).*
    FROM call_event JOIN copied ON copied.id = call_event.call_id
    """,
)


def measure_replay(database: Database, calls: int = CALLS) -> dict[str, Any]:
    """Calls and log lines replayed per second, reading them from the database included."""
    held = min(_HELD, calls)
    _hold(database, held)
    with database.unit() as uow:
        for statement in _COPY:
            uow.session.execute(text(statement), {"times": calls // held - 1} if ":times" in statement else {})
    with database.unit() as uow:
        ids = stored_calls(uow)
        lines = uow.session.scalar(select(func.count()).select_from(CallEvent)) or 0
        cpu, wall = time.process_time(), time.perf_counter()
        same = turns = 0
        for number, done in enumerate(replay_stored(uow, Revisions(Library(LIBRARY)), ids), 1):
            same += done.same
            turns += done.replay.turns
            if number % CALLS_AT_ONCE == 0:
                show_progress(f"{number} of {len(ids)} calls")
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {
        "calls": len(ids),
        "same": same,
        "turns": turns,
        "lines": lines,
        "seconds": round(wall, 2),
        "cpu_ms_per_call": round(cpu / len(ids) * 1000, 3),
        "calls_per_second": round(len(ids) / wall),
    }


def _hold(database: Database, number: int) -> None:
    calls = stubbed_calls()
    for _, script in zip(range(number), cycle(_SCRIPTS), strict=False):
        with database.unit() as uow:
            call_id = calls.open(
                uow,
                direction="outbound",
                carrier="bench",
                remote_number="+84900000000",
                script=script,
                language="vi",
                context={**CONTEXT, "speech": []},
            ).id
            at = datetime.now(UTC).isoformat()
            events: list[Event] = [CallStarted(at, "human"), *(KeysPressed(at, keys) for keys in ANSWERS)]
            for turn, event in enumerate(events):
                taken = calls.take_turn(uow, call_id, turn, event, lambda *_: b"")
                if isinstance(taken, Turn) and taken.ended:
                    break


benches: dict[str, Bench] = {"replay": lambda empty: measure_replay(empty.database)}
