"""How long `advance` takes: in memory, and with the state written to JSON and read back between any two turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

import orjson

from core.bench import Bench
from flows.catalogue import Library, load_library
from flows.engine.advance import advance, start_state
from flows.engine.events import CallStarted, Event, KeysPressed
from flows.engine.state import state_from_json, state_to_json
from flows.stubs import CONTEXT

AT = "2026-01-01T01:00:00+00:00"
SCRIPT = "contact-interview"
KEYS = ("1", "1990", "1", *("2",) * 6, "0", "1", "1", "4", "4")
"""A whole interview by keys: nothing wrong, and no call for a doctor."""


def measure_engine(library: Library, calls: int = 300) -> Mapping[str, float]:
    """Microseconds per turn of a whole interview, repeated `calls` times: median and 95th percentile, in memory
    (`memory_…`) and with the state written to JSON text and read back after each turn (`json_…`)."""
    measured: dict[str, float] = {"calls": calls, "turns": calls * (len(KEYS) + 1)}
    for name, written in (("memory", False), ("json", True)):
        _turns(library, written)  # the first call warms the caches of the processor, and is not counted
        turns = sorted(turn for _ in range(calls) for turn in _turns(library, written))
        measured[f"{name}_median_us"] = round(statistics.median(turns), 1)
        measured[f"{name}_p95_us"] = round(turns[int(len(turns) * 0.95)], 1)
    return measured


def _turns(library: Library, written: bool) -> list[float]:
    script = library.script(SCRIPT)
    state = start_state(script, "vi", CONTEXT)
    events: list[Event] = [CallStarted(AT, "human"), *(KeysPressed(AT, digits) for digits in KEYS)]
    took = []
    for event in events:
        start = time.perf_counter()
        state = advance(script, state, event).state
        if written:
            state = state_from_json(orjson.loads(orjson.dumps(state_to_json(state))))
        took.append((time.perf_counter() - start) * 1e6)
    if state.end_reason != "completed":
        raise RuntimeError(f"the interview ended with {state.end_reason!r}: {SCRIPT} has changed, and so must KEYS")
    return took


benches: dict[str, Bench] = {"engine": lambda _: measure_engine(load_library())}
