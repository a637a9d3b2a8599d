"""What a person decides about a campaign, and what of it can be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, time
from typing import Any

from core.errors import UserError
from ivr.campaigns.retry import DEFAULT_DELAYS, make_delays
from ivr.campaigns.window import make_window

_MOST_CALLS = 1000
_MOST_PACE = 100.0
_MOST_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """A campaign as it is planned. `retries` are delays per outcome ("2m, 15m, 1h, 1d"); `cap` is calls at the same
    time, `pace` calls per second; `weekdays` 0 (Monday) to 6 (Sunday)."""

    name: str
    script: str
    carrier: str
    language: str = "vi"
    zone: str = "Asia/Ho_Chi_Minh"
    window_from: time = time(8)
    window_until: time = time(20)
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    last_moment: datetime | None = None
    cap: int = 10
    pace: float = 1.0
    ring_seconds: int = 40
    on_machine: str = "message"
    retries: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_DELAYS))
    max_attempts: int = 6
    area: str = ""


def columns_of(
    plan: CampaignPlan, now: datetime, scripts: Collection[str] | None = None, carriers: Collection[str] | None = None
) -> dict[str, Any]:
    """The campaign's columns. Raises UserError for the first thing that cannot be right.

    `scripts` and `carriers` are the names there are; None leaves them unchecked.
    """
    _known("script", plan.script, scripts)
    _known("carrier", plan.carrier, carriers)
    make_window(plan.zone, plan.window_from, plan.window_until, plan.weekdays)
    _check(plan.name.strip() != "", "The campaign has no name.", "Give it one that tracers will recognise.")
    _check(1 <= plan.cap <= _MOST_CALLS, f"{plan.cap} calls at a time are not possible.", f"Give 1 to {_MOST_CALLS}.")
    _check(
        0 < plan.pace <= _MOST_PACE,
        f"{plan.pace:g} calls per second are not possible.",
        f"Give more than 0 and at most {_MOST_PACE:g}.",
    )
    _check(10 <= plan.ring_seconds <= 600, f"{plan.ring_seconds} s is no ring time.", "Give 10 to 600 seconds.")
    _check(
        1 <= plan.max_attempts <= _MOST_ATTEMPTS,
        f"{plan.max_attempts} attempts are not possible.",
        f"Give 1 to {_MOST_ATTEMPTS}.",
    )
    _check(
        plan.on_machine in ("message", "hang_up"),
        f"{plan.on_machine!r} is nothing to do with a machine.",
        "Choose message or hang_up.",
    )
    if plan.last_moment is not None:
        _check(plan.last_moment.tzinfo is not None, "The last moment has no time zone.", "Give it with one.")
        _check(plan.last_moment > now, "The last moment has passed.", "Give one in the future.")
    given = {"name": plan.name.strip(), "weekdays": sorted(set(plan.weekdays)), "retries": make_delays(plan.retries)}
    return asdict(plan) | given


def _check(right: bool, message: str, hint: str) -> None:
    if not right:
        raise UserError(message, hint)


def _known(what: str, name: str, names: Collection[str] | None) -> None:
    if names is not None and name not in names:
        raise UserError(f"There is no {what} {name!r}.", f"Choose one of {', '.join(sorted(names)) or 'none'}.")
