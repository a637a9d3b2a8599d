"""What choosing the next target costs, for campaigns of growing size. It should not grow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import text

from core.bench import Bench
from core.database import Database, UnitOfWork
from core.encryption import current_ring
from ivr.campaigns.due import due_targets
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import create_campaign, note_areas

_REPEATS = 200
_SIZES = (1_000, 100_000, 1_000_000)
# A province: every commune has people on the list.
_AREAS = [f"38.{380 + number // 20}.{14000 + number}" for number in range(500)]
_NUMBERS = 1_000
# Everybody is due. PostgreSQL makes the rows: a million come in less than a minute.
_FILL = text(
    """
    INSERT INTO target (id, campaign_id, phone, language, context, outcomes, area, next_at)
    SELECT gen_random_uuid(), :campaign, (CAST(:phones AS text[]))[1 + n % :numbers], 'vi', '{}', '{}',
           (CAST(:areas AS text[]))[1 + n % :communes], CAST(:now AS timestamptz) - n * interval '1 ms'
    FROM generate_series(1, :size) AS n
    """
)


@dataclass(frozen=True, slots=True)
class ChooseCost:
    """Milliseconds to choose the next target of a campaign with so many, everyone due, in 500 communes."""

    targets: int
    median_ms: float
    p95_ms: float


def measure_choose(database: Database, sizes: Sequence[int]) -> list[ChooseCost]:
    """The cost at each size. Works in transactions that are rolled back: nothing stays in the database."""
    return [_measure(database, size) for size in sizes]


class _Undo(Exception):
    """Ends a transaction without a trace."""


def _measure(database: Database, size: int) -> ChooseCost:
    times: list[float] = []
    try:
        with database.unit() as uow:
            _measure_in(uow, size, times)
            raise _Undo
    except _Undo:
        pass
    times.sort()
    return ChooseCost(size, statistics.median(times), times[int(len(times) * 0.95)])


def _measure_in(uow: UnitOfWork, size: int, times: list[float]) -> None:
    campaign = create_campaign(uow, CampaignPlan(name="bench", script="bench", carrier="bench"))
    note_areas(uow, campaign.id, {(area, "") for area in _AREAS})
    ring = current_ring()
    uow.session.execute(
        _FILL,
        {
            "campaign": campaign.id,
            "phones": [ring.encrypt(f"+8490{number:07d}") for number in range(_NUMBERS)],
            "numbers": _NUMBERS,
            "areas": _AREAS,
            "communes": len(_AREAS),
            "now": uow.now(),
            "size": size,
        },
    )
    uow.session.execute(text("ANALYZE target"))
    uow.session.execute(text("ANALYZE campaign_area"))
    campaign.window_from = campaign.window_until = campaign.window_until.min  # whatever hour it is
    for _ in range(_REPEATS):
        began = time.perf_counter()
        (target,) = due_targets(uow, campaign, room=1)
        times.append((time.perf_counter() - began) * 1000)
        uow.session.expunge(target)


benches: dict[str, Bench] = {"choose": lambda empty: [asdict(cost) for cost in measure_choose(empty.database, _SIZES)]}
