"""What a large outbreak costs: planning the follow-up of all contacts of a list, and ordering the calls of a day."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import insert

from core.bench import Bench
from core.database import Database
from core.ids import new_id
from tracing import days
from tracing.cases.model import Case, Contact, Exposure
from tracing.followup import planning, standing
from tracing.people.model import Person

_PEOPLE = 10_000
_AREAS = [f"38.{380 + number // 20}.{14000 + number}" for number in range(500)]
_DISEASE = "covid-19"


@dataclass(frozen=True, slots=True)
class FollowUpCost:
    """Seconds, on the clock and of the processor in Python, for so many contacts that a list brought."""

    contacts: int
    plan_s: float
    plan_cpu_s: float
    order_s: float
    order_cpu_s: float


def measure_follow_up(database: Database, people: int) -> FollowUpCost:
    """Works through the ticks of an installation, on contacts of one case, met yesterday."""
    _fill(database, people)
    plan = _timed(lambda: planning.plan_new(database))
    order = _timed(lambda: standing.order_calls(database))
    return FollowUpCost(people, *plan, *order)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return round(time.perf_counter() - began, 2), round(time.process_time() - cpu, 2)


def _fill(database: Database, size: int) -> None:
    with database.unit() as uow:
        now, yesterday = uow.now(), days.today(uow) - timedelta(days=1)
        case = Case(id=new_id(), disease=_DISEASE, number="BN1", by_rule="confirmed", reported_at=now)
        uow.session.add(case)
        uow.session.flush()
        people = [
            {"id": new_id(), "name": "Lê Thị Hà", "phone": f"+8491{number:07d}", "area": _AREAS[number % len(_AREAS)]}
            for number in range(size)
        ]
        contacts = [
            {"id": new_id(), "person_id": person["id"], "area": person["area"], "case_id": case.id} for person in people
        ]
        met = [{"id": new_id(), "contact_id": contact["id"]} for contact in contacts]
        uow.session.execute(insert(Person).values(created_at=now), people)
        uow.session.execute(insert(Contact).values(disease=_DISEASE, source="list", reported_at=now), contacts)
        uow.session.execute(insert(Exposure).values(kind="person", day=yesterday, source="list", created_at=now), met)


benches: dict[str, Bench] = {
    "follow-up": lambda empty: asdict(measure_follow_up(empty.database, empty.size or _PEOPLE))
}
