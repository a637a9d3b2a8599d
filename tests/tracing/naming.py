"""A case, a desk that dials, and what people press: for the tests of whom a case met."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from core.database import Database
from core.ids import new_id
from core.jobs import Jobs
from flows.catalogue import Library
from flows.engine.events import Event
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.service import Calls
from ivr.campaigns.dialer import Dialer
from ivr.campaigns.observer import EFFECTS, CampaignObserver
from ivr.campaigns.plan import CampaignPlan
from tests.ivr.campaigns.desk import Desk, as_bytes
from tracing.cases.model import Case
from tracing.people.model import Person
from tracing.records.filing import RecordObserver
from tracing.venues.effects import EFFECTS as NAMING_EFFECTS
from tracing.venues.model import Venue, VenueVisit
from tracing.venues.unnamed import LearnsBirthYear

CITY = "38.380"
AN, LAN, MINH = "+84912345678", "+84987111222", "+84903444555"
BORN = "1985"
PLAN = CampaignPlan(name="F1", script="contact-interview", carrier="twilio", area=CITY)
ASKED = CampaignPlan(name="An", script="name-contacts", carrier="twilio", area=CITY)


class NamingDesk(Desk):
    """A desk that dials by the carrier that the console chooses, with every effect of tracing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        told = {"department": {"vi": "CDC", "en": "CDC", "ko": "CDC"}, "hotline": "+842373850115", "messages_days": 90}
        self.dialer = Dialer(self.database, self.calls, {"twilio": self.network}, lambda carrier: told)
        self.jobs = Jobs(self.database, self.redis, "none")
        self.database.after_commit = None
        self.jobs.register("dial", self.dialer.dial)
        self.jobs.register("hang_up", self.dialer.hang_up)

    def talk(self, phone: str, *pressed: str) -> None:
        """Pick up, and press one after another."""
        self.answer(phone)
        for digits in pressed:
            self.press(phone, digits)

    def take(self, phone: str, event: Event) -> None:
        """Anything else that the telephone tells."""
        with self.database.unit() as uow:
            call = self.call(phone)
            self.calls.take_turn(uow, call.id, call.next_turn, event, as_bytes)

    def hang_up(self, phone: str) -> None:
        with self.database.unit() as uow:
            self.calls.end(uow, self.call(phone).id)


def _stub(outcome: str) -> Any:
    def handler(request: EffectRequest) -> EffectResult:
        return EffectResult(outcome)

    return handler


def naming_calls(library: Library) -> Calls:
    effects = Effects()
    for name, handler in {**EFFECTS, **NAMING_EFFECTS}.items():
        effects.register(name, handler)
    for name, outcome in (("offer_slots", "none"), ("queue", "queued"), ("urgent", "queued")):
        effects.register(f"telehealth.{name}", _stub(outcome))
    return Calls(library, effects, [RecordObserver(library), CampaignObserver(), LearnsBirthYear()])


def somebody(database: Database, name: str, phone: str, *, born: int | None = 1985, area: str = CITY) -> UUID:
    with database.unit() as uow:
        person = Person(
            id=new_id(), name=name, birth_year=born, phone=phone, language="vi", area=area, created_at=uow.now()
        )
        uow.session.add(person)
        return person.id


def case_of(database: Database, person_id: UUID | None, *, onset: date | None = None, **changes: Any) -> UUID:
    with database.unit() as uow:
        case = Case(
            **{
                "id": new_id(),
                "disease": "covid-19",
                "person_id": person_id,
                "by_rule": "confirmed",
                "onset_on": onset,
                "area": CITY,
                "reported_at": uow.now(),
                **changes,
            }
        )
        uow.session.add(case)
        return case.id


def venue(database: Database, name: str = "Chợ Vườn Hoa", area: str = CITY) -> UUID:
    with database.unit() as uow:
        found = Venue(id=new_id(), name=name, kind="market", area=area, created_at=uow.now())
        uow.session.add(found)
        return found.id


def was_there(
    database: Database, venue_id: UUID, person_id: UUID, hours_ago: float, minutes: int, off: int = 0
) -> None:
    with database.unit() as uow:
        arrived = uow.now() - timedelta(hours=hours_ago)
        uow.session.add(
            VenueVisit(
                venue_id=venue_id,
                person_id=person_id,
                arrived_at=arrived,
                left_at=arrived + timedelta(minutes=minutes),
                uncertain_minutes=off,
                source="person",
                created_at=uow.now(),
            )
        )
