"""Retry plans: what follows an attempt. Pure: outcomes and counts in, a delay or an end out.

A plan is a list of uneven delays per outcome ("2m, 15m, 1h, 1d"): the first waits after the first such outcome, the
second after the second. When the list is used up, or the cap of attempts is reached, the target has its end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.errors import UserError
from ivr.campaigns.words import FINAL_OUTCOMES, RETRIED_OUTCOMES, Disposition, Outcome, last_disposition

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DELAY = re.compile(r"(\d{1,4})\s*([smhd])")
_LONGEST = 30 * 86400
_MOST_DELAYS = 20

DEFAULT_DELAYS: Mapping[str, str] = {
    Outcome.BUSY: "5m, 15m, 1h, 4h",
    Outcome.NO_ANSWER: "15m, 1h, 4h, 1d",
    Outcome.MACHINE: "1h, 4h, 1d",
    Outcome.BREAKOFF: "2m, 15m, 1h",
    Outcome.WRONG_PERSON: "2h, 1d",
    Outcome.CALLBACK: "1h, 4h, 1d",
    Outcome.REJECTED: "1h, 1d",
    Outcome.UNREACHABLE: "1h, 4h, 1d",
    Outcome.FAILED: "5m, 1h",
    Outcome.LOST: "2m, 15m, 1h",
}


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """Delays in seconds per outcome, and the most attempts that reach the network."""

    delays: Mapping[str, Sequence[int]]
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Again:
    """Call again, no sooner than after `delay`."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class Done:
    """Do not call again; this is how it ended."""

    disposition: Disposition


def parse_delays(text: str) -> list[int]:
    """Seconds of a list such as "2m, 15m, 1h, 1d"; empty for no retry.

    Raises UserError for anything else, for a delay of nothing or beyond 30 days, and for more than 20 delays.
    """
    parts = [part.strip().lower() for part in text.split(",")]
    if parts == [""]:
        return []
    seconds = []
    for part in parts:
        match = _DELAY.fullmatch(part)
        value = int(match[1]) * _SECONDS[match[2]] if match else 0
        if not 0 < value <= _LONGEST:
            raise UserError(
                f"{part!r} is not a delay.", 'Write delays as "2m, 15m, 1h, 1d" (s, m, h, d; at most 30 days each).'
            )
        seconds.append(value)
    if len(seconds) > _MOST_DELAYS:
        raise UserError(f"{len(seconds)} delays are too many.", f"Give at most {_MOST_DELAYS}.")
    return seconds


def make_delays(texts: Mapping[str, str]) -> dict[str, list[int]]:
    """The delays of a plan, written per outcome. Raises UserError for an outcome that cannot be retried."""
    for outcome in texts:
        if outcome not in RETRIED_OUTCOMES:
            raise UserError(
                f"{outcome!r} is no outcome that is retried.", f"Use {', '.join(sorted(RETRIED_OUTCOMES))}."
            )
    return {str(outcome): parse_delays(text) for outcome, text in texts.items()}


def decide(outcome: str, reached: Disposition, counts: Mapping[str, int], plan: RetryPlan) -> Again | Done:
    """What follows an attempt that ended with `outcome`.

    `reached` is how far the target had come; `counts` says how often each outcome happened, this one included.
    """
    if outcome in FINAL_OUTCOMES:
        return Done(FINAL_OUTCOMES[outcome])
    delays = plan.delays.get(outcome, ())
    times = counts.get(outcome, 0)
    if times > len(delays) or sum(counts.values()) >= plan.max_attempts:
        return Done(last_disposition(outcome, reached))
    return Again(timedelta(seconds=delays[max(times, 1) - 1]))


def first_delay(outcome: str, plan: RetryPlan) -> timedelta:
    """How long the plan waits after the first such outcome; no time at all if it says nothing."""
    return timedelta(seconds=next(iter(plan.delays.get(outcome, ())), 0))
