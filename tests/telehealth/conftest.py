"""A small clinic: practitioners with hours, calls that ask for slots."""

from __future__ import annotations

from collections import Counter
from datetime import date, time
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.database import Database
from ivr.calls.model import Call, ScriptRevision
from telehealth import appointments
from telehealth.appointments import Outcome
from telehealth.holds import Offer, offer
from telehealth.model import Appointment, Practitioner, WeeklyHours

ZONE = "Asia/Ho_Chi_Minh"


class Clinic:
    """Makes what a test needs, each in its own transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.unit() as uow:
            uow.session.add(ScriptRevision(revision="r", script="symptom-report", source="{}", created_at=uow.now()))

    def doctor(
        self,
        name: str = "BS. Lê Minh",
        *,
        languages: tuple[str, ...] = ("vi",),
        hours: tuple[tuple[int, str, str], ...] = ((1, "08:00", "10:00"),),
        minutes: int | None = 15,
        area: str = "",
        zone: str = ZONE,
    ) -> UUID:
        """A practitioner; hours are (weekday, from, until). Tuesday is the day after the tests' today."""
        with self.database.unit() as uow:
            doctor = Practitioner(name=name, languages=list(languages), zone=zone, area=area, active=True)
            uow.session.add(doctor)
            uow.session.flush()
            for weekday, starts, ends in hours:
                uow.session.add(
                    WeeklyHours(
                        practitioner_id=doctor.id,
                        weekday=weekday,
                        starts=time.fromisoformat(starts),
                        ends=time.fromisoformat(ends),
                        slot_minutes=minutes,
                        valid_from=date(2026, 1, 1),
                    )
                )
            return doctor.id

    def call(self, *, person_id: UUID | None = None, area: str = "", ended: bool = False) -> UUID:
        with self.database.unit() as uow:
            call = Call(
                direction="inbound",
                carrier="test",
                remote_number="+84912345678",
                script="symptom-report",
                revision="r",
                language="vi",
                context={},
                script_state={},
                person_id=person_id,
                area=area,
                created_at=uow.now(),
                ended_at=uow.now() if ended else None,
            )
            uow.session.add(call)
            uow.session.flush()
            return call.id

    def ask(self, call_id: UUID | None, language: str = "vi", **more: Any) -> list[Offer]:
        with self.database.unit() as uow:
            return offer(uow, language=language, call_id=call_id, **more)

    def book(self, held: Offer, call_id: UUID | None, person_id: UUID | None = None) -> Outcome:
        with self.database.unit() as uow:
            return appointments.book(uow, held.appointment_id, call_id=call_id, person_id=person_id).outcome

    def states(self) -> Counter[str]:
        """How many appointments are in each state."""
        with self.database.unit() as uow:
            return Counter(uow.session.scalars(select(Appointment.state)))


@pytest.fixture
def clinic(database: Database) -> Clinic:
    return Clinic(database)
