"""What is going on today in the made-up province: people who wait for a doctor, appointments, voice messages, lists
that wait, perhaps the same people."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from audio import codec
from core.database import UnitOfWork
from core.ids import new_id
from core.users import User
from ivr.messages.store import keep
from telehealth.model import Appointment, Practitioner, QueueEntry
from telehealth.sample import add_sample_practitioners
from tracing.lists.model import ListImport
from tracing.people.model import DuplicateCandidate, Person
from tracing.records.model import Record

_ZONE = "Asia/Ho_Chi_Minh"
_WAITING, _LISTS, _PAIRS = 200, 30, 4000


def add_today(uow: UnitOfWork) -> None:
    """Add it, to rows that are there."""
    add_sample_practitioners(uow, _ZONE)
    uow.session.flush()
    doctor = uow.session.scalars(select(Practitioner.id).order_by(Practitioner.name)).first()
    now, sound = uow.now(), codec.pcm_to_ulaw(bytes(codec.RATE))
    newest = select(Record).where(Record.call_id.is_not(None)).order_by(Record.id.desc()).limit(_WAITING)
    for place, record in enumerate(uow.session.scalars(newest).all()):
        starts = now + timedelta(minutes=15 * place)
        about = {"person_id": record.person_id, "call_id": record.call_id, "language": "vi", "area": record.area}
        uow.session.add(QueueEntry(urgency=2, reason="reported_symptoms", created_at=now, **about))
        uow.session.add(
            Appointment(
                practitioner_id=doctor, during=Range(starts, starts + timedelta(minutes=15)), state="booked",
                created_at=now, **about,
            )
        )  # fmt: skip
        if record.call_id is not None:
            keep(uow, call_id=record.call_id, turn=2, ulaw=sound + place * codec.ULAW_SILENCE)
    people = uow.session.execute(select(Person.id, Person.area).order_by(Person.id.desc()).limit(_PAIRS)).all()
    for one, other in pairwise(sorted(person.id for person in people)):
        uow.session.add(DuplicateCandidate(low_id=one, high_id=other, degree=1, points=50, signs=[], found_at=now))
    brought = User(
        id=new_id(),
        login="lan",
        name="Trịnh Lan",
        password_hash="none",  # noqa: S106
        roles=[],
        created_at=now,
        active=False,
    )
    uow.session.add(brought)
    uow.session.flush()
    uow.session.add_all(
        ListImport(
            disease="covid-19", file_name=f"{place}.csv", mapping={}, state="checked", rows=100,
            area=people[place % len(people)].area, created_by=brought.id, created_at=now,
        )
        for place in range(_LISTS)
    )  # fmt: skip
