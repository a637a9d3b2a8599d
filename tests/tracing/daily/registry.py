"""A registry to act on: people, cases and contacts through the service, and what is on file of them afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.clock import SimulatedClock
from core.database import Database
from core.ids import new_id
from tracing import days
from tracing.cases import service
from tracing.cases.events import CaseEvent, ContactEvent
from tracing.cases.model import Case, Contact, ContactChange
from tracing.cases.service import NewCase, NewExposure
from tracing.followup import planning
from tracing.followup.counting import Override
from tracing.followup.model import FollowUp, FollowUpVisit, Quarantine
from tracing.people.model import Dose, Person

COVID = "covid-19"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
AREA = "38.380.14755"
ME = new_id()
_numbers = itertools.count(1)


@dataclass
class Registry:
    database: Database
    clock: SimulatedClock

    @property
    def today(self) -> date:
        return self.clock.now().astimezone(ZONE).date()

    def day(self, ahead: int) -> date:
        return self.today + timedelta(days=ahead)

    def at(self, day: date, hour: int = 9, minute: int = 0) -> None:
        """Set the clock, in the department's time."""
        self.clock.set(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE))

    def person(self, name: str = "Lê Thị Hà", **changes: Any) -> UUID:
        values = {"phone": f"+84912{next(_numbers):06d}", "birth_year": 1984, "area": AREA, **changes}
        with self.database.unit() as uow:
            person = Person(id=new_id(), name=name, created_at=uow.now(), **values)
            uow.session.add(person)
        return person.id

    def case(self, person_id: UUID | None = None, **changes: Any) -> Case:
        with self.database.unit() as uow:
            return service.open_case(uow, NewCase(COVID, person_id=person_id, **changes), ME)

    def contact(self, person_id: UUID, *exposed: date | NewExposure, **source: Any) -> Contact:
        """`exposed`: days, or more."""
        exposures = [each if isinstance(each, NewExposure) else NewExposure(each) for each in exposed]
        with self.database.unit() as uow:
            return service.add_contact(uow, person_id, COVID, exposures, **source, source="person", by=ME)[0]

    def happens(self, contact: Contact, event: ContactEvent) -> Contact:
        with self.database.unit() as uow:
            return service.change_contact(uow, contact.id, event, by=ME)

    def happens_to_case(self, case: Case, event: CaseEvent) -> Case:
        with self.database.unit() as uow:
            return service.change_case(uow, case.id, event, by=ME)

    def became_case(self, contact: Contact, **changes: Any) -> Case:
        with self.database.unit() as uow:
            return service.become_case(uow, contact.id, NewCase(COVID, **changes), ME)

    def dose(self, person_id: UUID, number: int, day: date | None) -> None:
        with self.database.unit() as uow:
            uow.session.add(
                Dose(id=new_id(), person_id=person_id, disease=COVID, number=number, given_on=day, created_at=uow.now())
            )

    def replan(self, person_id: UUID) -> FollowUp | None:
        with self.database.unit() as uow:
            return planning.replan(uow, person_id, COVID)

    def set_last_day(self, person_id: UUID, day: date, why: str = "the doctor asked for it") -> FollowUp | None:
        with self.database.unit() as uow:
            said = Override(day, "BS. Hà", days.local(uow, uow.now()), why)
            return planning.override(uow, person_id, COVID, said, ME)

    def set_confinement(self, person_id: UUID, day: date, why: str = "the home is small") -> None:
        with self.database.unit() as uow:
            said = Override(day, "BS. Hà", days.local(uow, uow.now()), why)
            planning.confine(uow, person_id, COVID, said, ME)

    # --- what is on file

    def now_of(self, contact: Contact) -> Contact:
        with self.database.unit() as uow:
            return uow.session.get_one(Contact, contact.id)

    def axes(self, contact: Contact) -> tuple[str, str]:
        now = self.now_of(contact)
        return now.status, now.follow_up

    def periods(self, person_id: UUID) -> Sequence[FollowUp]:
        """The oldest first; the last one counts unless it is superseded."""
        return self._rows(FollowUp, FollowUp.person_id == person_id, FollowUp.at, FollowUp.id)

    def period(self, person_id: UUID) -> tuple[date, date] | None:
        current = [row for row in self.periods(person_id) if row.superseded_at is None]
        return (current[0].first_day, current[0].last_day) if current else None

    def visits(self, person_id: UUID) -> Sequence[FollowUpVisit]:
        return self._rows(FollowUpVisit, FollowUpVisit.person_id == person_id, FollowUpVisit.day, FollowUpVisit.nth)

    def results(self, person_id: UUID) -> list[str | None]:
        return [visit.result for visit in self.visits(person_id)]

    def quarantine(self, person_id: UUID) -> list[tuple[str, date, date]]:
        rows = self._rows(Quarantine, Quarantine.person_id == person_id, Quarantine.first_day, Quarantine.id)
        return [(row.place, row.first_day, row.last_day) for row in rows if row.superseded_at is None]

    def orders(self, person_id: UUID) -> Sequence[Quarantine]:
        return self._rows(Quarantine, Quarantine.person_id == person_id, Quarantine.at, Quarantine.first_day)

    def history(self, contact: Contact) -> list[tuple[str, Any, Any]]:
        rows = self._rows(ContactChange, ContactChange.contact_id == contact.id, ContactChange.at, ContactChange.id)
        return [(row.what, row.before, row.after) for row in rows]

    def _rows(self, table: Any, which: Any, *order: Any) -> Sequence[Any]:
        with self.database.unit() as uow:
            return uow.session.scalars(select(table).where(which).order_by(*order)).all()

    def everything(self) -> list[tuple[Any, ...]]:
        """All that planning writes, to see whether something changed."""
        with self.database.unit() as uow:
            return [
                tuple(row)
                for table in (Contact, ContactChange, FollowUp, Quarantine, FollowUpVisit)
                for row in uow.session.execute(select(table.__table__).order_by(table.id))
            ]
