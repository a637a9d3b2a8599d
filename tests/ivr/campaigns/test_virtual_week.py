"""A whole week on a virtual clock: thousands of people in four time zones who answer, do not, hang up, and share
telephones, over a change of clocks. Every rule of dialing is checked at every dial, by other means than ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from flows.engine.events import CallStarted, KeysPressed
from ivr.calls.model import Call, CallState, FailureReason
from ivr.campaigns import service
from ivr.campaigns.model import Attempt, Campaign, Target
from ivr.campaigns.progress import progress
from ivr.campaigns.reaper import Reaper
from ivr.campaigns.settle import add_do_not_call
from ivr.campaigns.words import Disposition
from ivr.carriers.base import DialOrder
from tests.ivr.campaigns.desk import Desk, as_bytes

THURSDAY = datetime(2026, 10, 22, 0, 30, tzinfo=UTC)  # Berlin's clocks go back on the Sunday
LAST_MOMENT = THURSDAY + timedelta(days=5)
OPENS, CLOSES, WEEKDAYS = 8, 20, (0, 1, 2, 3, 4, 6)  # nobody on Saturdays
CAP, LINES, PACE, MOST = 40, 50, 20.0, 5
RETRIES = {
    "busy": "2m, 15m, 1h",
    "no_answer": "15m, 1h, 1d",
    "machine": "4h, 1d",
    "breakoff": "5m, 1h",
    "lost": "5m",
    "rejected": "1d",
}
NUMBERS = {
    "Asia/Ho_Chi_Minh": "+84912{:06d}",
    "Asia/Seoul": "+821012{:06d}",
    "Europe/Berlin": "+49151112{:05d}",
    "America/New_York": "+1212555{:04d}",
}
FATES = {
    "busy": 18,
    "no_answer": 34,
    "machine": 8,
    "rejected": 3,
    "silence": 3,
    "hang_up": 12,
    "complete": 20,
    "lost": 2,
}
FAILURES = {name: FailureReason(name) for name in ("busy", "no_answer", "rejected")}


class Week:
    """The people, and what must hold whenever one of them is dialed."""

    def __init__(self, desk: Desk, seed: int, people: int) -> None:
        self.desk, self.random = desk, Random(seed)
        self.zones: dict[str, str] = {}
        self.barred: set[str] = set()
        self.placed: list[datetime] = []
        desk.clock.set(THURSDAY)
        desk.dialer._lines = LINES
        self.campaigns = [self._campaign("contacts", people), self._campaign("school", people // 10)]
        desk.network.before = self._check
        self.reaper = Reaper(desk.database, desk.calls, {"network": desk.network})

    def _campaign(self, name: str, people: int) -> Any:
        campaign = self.desk.campaign(
            name=name,
            running=False,
            cap=CAP,
            pace=PACE,
            retries=RETRIES,
            weekdays=WEEKDAYS,
            last_moment=LAST_MOMENT,
            max_attempts=MOST,
        )
        targets = [service.NewTarget(self._phone(people), "vi", area=f"38.{n % 7}") for n in range(people)]
        self.desk.do(service.add_targets, campaign, targets)
        self.desk.do(service.start, campaign)
        return campaign

    def _phone(self, people: int) -> str:
        zone = self.random.choices(list(NUMBERS), [85, 5, 5, 5])[0]
        # A fifth fewer numbers than people: families share them, across campaigns too.
        phone = NUMBERS[zone].format(5_100 + self.random.randrange(int(people * 0.8)))
        self.zones[phone] = zone
        return phone

    def _check(self, order: DialOrder) -> None:
        now = self.desk.clock.now()
        local = now.astimezone(ZoneInfo(self.zones[order.to]))
        assert OPENS <= local.hour < CLOSES, f"dialed at {local}"
        assert local.weekday() in WEEKDAYS, f"dialed on {local:%A}"
        assert now < LAST_MOMENT
        assert order.to not in self.barred
        self.placed.append(now)
        with self.desk.database.unit() as uow:
            live = uow.session.execute(select(Attempt.campaign_id, Attempt.phone).where(Attempt.state != "ended")).all()
        assert len(live) <= LINES
        assert max(Counter(row.campaign_id for row in live).values()) <= CAP
        assert max(Counter(row.phone for row in live).values()) == 1

    def run(self) -> None:
        while self.desk.clock.now() < LAST_MOMENT + timedelta(hours=1):
            self.desk.tick()
            self.desk.wait(seconds=1)
            self.desk.tick()
            if self.random.random() < 0.02:
                self._bar_somebody()
            self._let_them_talk()
            self.reaper.reap()
            self._pass_time()
        self.desk.tick()

    def _pass_time(self) -> None:
        """Some minutes; when nobody is on the line, until something is due (somewhere it is day by then)."""
        now = self.desk.clock.now()
        with self.desk.database.unit() as uow:
            next_due = uow.session.scalar(select(func.min(Target.next_at)).where(Target.state == "waiting"))
        if self.desk.live():
            self.desk.wait(minutes=self.random.choice((1, 5, 15)))
        elif next_due is not None and next_due > now:
            self.desk.clock.set(next_due)
        else:
            self.desk.wait(minutes=60 if next_due is None else 20)

    def _bar_somebody(self) -> None:
        phone = self.random.choice(sorted(self.zones))
        self.barred.add(phone)
        self.desk.do(add_do_not_call, phone, "asked in writing")

    def _let_them_talk(self) -> None:
        with self.desk.database.unit() as uow:
            ringing = uow.session.scalars(select(Call).where(Call.ended_at.is_(None)).order_by(Call.id)).all()
        for call in ringing:
            fate = self.random.choices(list(FATES), list(FATES.values()))[0]
            if fate == "silence":
                continue  # its callback is lost; perhaps it ends later, perhaps the reaper has to find it
            with self.desk.database.unit() as uow:
                self._end(uow, call, fate)

    def _end(self, uow: Any, call: Call, fate: str) -> None:
        calls, now = self.desk.calls, uow.now().isoformat()
        if fate in FAILURES:
            calls.end(uow, call.id, "failed", state=CallState.FAILED, failure_reason=FAILURES[fate])
            return
        if fate == "lost":
            calls.end(uow, call.id, "failed", state=CallState.FAILED, failure_reason=FailureReason.LOST)
            return
        calls.take_turn(uow, call.id, 0, CallStarted(now, "machine" if fate == "machine" else "human"), as_bytes)
        if fate in ("hang_up", "complete"):
            calls.take_turn(uow, call.id, 1, KeysPressed(now, "2", finished=True), as_bytes)
        if fate == "complete":
            calls.take_turn(uow, call.id, 2, KeysPressed(now, "4", finished=True), as_bytes)
        calls.end(uow, call.id)


@contextmanager
def read(desk: Desk) -> Iterator[Any]:
    with desk.database.unit() as uow:
        yield uow.session


@pytest.mark.capability("I2", "I4", "I5", "I6", "I7", "I11", "I12", "N12", "N13")
@pytest.mark.parametrize(
    ("seed", "people"),
    [(1, 60), pytest.param(2, 300, marks=[pytest.mark.patient, pytest.mark.timeout(1200)])],
    ids=["60 people", "300 people"],
)
def test_a_week_breaks_no_rule_and_ends_for_everybody_in_exactly_one_way(desk: Desk, seed: int, people: int) -> None:
    week = Week(desk, seed, people)
    week.run()

    orders = Counter(order.call_id for order in desk.network.dialed)
    assert set(orders.values()) == {1}
    assert len(orders) > people
    for moment, count in Counter(week.placed).items():
        within = sum(1 for other in week.placed if moment <= other < moment + timedelta(seconds=1))
        assert count <= within <= PACE * len(week.campaigns)
    with read(desk) as session:
        targets = session.scalars(select(Target)).all()
        assert len(targets) == people + people // 10
        assert {target.state for target in targets} == {"done"}
        assert all(target.done_at is not None and target.resume_state is None for target in targets)
        ends = Counter(target.disposition for target in targets)
        assert set(ends) <= set(Disposition) - {"registered", "queued", "contacted", "started", "partial"}
        expected = {"completed", "unresponsive", "breakoff"} | ({"refused", "failed"} if people > 1000 else set())
        assert ends.keys() >= expected
        for target in targets:
            assert sum(target.outcomes.values()) <= MOST
            for outcome, times in target.outcomes.items():
                assert times <= len(RETRIES.get(outcome, "").split(",")) + 1
            assert (target.disposition == "completed") == ("completed" in target.outcomes)
        assert session.scalar(select(func.count()).select_from(Attempt).where(Attempt.state != "ended")) == 0
        assert session.scalar(select(func.count()).select_from(Call).where(Call.ended_at.is_(None))) == 0
        assert {campaign.state for campaign in session.scalars(select(Campaign))} == {"finished"}
    for campaign in week.campaigns:
        now = desk.do(progress, campaign)
        assert sum(now.dispositions.values()) == now.targets == now.done
        # A dial is one attempt of one target, and every attempt that reached the network has one outcome.
        dials = sum(times * count for times, count in now.retries.items())
        assert dials == sum(now.outcomes.values())
