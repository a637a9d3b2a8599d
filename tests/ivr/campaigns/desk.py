"""A dialing desk for tests: campaigns, a telephone network that we control, and the outbox worked off by hand."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from redis import Redis
from sqlalchemy import func, select

from core.clock import SimulatedClock
from core.database import Database
from core.jobs import Jobs
from core.outbox import OutboxRow
from flows.engine.actions import Action
from flows.engine.events import CallStarted, Hypothesis, KeysPressed, SpeechHeard
from ivr.calls.log import read_log
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.campaigns import service
from ivr.campaigns.dialer import Dialer, StillWanted
from ivr.campaigns.model import Attempt, Campaign, CampaignKind, Target
from ivr.campaigns.plan import CampaignPlan
from ivr.campaigns.service import NewTarget
from ivr.carriers.base import DialOrder

RETRIES = {"busy": "2m, 15m", "no_answer": "15m, 1h", "breakoff": "5m", "lost": "2m", "failed": "5m", "machine": "1h"}
_numbers = iter(range(10_000_000))


class Network:
    """A carrier. `before` and `after` are called with each order, around the moment it is taken."""

    name = "network"

    def __init__(self) -> None:
        self.dialed: list[DialOrder] = []
        self.known: dict[UUID, str] = {}
        self.hung_up: list[str] = []
        self.statuses: dict[str, StatusReport] = {}
        self.before: Callable[[DialOrder], None] | None = None
        self.after: Callable[[DialOrder], None] | None = None
        self._lock = threading.Lock()

    def place(self, order: DialOrder) -> str:
        if self.before is not None:
            self.before(order)
        with self._lock:
            self.dialed.append(order)
            self.known[order.call_id] = f"CA{len(self.dialed)}"
        if self.after is not None:
            self.after(order)
        return self.known[order.call_id]

    def find(self, order: DialOrder, taken: Collection[str]) -> str | None:
        """The first call to the number that is nobody else's: carriers do not list what an order was for."""
        found = (f"CA{place}" for place, dialed in enumerate(self.dialed, 1) if dialed.to == order.to)
        return next((ref for ref in found if ref not in taken), None)

    def hang_up(self, provider_ref: str) -> None:
        self.hung_up.append(provider_ref)

    def status(self, provider_ref: str, now: datetime) -> StatusReport | None:
        return self.statuses.get(provider_ref)

    @property
    def numbers(self) -> list[str]:
        return [order.to for order in self.dialed]


def a_phone() -> str:
    return f"+8491{next(_numbers):07d}"


def as_bytes(call: Call, actions: tuple[Action, ...], next_turn: int) -> bytes:
    return str(next_turn).encode()


