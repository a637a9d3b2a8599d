"""A whole day of follow-up: the ticks, the dialer on a telephone network of the tests, and the people who pick up."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from core.clock import SimulatedClock
from core.database import Database
from ivr.calls.model import Call, CallState, FailureReason
from ivr.campaigns import service
from ivr.campaigns.model import Target
from ivr.campaigns.service import NewTarget
from ivr.campaigns.standing import prepare_standing
from tests.ivr.campaigns.desk import Desk
from tests.tracing.daily.registry import Registry
from tracing.followup import planning, settling, standing
from tracing.people.model import Person

# What the hotline asks before: the language, and whether to answer now.
_ASKED_FIRST = ("change-language/which", "did-you-call/now")
call_number = itertools.count(1).__next__
# Healthy, by keys: the question and what is pressed; "2", which is no, for any other.
WELL = {
    "reach-person/who": "1",
    "reach-person/birth_year": "1984",
    "temperature": "365",
    "need": "4",
}


@dataclass
class Office(Registry):
    """`desk` dials."""

    desk: Desk

    def open(self) -> None:
        with self.database.unit() as uow:
            prepare_standing(uow, "network", "Asia/Ho_Chi_Minh")

    # --- what the scheduler does

    def order(self) -> int:
        return standing.order_calls(self.database)

    def settle(self) -> int:
        return settling.settle_days(self.database)

    def plan(self) -> int:
        return planning.plan_new(self.database)

    def dial(self) -> None:
        self.desk.tick()

    def listed(self, person_id: UUID) -> None:
        """A campaign for a list begins, with this person on it."""
        phone = self.phone(person_id)
        campaign = self.desk.campaign(running=False, script="contact-interview")
        named = NewTarget(phone, "vi", {"person": {"name": "Đỗ Thị Hường", "birth_year": 1984}}, person_id)
        self.desk.do(service.add_targets, campaign, [named])
        self.desk.do(service.start, campaign)

    # --- what people do

    def phone(self, person_id: UUID) -> str:
        with self.database.unit() as uow:
            return uow.session.get_one(Person, person_id).phone

    def rung(self, person_id: UUID) -> int:
        """How often they were dialed."""
        return self.desk.dials()[self.phone(person_id)]

    def picks_up(self, person_id: UUID, keys: Mapping[str, str] = WELL) -> Call:
        """The newest call to them is answered, question by question, to its end."""
        phone = self.phone(person_id)
        self.desk.answer(phone)
        while (question := self.desk.asked(phone)) != "None":
            confirming = self.desk.call(phone).script_state["phase"] == "confirm"
            self.desk.press(phone, "1" if confirming else keys.get(question, "2"))
        return self.desk.call(phone)

    def picks_up_and_presses(self, person_id: UUID, *keys: str) -> Call:
        phone = self.phone(person_id)
        self.desk.answer(phone)
        for each in keys:
            self.desk.press(phone, each)
        return self.desk.call(phone)

    def hangs_up(self, person_id: UUID) -> None:
        self.desk.report(self.phone(person_id), CallState.COMPLETED)

    def does_not_answer(self, person_id: UUID) -> None:
        self.desk.fail(self.phone(person_id), FailureReason.NO_ANSWER)

    def cannot_be_put_through(self, person_id: UUID) -> None:
        self.desk.fail(self.phone(person_id), FailureReason.PROVIDER_ERROR)

    def call_of_today(self, person_id: UUID) -> None:
        """Order, and dial."""
        self.order()
        self.dial()

    def rings_back(self, person_id: UUID, keys: Mapping[str, str]) -> None:
        """They ring the hotline, and answer now what we wanted to ask."""
        with self.database.unit() as uow:
            call_id = self.desk.calls.open(
                uow,
                direction="inbound",
                carrier="network",
                remote_number=self.phone(person_id),
                script="rang-back",
                language="vi",
                context={"department": "CDC", "hotline": "+842373850115", "today": self.today.isoformat()},
                provider_ref=f"IN{call_number()}",
            ).id
        phone = self.phone(person_id)
        self.desk.answer(phone)
        while (question := self.desk.asked(phone)) != "None":
            confirming = self.desk.call(phone).script_state["phase"] == "confirm"
            self.desk.press(phone, "1" if confirming or question in _ASKED_FIRST else keys.get(question, "2"))
        assert self.desk.call(phone).id == call_id

    # --- what is on file

    def network_hung_up(self) -> list[str]:
        return self.desk.network.hung_up

    def targets(self, person_id: UUID) -> Sequence[Target]:
        return self._rows(Target, Target.person_id == person_id, Target.added_at, Target.id)

    def wake(self, day: date, hour: int = 9, minute: int = 0) -> None:
        """It is so late; what the night's ticks do is done."""
        self.at(day, hour, minute)
        self.settle()
        self.order()
        self.dial()


def make_office(database: Database, clock: SimulatedClock, desk: Desk) -> Office:
    office = Office(database, clock, desk)
    office.open()
    return office
