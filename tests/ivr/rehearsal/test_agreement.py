"""A rehearsal agrees with the real machinery: the same people are dialed at the same moments, and end in the same way,
when the dialer, PostgreSQL and the calls' own service do the work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import redis
from sqlalchemy import func, select

from core.clock import SimulatedClock
from core.database import Database
from flows.catalogue import Library, load_library
from flows.engine.events import CallEnded, EffectDone
from flows.engine.state import state_from_json
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.model import Call, CallState
from ivr.calls.service import Calls
from ivr.campaigns import service
from ivr.campaigns.model import Attempt, Target
from ivr.campaigns.observer import EFFECTS, CampaignObserver
from ivr.campaigns.service import NewTarget
from ivr.carriers.base import DialOrder
from ivr.rehearsal.chance import Chance
from ivr.rehearsal.doctors import Caller, NoDoctors
from ivr.rehearsal.people import People, year_of_birth
from ivr.rehearsal.plan import Place
from ivr.rehearsal.simulation import Simulation
from ivr.rehearsal.talk import Next, Talk
from ivr.simulator.network import DETECTION_SECONDS
from tests.ivr.campaigns.desk import Desk, as_bytes
from tests.ivr.rehearsal.plans import MONDAY, a_plan, assumptions

PEOPLE, LINES, CAP, PACE, SEED = 40, 4, 6, 0.5, 3
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
RETRIES = {"busy": "2m, 15m", "no_answer": "15m, 1h, 4h", "breakoff": "5m", "machine": "1h", "callback": "1h"}
PLAN = {"cap": CAP, "pace": PACE, "retries": RETRIES, "max_attempts": 4, "last_moment": MONDAY + timedelta(days=2)}


def _telephone(number: int) -> int:
    return number if number % 8 else max(0, number - 1)  # some share a telephone


def _area(number: int) -> str:
    return f"38.38{number % 3}"


class RealDay:
    """The real machinery, with the rehearsal's people on the line."""

    def __init__(self, desk: Desk, library: Library) -> None:
        self.desk, self.script = desk, library.scripts["contact-interview"]
        self.assumed, self.chance = assumptions(), Chance(SEED)
        self.people = People(self.chance, self.assumed)
        self.events: list[tuple[datetime, int, Callable[[], None]]] = []
        self.order = count()
        self.dials: list[tuple[int, datetime]] = []
        self.dialed: dict[str, int] = {}
        self.talks: dict[int, int] = {}
        self.numbers: dict[UUID, int] = {}
        desk.clock.set(MONDAY)
        desk.dialer._lines = LINES
        desk.dialer._told = lambda carrier: a_plan(library, 1).told
        desk.network.after = self._ring
        self.campaign = desk.campaign(running=False, name="F1", script="contact-interview", **PLAN)
        targets = [
            NewTarget(
                f"+8491{_telephone(number):07d}",
                "vi",
                {"person": {"name": f"{number + 1}", "birth_year": year_of_birth(self.chance, number)}},
                uuid4(),
                _area(number),
            )
            for number in range(PEOPLE)
        ]
        for target in targets:  # one by one, so that their ids are in order
            desk.do(service.add_targets, self.campaign, [target])
        with desk.database.unit() as uow:
            ids = uow.session.scalars(select(Target.id).order_by(Target.id))
            self.numbers = {target_id: number for number, target_id in enumerate(ids)}
        desk.do(service.start, self.campaign)

    def run(self) -> None:
        now = MONDAY
        while now < PLAN["last_moment"] + timedelta(hours=1) and self.desk.state(self.campaign) == "running":
            while self.events and self.events[0][0] <= now:
                moment, _, happens = heappop(self.events)
                self.desk.clock.set(moment)
                happens()
            self.desk.clock.set(now)
            claimed = self.desk.dialer.tick()
            self.desk.work()
            now = now + timedelta(seconds=1) if claimed or self._undialed() else self._next(now)

    def _undialed(self) -> bool:
        with self.desk.database.unit() as uow:
            waiting = select(func.count()).select_from(Attempt).where(Attempt.state == "claimed")
            return bool(uow.session.scalar(waiting))

    def _next(self, now: datetime) -> datetime:
        with self.desk.database.unit() as uow:
            waiting = (Target.state == "waiting", Target.next_at > now)
            due = uow.session.scalar(select(func.min(Target.next_at)).where(*waiting))
        moments = [moment for moment in (due, self.events[0][0] if self.events else None) if moment is not None]
        ahead = (min(moments, default=now) - MONDAY).total_seconds()
        return max(now + timedelta(seconds=1), MONDAY + timedelta(seconds=-(-ahead // 1)))

    def _at(self, moment: datetime, happens: Callable[[], None]) -> None:
        heappush(self.events, (moment, next(self.order), happens))

    def _ring(self, order: DialOrder) -> None:
        now = self.desk.clock.now()
        with self.desk.database.unit() as uow:
            call = uow.session.get_one(Call, order.call_id)
        assert call.target_id is not None
        number = self.numbers[call.target_id]
        self.dials.append((number, now))
        phone = str(_telephone(number))
        dial = self.dialed[phone] = self.dialed.get(phone, 0) + 1
        ringing = self.people.ring(phone, dial, now, ZONE, 40)
        at = now + timedelta(seconds=round(ringing.seconds, 1))
        if not ringing.answered_by:
            end = {"state": CallState.FAILED, "failure_reason": ringing.failure}
            self._at(at, lambda: self.desk.do(self.desk.calls.end, call.id, "failed", **end))
            return
        human = ringing.answered_by == "human"

        def picks_up() -> None:
            self.talks[number] = self.talks.get(number, 0) + human
            with self.desk.database.unit() as uow:
                fresh = uow.session.get_one(Call, call.id)
            self._talk(number, fresh, at, ringing)

        self._at(at, picks_up)

    def _talk(self, number: int, call: Call, at: datetime, ringing: Any) -> None:
        state = state_from_json(call.script_state)
        person = self.people.person(number, self.talks.get(number, 0), state.language, ringing.stranger)
        caller = Caller(number, state.language, _area(number))

        def perform(moment: datetime) -> Any:
            return lambda effect, _: _effect(effect, caller, moment)

        talk = Talk(
            self.script,
            state,
            self.people,
            person,
            self.chance,
            self.assumed,
            perform,
            lambda where, moment, seconds: NoDoctors().meet(where, moment, seconds, 300),
        )
        begins = at + timedelta(seconds=DETECTION_SECONDS)
        self._at(begins, lambda: self._turn(call.id, 0, talk, talk.begin(begins, ringing.answered_by)))

    def _turn(self, call_id: UUID, turn: int, talk: Talk, what: Next) -> None:
        with self.desk.database.unit() as uow:
            if isinstance(what.event, CallEnded):
                self.desk.calls.end(uow, call_id, what.event.reason)
            else:
                self.desk.calls.take_turn(uow, call_id, turn, what.event, as_bytes)
        _, following = talk.step(what)
        if following is not None:
            self._at(following.at, lambda: self._turn(call_id, turn + 1, talk, following))


def _effect(effect: Any, caller: Caller, moment: datetime) -> Any:
    came = NoDoctors().perform(effect.name, effect.arguments, caller, moment) or ("done", {})
    return EffectDone(moment.isoformat(), effect.name, *came)


def _no_doctors(name: str) -> Callable[[EffectRequest], EffectResult]:
    def handle(request: EffectRequest) -> EffectResult:
        came = NoDoctors().perform(name, {}, Caller(0, "vi", ""), request.uow.now())
        assert came is not None
        return EffectResult(*came)

    return handle


@pytest.mark.capability("N3", "I12")
def test_the_rehearsal_dials_the_same_people_at_the_same_moments_and_ends_as_the_real_campaign_does(
    database: Database, clock: SimulatedClock, redis_client: redis.Redis
) -> None:
    library, effects = load_library(), Effects()
    for name in ("offer_slots", "book", "upcoming", "move", "cancel", "urgent", "queue"):
        effects.register(f"telehealth.{name}", _no_doctors(f"telehealth.{name}"))
    for name, handler in EFFECTS.items():
        effects.register(name, handler)
    desk = Desk(database, clock, Calls(library, effects, [CampaignObserver()]), redis_client)
    real = RealDay(desk, library)
    real.run()

    places = [Place(_telephone(number), area=_area(number)) for number in range(PEOPLE)]
    simulation = Simulation(a_plan(library, places, seed=SEED, lines=LINES, **PLAN), assumptions(), NoDoctors())
    dials: list[tuple[int, datetime]] = []
    original = simulation._dial

    def noted(live: Any, now: datetime) -> None:
        before = live.placed_at
        original(live, now)
        if live.placed_at is not before:
            dials.append((live.number, now))

    simulation._dial = noted  # type: ignore[method-assign]
    simulation.run()

    with database.unit() as uow:
        targets = uow.session.scalars(select(Target).order_by(Target.id)).all()
    assert dials == real.dials
    assert [target.disposition for target in simulation.targets] == [target.disposition for target in targets]
    assert [target.outcomes for target in simulation.targets] == [target.outcomes for target in targets]
    assert [target.done_at for target in simulation.targets] == [target.done_at for target in targets]
    assert len({target.disposition for target in targets}) >= 4
