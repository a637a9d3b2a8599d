"""`measure_speech`: how soon a spoken answer is answered. `measure_calls`: the same with many calls at once, and what
they cost.

The wait is what the person feels: from the last sound of the answer to the first sound of the next question, on the
wire. Callers hear each question out, think for a moment, answer aloud, and ring again when the script is over.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvloop

from audio import codec
from audio.codec import FRAME_MS
from audio.models.registry import grammar_models
from audio.speech import Voice, speak
from core.bench import Bench, Scratch, show_progress
from ivr.media.bench.caller import StreamCaller, on_call
from ivr.media.bench.exchange import SIGNATURE, Exchange, Plan, media_process
from ivr.media.latency import percentile

ANSWER = "네"
VOICE = Voice("ko", words_per_minute=80)
"""Drawn out to 0.7 s; the one word of this voice that the model never takes for another."""
FEW = 4
"""Callers of `measure_speech`: they seldom speak at the same time."""
THINKING_SECONDS = (0.2, 0.6)
UNANSWERED_SECONDS = 5.0
READY_SECONDS = 120.0
POLL_SECONDS = 0.2

Progress = Callable[[str], None]


@dataclass
class Tally:
    """What the callers saw."""

    waits: list[float] = field(default_factory=list)
    unanswered: int = 0
    calls: int = 0
    broken: int = 0
    frames: int = 0
    spoken_seconds: float = 0.0
    call_seconds: float = 0.0


def measure_speech(plan: Plan, answers: int = 60, progress: Progress = lambda _: None) -> dict[str, Any]:
    """A few calls at a time, on an idle machine, until so many spoken answers have been answered."""
    with media_process(plan) as exchange:
        tally = uvloop.run(_a_few(exchange, answers, progress))
    return _waits(tally)


def measure_calls(
    plan: Plan, calls: int = 80, seconds: float = 60.0, progress: Progress = lambda _: None
) -> dict[str, Any]:
    """So many calls at once for so long. `frames_lost` are those that the process had no time for (the network is TCP
    and loses none; what callers send while we hang up counts apart); `cores` is processor time per second of all calls,
    `cpu_per_call_percent` that of one call in percent of a core, without the callers' own."""
    with media_process(plan) as exchange:
        return uvloop.run(_at_once(exchange, calls, seconds, progress))


async def _a_few(exchange: Exchange, answers: int, progress: Progress) -> Tally:
    await _ready(exchange, progress)
    tally = Tally()

    async def caller(number: int) -> None:
        chance = random.Random(number)  # noqa: S311  thinking pauses, not secrets
        while len(tally.waits) + tally.unanswered < answers:
            await _call(exchange, tally, chance, None)
            progress(f"{len(tally.waits)} of {answers} answers")

    async with asyncio.TaskGroup() as group:
        for number in range(FEW):
            group.create_task(caller(number))
    return tally


async def _at_once(exchange: Exchange, calls: int, seconds: float, progress: Progress) -> dict[str, Any]:
    await _ready(exchange, progress)
    tally = Tally()
    before, started = exchange.load(), time.monotonic()
    until = started + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(calls):
            # People do not pick up in the same instant: the calls begin over one round of the script.
            group.create_task(_caller(exchange, tally, number, calls, until))
        group.create_task(_tell(tally, until, progress))
    after, took = exchange.load(), time.monotonic() - started
    status = await _settled(exchange, tally.frames)
    cores = (after.media - before.media + after.recognisers - before.recognisers) / took
    return {
        **_waits(tally),
        "simultaneous": calls,
        "seconds": round(took, 1),
        "calls": tally.calls,
        "broken": tally.broken,
        "spoken_share": round(tally.spoken_seconds / tally.call_seconds, 3) if tally.call_seconds else 0.0,
        "frames": tally.frames,
        "frames_lost": status["frames_dropped"],
        "frames_after_goodbye": tally.frames - status["frames"],
        "cores": round(cores, 2),
        "media_cores": round((after.media - before.media) / took, 2),
        "recogniser_cores": round((after.recognisers - before.recognisers) / took, 2),
        "cpu_per_call_percent": round(100 * cores / calls, 2),
    }


