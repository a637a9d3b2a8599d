"""Who asks by letter or at the counter not to be called is written down here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from ivr.campaigns.model import DoNotCall
from ivr.campaigns.service import bar_number
from tests.admin.conftest import Visitor
from tests.admin.province import Province

Visit = Callable[[str], Visitor]
LETTER = {"number": "0912 345 678", "reason": "asked by letter"}


def barred(database: Database) -> list[str]:
    with database.unit() as uow:
        return list(uow.session.scalars(select(DoNotCall.phone)))


def test_a_number_is_looked_up_barred_and_freed_again(province: Province, visitor: Visit, database: Database) -> None:
    son, search = visitor("son"), "/do-not-call?q=0912.345.678"
    assert "may be called" in son.page(search)
    assert "may be called" not in son.page(son.post("/do-not-call", LETTER).location)
    assert barred(database) == ["+84912345678"]
    assert "asked by letter" in son.page(search)
    son.post("/do-not-call/remove", {**LETTER, "reason": "asked at the counter"})
    assert barred(database) == []
    assert "may be called" in son.page(search)


@pytest.mark.parametrize(
    ("path", "data", "problem"),
    [
        ("", {**LETTER, "reason": " "}, "reason is needed"),
        ("", {**LETTER, "number": "12"}, "not a phone number"),
        ("/remove", LETTER, "not on the list"),
    ],
)
def test_what_cannot_be_done_is_said_in_place(
    province: Province, visitor: Visit, database: Database, path: str, data: dict[str, str], problem: str
) -> None:
    response = visitor("son").post(f"/do-not-call{path}", data)
    assert response.status_code == 400
    assert problem in response.text
    assert barred(database) == []
    assert "not a phone number" in visitor("son").page("/do-not-call?q=12")


def test_a_tracer_bars_a_number_and_only_who_runs_campaigns_frees_it(province: Province, visitor: Visit) -> None:
    thao = visitor("thao")
    assert thao.post("/do-not-call", LETTER).status_code == 302
    assert "/do-not-call/remove" not in thao.page("/do-not-call?q=0912345678")
    assert thao.post("/do-not-call/remove", LETTER).status_code == 403


@pytest.mark.capability("C2")
def test_the_list_is_masked_and_holds_only_people_of_the_own_district(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        for phone in (province.an.phone, province.binh.phone, "+84913000111"):
            bar_number(uow, phone, "opt_out")
    pages = {login: visitor(login).page("/do-not-call") for login in ("thao", "tuan", "son")}
    assert [("•••678" in page, "•••321" in page, "•••111" in page) for page in pages.values()] == [
        (True, False, False),
        (False, True, False),
        (True, True, False),
    ]
    assert not any(phone in page for phone in (province.an.phone, province.binh.phone) for page in pages.values())
    assert "said so in a call" in pages["son"]
    assert "do not call" in visitor("thao").page("/do-not-call?q=0913000111")  # who knows a number may look it up


@pytest.mark.capability("C3")
def test_both_ways_are_audited_without_the_number(province: Province, visitor: Visit, database: Database) -> None:
    visitor("thao").post("/do-not-call", LETTER)
    visitor("son").post("/do-not-call/remove", {**LETTER, "reason": "asked at the counter"})
    with database.unit() as uow:
        lines = uow.session.scalars(
            select(AuditEntry).where(AuditEntry.action.startswith("do_not_call")).order_by(AuditEntry.id)
        ).all()
    assert [(line.action, line.login, line.detail["reason"]) for line in lines] == [
        ("do_not_call.add", "thao", "asked by letter"),
        ("do_not_call.remove", "son", "asked at the counter"),
    ]
    assert lines[0].subject == lines[1].subject
    assert "912345678" not in lines[0].subject
