"""What a rehearsal costs: ten thousand people over several days, with other numbers of lines beside its own."""

from __future__ import annotations

import resource
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from core.bench import Bench, show_progress
from flows.catalogue import load_library
from ivr.campaigns.model import Campaign
from ivr.campaigns.plan import CampaignPlan, columns_of
from ivr.rehearsal.assumptions import read_assumptions
from ivr.rehearsal.doctors import NoDoctors
from ivr.rehearsal.plan import Place, Plan, copy_of
from ivr.rehearsal.report import rehearse

PEOPLE = 10_000
_AREAS = 500
_MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)


def measure_rehearsal(people: int = PEOPLE) -> dict[str, Any]:
    """Rehearse an interview with so many people in 500 communes, a tenth of whom share a telephone."""
    columns = columns_of(CampaignPlan("bench", "contact-interview", "bench", cap=30, pace=2.0), _MONDAY)
    places = [Place(n if n % 10 else max(0, n - 1), area=f"38.{n % _AREAS}") for n in range(people)]
    plan = Plan(
        campaign=copy_of(Campaign(**columns)),
        places=places,
        begins=_MONDAY,
        until=_MONDAY + timedelta(days=30),
        scripts=load_library().scripts,
        told={"department": {"vi": "CDC"}, "hotline": "+842373850115", "speech": ["vi"]},
    )
    began, cpu = time.perf_counter(), time.process_time()
    report = rehearse(plan, read_assumptions(), NoDoctors, lambda share: show_progress(f"rehearsing: {share:.0%}"))
    return {
        "people": people,
        "days": len(report["days"]),
        "dials": report["dials"],
        "turns": report["turns"],
        "numbers_of_lines": len(report["lines"]["runs"]),
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


benches: dict[str, Bench] = {"rehearsal": lambda empty: measure_rehearsal()}