async def _caller(exchange: Exchange, tally: Tally, number: int, calls: int, until: float) -> None:
    chance = random.Random(number)  # noqa: S311  thinking pauses, not secrets
    await asyncio.sleep(10.0 * number / calls)
    while time.monotonic() < until:
        await _call(exchange, tally, chance, until)


async def _call(exchange: Exchange, tally: Tally, chance: random.Random, until: float | None) -> None:
    """One call, from the first question to the goodbye, or to the end of the measurement."""
    call_id, sid = await asyncio.to_thread(exchange.open_call)
    sound = await asyncio.to_thread(_voice)
    began = time.monotonic()
    async with on_call(exchange.address, SIGNATURE, call_id, sid) as caller:
        try:
            await _talk(caller, sound, tally, chance, until)
        finally:
            tally.calls += 1
            tally.broken += caller.close_code not in (None, 1000)
            if not caller.over.is_set():
                await caller.stop()
                await caller.over.wait()
            tally.frames += caller.frames_sent
            tally.call_seconds += time.monotonic() - began


async def _talk(caller: StreamCaller, sound: bytes, tally: Tally, chance: random.Random, until: float | None) -> None:
    while await caller.hears_out() and (until is None or time.monotonic() < until):
        await asyncio.sleep(chance.uniform(*THINKING_SECONDS))
        if caller.over.is_set():
            return
        ended = await caller.say(sound)
        tally.spoken_seconds += len(sound) / codec.RATE
        wait = await caller.wait_for_sound(UNANSWERED_SECONDS)
        if wait is None:
            tally.unanswered += not caller.over.is_set()
        else:
            tally.waits.append(wait - ended)


def _voice() -> bytes:
    """The answer without the silence that text to speech leaves at its ends: the clock starts with the last sound."""
    pcm = speak(ANSWER, VOICE)
    edge = 2 * round(0.06 * codec.RATE)
    return codec.pcm_to_ulaw(pcm[edge:-edge])


async def _ready(exchange: Exchange, progress: Progress) -> None:
    progress("loading the model")
    async with asyncio.timeout(READY_SECONDS):
        while not await asyncio.to_thread(exchange.ready):  # noqa: ASYNC110  another process makes it so
            await asyncio.sleep(POLL_SECONDS)


async def _settled(exchange: Exchange, frames: int) -> dict[str, Any]:
    """The process's own count once every call is over, or what it says after some seconds."""
    status: dict[str, Any] = {}
    for _ in range(round(10 / POLL_SECONDS)):
        status = dict(await asyncio.to_thread(exchange.status))
        if status["calls"] == 0 and status["frames"] >= frames:
            break
        await asyncio.sleep(POLL_SECONDS)
    return status


async def _tell(tally: Tally, until: float, progress: Progress) -> None:
    while (left := until - time.monotonic()) > 0:
        progress(f"{len(tally.waits)} answers, {left:.0f} s to go")
        await asyncio.sleep(min(left, 5.0))


def _waits(tally: Tally) -> dict[str, Any]:
    waits = sorted(tally.waits)
    return {
        "answers": len(waits),
        "unanswered": tally.unanswered,
        "p50_ms": round(1000 * percentile(waits, 0.5)) if waits else None,
        "p95_ms": round(1000 * percentile(waits, 0.95)) if waits else None,
        "p99_ms": round(1000 * percentile(waits, 0.99)) if waits else None,
        "frame_ms": FRAME_MS,
    }


def _plan(empty: Scratch) -> Plan:
    settings = empty.settings
    models = grammar_models(settings.models_folder)
    return Plan(settings.database_url, settings.home, models, settings.recogniser_workers)


benches: dict[str, Bench] = {
    "speech": lambda empty: measure_speech(_plan(empty), progress=show_progress),
    "calls": lambda empty: measure_calls(_plan(empty), progress=show_progress),
}