@dataclass
class Desk:
    database: Database
    clock: SimulatedClock
    calls: Calls
    redis: Redis
    network: Network = field(default_factory=Network)
    wanted: Mapping[CampaignKind, StillWanted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told = {"department": "CDC", "hotline": "+842373850115"}
        carriers = {"network": self.network}
        self.dialer = Dialer(self.database, self.calls, carriers, lambda carrier: told, wanted=self.wanted)
        self.jobs = Jobs(self.database, self.redis, "none")
        self.database.after_commit = None  # the outbox is worked off here, not by RQ
        self.jobs.register("dial", self.dialer.dial)
        self.jobs.register("hang_up", self.dialer.hang_up)

    # --- campaigns

    def campaign(self, *phones: str, running: bool = True, **plan: Any) -> UUID:
        """A campaign with these numbers, running unless told otherwise."""
        values = {"name": "F1", "script": "check-in", "carrier": "network", "cap": 100, "pace": 100.0, **plan}
        values.setdefault("retries", RETRIES)
        with self.database.unit() as uow:
            campaign_id = service.create_campaign(uow, CampaignPlan(**values)).id
            service.add_targets(uow, campaign_id, [NewTarget(phone, "vi", person_id=uuid4()) for phone in phones])
            if running:
                service.start(uow, campaign_id)
        return campaign_id

    def do(self, function: Callable[..., Any], *values: Any, **named: Any) -> Any:
        """Call a service function in a transaction of its own."""
        with self.database.unit() as uow:
            return function(uow, *values, **named)

    # --- time and work

    def wait(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    def work(self) -> None:
        """Do every job that is due, those that come up meanwhile too."""
        while rows := self.due():
            for row_id in rows:
                self.jobs.perform(row_id)

    def due(self) -> list[int]:
        with self.database.unit() as uow:
            return list(
                uow.session.scalars(
                    select(OutboxRow.id)
                    .where(OutboxRow.done_at.is_(None), OutboxRow.due_at <= uow.now())
                    .order_by(OutboxRow.id)
                )
            )

    def tick(self) -> None:
        """Choose, and dial."""
        self.dialer.tick()
        self.work()

    # --- what callers do

    def call(self, phone: str) -> Call:
        """The newest call to a number."""
        with self.database.unit() as uow:
            query = select(Call).where(Call.remote_number == phone).order_by(Call.id.desc()).limit(1)
            return uow.session.scalars(query).one()

    def answer(self, phone: str, answered_by: Any = "human") -> None:
        with self.database.unit() as uow:
            event = CallStarted(uow.now().isoformat(), answered_by)
            self.calls.take_turn(uow, self.call(phone).id, 0, event, as_bytes)

    def press(self, phone: str, digits: str) -> None:
        with self.database.unit() as uow:
            call = self.call(phone)
            event = KeysPressed(uow.now().isoformat(), digits, finished=True)
            self.calls.take_turn(uow, call.id, call.next_turn, event, as_bytes)

    def say(self, phone: str, words: str) -> None:
        with self.database.unit() as uow:
            call = self.call(phone)
            event = SpeechHeard(uow.now().isoformat(), (Hypothesis(words, 0.9),), "accept", 0.9)
            self.calls.take_turn(uow, call.id, call.next_turn, event, as_bytes)

    def complete(self, phone: str) -> None:
        """The person answers every question of the check-in."""
        self.answer(phone)
        self.press(phone, "2")
        self.press(phone, "4")

    def report(self, phone: str, state: CallState, failure: FailureReason | None = None) -> None:
        """A status callback."""
        with self.database.unit() as uow:
            self.calls.apply_status(uow, self.call(phone).id, StatusReport(state, uow.now(), failure))

    def fail(self, phone: str, failure: FailureReason) -> None:
        self.report(phone, CallState.FAILED, failure)

    # --- what the script made of it

    def asked(self, phone: str) -> str:
        """The question that the newest call waits for."""
        return str(self.call(phone).script_state["step"])

    def answers(self, phone: str) -> dict[str, Any]:
        return {name: answer["value"] for name, answer in self.call(phone).script_state["answers"].items()}

    def steps(self, phone: str) -> list[str]:
        """The steps that the newest call went through."""
        with self.database.unit() as uow:
            lines = [line for line in read_log(uow, self.call(phone).id) if line.kind == "note"]
        return [note["step"] for line in lines for note in line.data["notes"] if note["kind"] == "entered"]

    # --- what the database says

    def target(self, phone: str) -> Target:
        with self.database.unit() as uow:
            return uow.session.scalars(select(Target).where(Target.phone == phone)).one()

    def attempts(self, phone: str) -> list[Attempt]:
        with self.database.unit() as uow:
            return list(uow.session.scalars(select(Attempt).where(Attempt.phone == phone).order_by(Attempt.number)))

    def live(self) -> int:
        with self.database.unit() as uow:
            return uow.session.scalar(select(func.count()).select_from(Attempt).where(Attempt.state != "ended")) or 0

    def state(self, campaign_id: UUID) -> str:
        with self.database.unit() as uow:
            return uow.session.get_one(Campaign, campaign_id).state

    def dials(self) -> Counter[str]:
        """How often each number was dialed."""
        return Counter(self.network.numbers)
