"""What choosing the next target costs, for campaigns of growing size. It should not grow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import insert, text

from core.bench import Bench
from core.database import Database, UnitOfWork
from core.ids import new_id
from ivr.campaigns.claim import due_targets
from ivr.campaigns.model import Target
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import create_campaign

_REPEATS = 200
_BATCH = 5000


@dataclass(frozen=True, slots=True)
class ChooseCost:
    """Milliseconds to choose the next target of a campaign with so many, everyone due."""

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
    now = uow.now()
    for start in range(0, size, _BATCH):
        uow.session.execute(
            insert(Target),
            [
                {
                    "id": new_id(),
                    "campaign_id": campaign.id,
                    "phone": f"+8490{number:08d}",
                    "language": "vi",
                    "context": {},
                    "outcomes": {},
                    "next_at": now - timedelta(seconds=size - number),
                }
                for number in range(start, min(start + _BATCH, size))
            ],
        )
    uow.session.execute(text("ANALYZE target"))
    query = due_targets(campaign.id, now, limit=1)
    for _ in range(_REPEATS):
        began = time.perf_counter()
        target = uow.session.scalars(query).one()
        times.append((time.perf_counter() - began) * 1000)
        uow.session.expunge(target)


benches: dict[str, Bench] = {
    "choose": lambda empty: [asdict(cost) for cost in measure_choose(empty.database, (1_000, 10_000, 100_000))]
}
