"""People with a history, for the tests of merging."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.database import Database, UnitOfWork
from core.ids import new_id
from core.tables import Base
from ivr.calls.model import Call, ScriptRevision
from ivr.campaigns.model import Campaign, Target
from tracing.cases.model import Case, Contact, Exposure
from tracing.people.model import Person
from tracing.people.pointing import PERSON, pointing_at

TODAY = date(2026, 11, 23)
DISEASE = "covid-19"
BY = UUID(int=7)
PHONE, OTHER = "+84912345678", "+84987654321"
COMMUNE = "38.380.14755"


def a_person(uow: UnitOfWork, name: str = "Nguyễn Văn An", phone: str = PHONE, **known: Any) -> Person:
    person = Person(id=new_id(), name=name, phone=phone, created_at=uow.now(), **known)
    uow.session.add(person)
    uow.session.flush()
    return person


def a_case(uow: UnitOfWork, number: str, person: UUID | None = None) -> UUID:
    case = Case(
        id=new_id(), disease=DISEASE, number=number, by_rule="confirmed", area=COMMUNE, person_id=person,
        reported_at=uow.now(),
    )  # fmt: skip
    uow.session.add(case)
    uow.session.flush()
    return case.id


def a_contact(uow: UnitOfWork, person: UUID, case: UUID | None, *days: int, **known: Any) -> UUID:
    """A contact who met the case so many days ago."""
    met = sorted(TODAY - timedelta(days=ago) for ago in days)
    contact = Contact(
        id=new_id(), person_id=person, disease=DISEASE, case_id=case, area=COMMUNE, source="list",
        reported_at=uow.now(), first_exposed_on=met[0] if met else None, last_exposed_on=met[-1] if met else None,
        **known,
    )  # fmt: skip
    uow.session.add(contact)
    uow.session.flush()
    for day in met:
        exposed(uow, contact.id, day)
    return contact.id


def exposed(uow: UnitOfWork, contact: UUID, day: date, place: str = "") -> UUID:
    exposure = Exposure(
        id=new_id(), contact_id=contact, kind="person", day=day, place=place, source="list", created_at=uow.now()
    )
    uow.session.add(exposure)
    uow.session.flush()
    return exposure.id


def a_campaign(uow: UnitOfWork, name: str = "Ổ dịch chợ Vườn Hoa") -> UUID:
    campaign = Campaign(
        id=new_id(), name=name, script="contact-interview", carrier="twilio", state="running", zone="Asia/Ho_Chi_Minh",
        window_from=time(8), window_until=time(20), weekdays=[0, 1, 2, 3, 4, 5, 6], cap=10, pace=1.0,
        retries={"busy": [120]}, created_at=uow.now(), started_at=uow.now(),
    )  # fmt: skip
    uow.session.add(campaign)
    uow.session.flush()
    return campaign.id


def a_target(uow: UnitOfWork, campaign: UUID, person: Person, **known: Any) -> UUID:
    target = Target(
        **{
            "id": new_id(), "campaign_id": campaign, "person_id": person.id, "phone": person.phone, "language": "vi",
            "context": {}, "outcomes": {}, "next_at": uow.now(), "added_at": uow.now(),
        } | known
    )  # fmt: skip
    uow.session.add(target)
    uow.session.flush()
    return target.id


def a_call(uow: UnitOfWork, person: Person, **known: Any) -> UUID:
    if uow.session.get(ScriptRevision, "r") is None:
        uow.session.add(ScriptRevision(revision="r", script="contact-interview", source="{}", created_at=uow.now()))
        uow.session.flush()
    call = Call(
        **{
            "id": new_id(), "direction": "outbound", "carrier": "twilio", "remote_number": person.phone,
            "state": "completed", "script": "contact-interview", "revision": "r", "language": "vi", "context": {},
            "script_state": {}, "person_id": person.id, "created_at": uow.now(), "ended_at": uow.now(),
        } | known
    )  # fmt: skip
    uow.session.add(call)
    uow.session.flush()
    return call.id


# What planning writes anew after every merge and its undoing: compared by what it says, not by its rows.
PLANNED = {"follow_up", "follow_up_visit", "quarantine"}


def on_file(database: Database) -> dict[str, dict[str, Any]]:
    """Every row that belongs to people, directly or through a contact, as the database writes it."""
    tables = {table for table, _ in pointing_at(PERSON)} | {table for table, _ in pointing_at("contact")} | {PERSON}
    with database.unit() as uow:
        return {name: rows_of(uow, name) for name in sorted(tables - PLANNED - {"contact_change"})}


def rows_of(uow: UnitOfWork, name: str) -> dict[str, Any]:
    table = Base.metadata.tables[name]
    found = uow.session.execute(select(table.c.id, func.to_jsonb(table.table_valued())))
    return {str(key): _comparable(name, row) for key, row in found}


def _comparable(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Without what follow-up planning keeps about a contact."""
    planned = {"plan_at", "unplanned", "follow_up", "status", "by_rule", "team_id"} if name == "contact" else set()
    return {column: value for column, value in row.items() if column not in planned}
