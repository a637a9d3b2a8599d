"""Everything at the same time: schedulers, workers, callers, and a person who pauses and aborts. No deadlock, no rule
broken, nothing lost."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import func, select

from core.errors import UserError
from ivr.calls.model import Call, CallState, FailureReason
from ivr.campaigns import service
from ivr.campaigns.model import Attempt, Target
from tests.ivr.campaigns.desk import Desk, a_phone

CAP = 5
ROUNDS = 60


@pytest.mark.capability("I6", "I10", "N12")
def test_schedulers_workers_callers_and_supervisors_do_not_get_into_each_others_way(desk: Desk) -> None:
    shared = [a_phone() for _ in range(10)]
    campaigns = [
        desk.campaign(*[a_phone() for _ in range(30)], *shared, cap=CAP, name=f"campaign {number}")
        for number in range(3)
    ]
    most: Counter[object] = Counter()

    def tick(random: Random) -> None:
        desk.dialer.tick()
        desk.wait(seconds=1)
        with desk.database.unit() as uow:
            rows = uow.session.execute(
                select(Attempt.campaign_id, func.count()).where(Attempt.state != "ended").group_by(Attempt.campaign_id)
            )
            for campaign, live in rows:
                most[campaign] = max(most[campaign], live)

    def work(random: Random) -> None:
        for row in desk.due()[:5]:
            desk.jobs.perform(row)

    def call(random: Random) -> None:
        with desk.database.unit() as uow:
            open_calls = uow.session.scalars(select(Call).where(Call.ended_at.is_(None))).all()
        for ringing in random.sample(list(open_calls), min(4, len(open_calls))):
            with desk.database.unit() as uow:
                desk.calls.end(
                    uow, ringing.id, "failed", state=CallState.FAILED, failure_reason=random.choice(list(FailureReason))
                )

    def supervise(random: Random) -> None:
        step = random.choice([service.pause, service.resume, service.resume])
        try:
            desk.do(step, random.choice(campaigns))
        except UserError:
            return  # it was paused, or running, already

    def run(seed: int) -> None:
        random = Random(seed)
        for _ in range(ROUNDS):
            random.choice([tick, work, work, call, call, supervise])(random)

    with ThreadPoolExecutor(6) as people:
        list(people.map(run, range(6)))  # raises what any of them ran into

    assert max(most.values()) <= CAP
    dialed = Counter(order.call_id for order in desk.network.dialed)
    assert set(dialed.values()) == {1}
    assert len(dialed) > 20
    with desk.database.unit() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Target)) == 120
        calling = uow.session.scalar(select(func.count()).select_from(Target).where(Target.state == "calling"))
        live = uow.session.scalar(select(func.count()).select_from(Attempt).where(Attempt.state != "ended"))
        assert calling == live
