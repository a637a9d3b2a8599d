"""The telephone in the console: who may use it, what it opens, and what it tells to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from admin.context import ConsoleContext
from core.audit import AuditEntry
from core.database import Database
from ivr.calls.model import Call
from ivr.lines.tickets import CallTicket, read_ticket
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, Province

Visit = Callable[[str], Visitor]
JSON = {"Accept": "application/json"}
HOTLINE = {"script": "symptom-report", "language": "ko"}
INTERVIEW = {"script": "contact-interview", "language": "vi", "name": "Lê Thử", "birth_year": "1988"}


def dial(visitor: Visitor, **form: str) -> Any:
    response = visitor.post("/telephone/call", form, headers=JSON)
    assert response.status_code == 201, response.text
    return response.json


def opened(database: Database) -> list[Call]:
    with database.unit() as uow:
        return list(uow.session.scalars(select(Call).where(Call.carrier == "browser").order_by(Call.created_at)))


@pytest.mark.capability("C7")
def test_an_officer_opens_a_call_of_nobody_in_their_own_area(
    province: Province, visitor: Visit, database: Database
) -> None:
    told = dial(visitor("thao"), **INTERVIEW)
    (call,) = opened(database)
    assert told["call"] == str(call.id)
    assert read_ticket(told["ticket"]) == CallTicket(call.id, captions=True)
    assert (call.person_id, call.area, call.language) == (None, CITY, "vi")
    assert call.context["person"] == {"name": "Lê Thử", "birth_year": 1988}
    with database.unit() as uow:
        line = uow.session.scalars(select(AuditEntry).where(AuditEntry.action == "telephone.call")).one()
    assert line.subject == f"call:{call.id}"


def test_the_hotline_knows_nobody_who_calls_it(province: Province, visitor: Visit, database: Database) -> None:
    dial(visitor("son"), **HOTLINE)
    (call,) = opened(database)
    assert (call.direction, call.language) == ("inbound", "ko")
    assert "person" not in call.context


@pytest.mark.parametrize(
    "wrong",
    [
        {"script": "doctor-slot"},
        {"script": ""},
        {"name": " "},
        {"name": "x" * 101},
        {"birth_year": "later"},
        {"birth_year": "1850"},
        {"birth_year": "3000"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_nothing_opened(
    province: Province, visitor: Visit, database: Database, wrong: dict[str, str]
) -> None:
    response = visitor("son").post("/telephone/call", {**INTERVIEW, **wrong}, headers=JSON)
    assert response.status_code == 400
    assert response.json
    assert response.json["hint"]
    assert opened(database) == []


@pytest.mark.capability("C2")
def test_only_the_browser_that_made_the_call_comes_back_to_it_and_reads_along(
    province: Province, visitor: Visit, database: Database
) -> None:
    son, thao = visitor("son"), visitor("thao")
    call = {"call": dial(son, **HOTLINE)["call"]}
    again = son.post("/telephone/ticket", call, headers=JSON)
    assert again.json
    assert read_ticket(again.json["ticket"]) == CallTicket(UUID(call["call"]), captions=True)
    for other in (call, {"call": str(province.an.call)}, {"call": str(uuid4())}, {"call": "nonsense"}, {}):
        assert thao.post("/telephone/ticket", other, headers=JSON).status_code == 404, other
        assert "Nothing was said" in thao.page(f"/telephone/talk?call={other.get('call', '')}"), other


def test_a_call_that_is_over_gets_no_ticket(
    province: Province, visitor: Visit, database: Database, console: Flask
) -> None:
    son = visitor("son")
    call = dial(son, **HOTLINE)["call"]
    with database.unit() as uow:
        uow.session.get_one(Call, UUID(call)).ended_at = uow.now()
    assert son.post("/telephone/ticket", {"call": call}, headers=JSON).status_code == 404


def test_only_this_page_may_use_the_microphone_and_reach_the_media_process(
    console: Flask, province: Province, visitor: Visit
) -> None:
    context: ConsoleContext = console.extensions["traceline"]
    media = context.settings.public_media_url
    here, elsewhere = visitor("son").get("/telephone").headers, visitor("son").get("/calls").headers
    assert "microphone=(self)" in here["Permissions-Policy"]
    assert f"connect-src 'self' {media}" in here["Content-Security-Policy"]
    assert "microphone=()" in elsewhere["Permissions-Policy"]
    assert media not in elsewhere["Content-Security-Policy"]
    assert "'unsafe-inline'" not in here["Content-Security-Policy"]


def test_a_doctor_does_not_try_scripts(province: Province, visitor: Visit) -> None:
    assert visitor("dung").get("/telephone").status_code == 403
    assert visitor("dung").post("/telephone/call", HOTLINE).status_code == 403
