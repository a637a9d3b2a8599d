"""The report of a rehearsal, as plain JSON: the same plan and seed give the same bytes, on every machine. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ivr.rehearsal.assumptions import Assumptions
from ivr.rehearsal.counts import HOUR, Counts
from ivr.rehearsal.doctors import OpenDoctors
from ivr.rehearsal.plan import Plan, describe
from ivr.rehearsal.simulation import Heard, Simulation

VERSION = 1
CURVE_POINTS = 120
_OTHER_LINES = (0.5, 2, 4)
_OWN_SHARE = 0.6
"""Of the time it takes, how much the campaign with its own lines does."""
Tell = Callable[[float], None]
MINUTE = 60


def rehearse(
    plan: Plan, assumed: Assumptions, open_doctors: OpenDoctors, tell: Tell = lambda share: None
) -> dict[str, Any]:
    """Rehearse the plan: as it is, and with other numbers of lines, on which the same people are called. `tell` hears,
    from 0 to 1, how far it has come."""
    heard: dict[tuple[object, ...], Heard] = {}
    doctors = open_doctors()
    simulation = Simulation(plan, assumed, doctors, heard)
    counts = simulation.run(_within(tell, 0.0, _OWN_SHARE))
    others = sorted({max(1, round(plan.limit * times)) for times in _OTHER_LINES} - {plan.limit})
    runs = [_run(plan.limit, plan, counts)]
    share = (1 - _OWN_SHARE) / max(1, len(others))
    for number, lines in enumerate(others):
        other = plan.with_lines(lines)
        run = Simulation(other, assumed, open_doctors(), heard)
        runs.append(_run(lines, other, run.run(_within(tell, _OWN_SHARE + share * number, share))))
    tell(1.0)
    report = {
        "version": VERSION,
        "seed": plan.seed,
        "campaign": describe(plan.campaign),
        "begins": plan.begins.isoformat(),
        "people": len(plan.places),
        "telephones": len({place.telephone for place in plan.places}),
        "barred": sum(place.barred for place in plan.places),
        "areas": len({place.area for place in plan.places}),
        "zones": _shares(place.zone or plan.campaign.zone for place in plan.places),
        "languages": _shares(place.language for place in plan.places),
        **_of(plan, counts),
        "attempts": _attempts(simulation),
        "lines": {
            "shared": plan.lines,
            "limit": plan.limit,
            "peak": max(counts.peaks.values(), default=0),
            "needed": max(run["peak"] for run in runs),
            "runs": sorted(runs, key=lambda run: run["lines"]),
        },
        "doctors": doctors.summary(counts.ended or plan.until),
        "assumed": assumed.source,
    }
    return dict(json.loads(as_bytes(report)))


def as_bytes(report: dict[str, Any]) -> bytes:
    """The report as a file of its own."""
    return json.dumps(report, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def _within(tell: Tell, begun: float, share: float) -> Tell:
    """Tells of a part of the whole."""
    return lambda done: tell(begun + share * done)


def _of(plan: Plan, counts: Counts) -> dict[str, Any]:
    reached = sorted(counts.reached_at.values())
    ended = counts.ended or plan.until
    return {
        "ended": ended.isoformat(),
        "finished": counts.ends["unfinished"] == 0,
        "reached": {
            "total": len(reached),
            "within_24h": _before(reached, plan.begins + timedelta(hours=24)),
            "within_72h": _before(reached, plan.begins + timedelta(hours=72)),
            "median_hours": _median_hours(reached, plan.begins),
            "curve": _curve(plan, counts, ended),
        },
        "days": _days(counts),
        "hours": _hours(counts),
        "dispositions": dict(counts.ends),
        "outcomes": dict(counts.outcomes),
        "dials": sum(counts.dialed.values()),
        "turns": counts.turns,
        "talk_minutes": round(counts.talk_seconds / MINUTE),
        "line_minutes": round(sum(counts.line_seconds.values()) / MINUTE),
        "flagged": counts.flagged,
        "red_flags": counts.red_flags,
    }


def _run(lines: int, plan: Plan, counts: Counts) -> dict[str, Any]:
    reached = sorted(counts.reached_at.values())
    ended = counts.ended or plan.until
    return {
        "lines": lines,
        "peak": max(counts.peaks.values(), default=0),
        "reached": len(reached),
        "within_24h": _before(reached, plan.begins + timedelta(hours=24)),
        "median_hours": _median_hours(reached, plan.begins),
        "completed": counts.ends["completed"],
        "overdue": counts.ends["overdue"],
        "dials": sum(counts.dialed.values()),
        "full_hours": round(sum(counts.full_seconds.values()) / 3600, 1),
        "hours": round((ended - plan.begins) / HOUR, 1),
    }


def _curve(plan: Plan, counts: Counts, ended: datetime) -> list[list[int]]:
    """(hours from the beginning, reached so far, with an end so far), in even steps of whole hours."""
    hours = int((ended - plan.begins) // HOUR) + 1
    step = -(-hours // CURVE_POINTS)
    reached = sorted(counts.reached_at.values())
    done = sorted(at for at, _ in counts.done_at.values())
    points = []
    for hour in range(0, hours + step, step):
        moment = plan.begins + hour * HOUR
        points.append([hour, _before(reached, moment), _before(done, moment)])
    return points


def _hours(counts: Counts) -> list[dict[str, Any]]:
    """By hour of the day on the campaign's clocks: dials, those that a person answered, and the lines that were in use:
    on average over the days that had calls then, and at most; `full_minutes`: somebody was due, and none was free."""
    lines: Counter[int] = Counter()
    full: Counter[int] = Counter()
    days: Counter[int] = Counter()
    peaks: dict[int, int] = {}
    for hour in sorted(set(counts.line_seconds) | set(counts.full_seconds)):
        of_day = counts.hour_of_day(counts.begins + hour * HOUR)
        lines[of_day] += round(counts.line_seconds[hour])
        full[of_day] += round(counts.full_seconds[hour])
        days[of_day] += counts.line_seconds[hour] > 0
        peaks[of_day] = max(peaks.get(of_day, 0), counts.peaks[hour])
    shown = sorted(set(counts.dialed) | {hour for hour in lines if lines[hour] > 0})
    return [
        {
            "hour": hour,
            "dialed": counts.dialed[hour],
            "answered": counts.answered[hour],
            "lines": round(lines[hour] / 3600 / max(1, days[hour]), 1),
            "peak": peaks.get(hour, 0),
            "full_minutes": round(full[hour] / MINUTE),
        }
        for hour in shown
    ]


def _days(counts: Counts) -> list[dict[str, Any]]:
    done: Counter[str] = Counter(counts.day(at) for at, _ in counts.done_at.values())
    return [
        {
            "day": day,
            "dialed": counts.days_dialed[day],
            "reached": counts.days_reached[day],
            "flagged": counts.days_flagged[day],
            "done": done[day],
        }
        for day in sorted(set(counts.days_dialed) | set(done))
    ]


def _attempts(simulation: Simulation) -> dict[str, int]:
    """How many people were dialed so often."""
    times = Counter(sum(target.outcomes.values()) for target in simulation.targets)
    return {str(often): times[often] for often in sorted(times)}


def _shares(words: Any) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def _before(moments: list[datetime], limit: datetime) -> int:
    return sum(moment < limit for moment in moments)


def _median_hours(moments: list[datetime], begins: datetime) -> float | None:
    return round((moments[len(moments) // 2] - begins) / HOUR, 1) if moments else None
