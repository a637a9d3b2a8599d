"""Who may see which area, and the log of who did what."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.areas import Area, holds, within
from core.audit import AuditEntry, write_audit
from core.clock import SimulatedClock
from core.database import Database
from core.heartbeats import Heartbeat, beat
from core.rights import ROLES, Right, rights_of

PATHS = ["", "38", "38.380", "38.380.14761", "38.381", "38.3801", "380", "3%"]


@pytest.mark.parametrize("outer", PATHS)
@pytest.mark.capability("C2")
def test_the_query_sees_exactly_what_the_rule_says(database: Database, outer: str) -> None:
    with database.unit() as uow:
        for path in PATHS:
            uow.session.add(Area(path=path, code=path, kind="commune", name_vi="x", name_en="x"))
    with database.unit() as uow:
        seen = set(uow.session.scalars(select(Area.path).where(within(Area.path, outer))))
    assert seen == {path for path in PATHS if holds(outer, path)}


@pytest.mark.capability("C2")
def test_an_area_holds_its_own_and_what_is_in_it_but_no_neighbour() -> None:
    assert holds("", "38.380")
    assert holds("38.380", "38.380")
    assert holds("38.380", "38.380.14761")
    assert not holds("38.380", "38.3801")
    assert not holds("38.380", "38")
    assert not holds("38.380", "")  # nobody knows where: only the whole province sees it


@pytest.mark.capability("C1")
def test_roles_bundle_rights_and_an_unknown_role_gives_none() -> None:
    assert rights_of(["doctor", "tracer"]) == ROLES["doctor"] | ROLES["tracer"]
    assert rights_of(["king"]) == rights_of([]) == frozenset()
    assert set().union(*ROLES.values()) == set(Right)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET login = 'nobody'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
@pytest.mark.capability("C3")
def test_the_database_refuses_to_change_the_audit_log(database: Database, statement: str) -> None:
    with database.unit() as uow:
        write_audit(uow, "record.read", "record:1", login="lan", address="10.0.0.7", detail={"fields": ["risk"]})
    with pytest.raises(DBAPIError, match="cannot be changed"), database.engine.begin() as connection:
        connection.execute(text(statement))
    with database.unit() as uow:
        entry = uow.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject, entry.login, entry.detail) == (
        "record.read",
        "record:1",
        "lan",
        {"fields": ["risk"]},
    )


def test_a_line_is_written_with_what_it_tells_of_or_not_at_all(database: Database) -> None:
    def broken() -> None:
        with database.unit() as uow:
            write_audit(uow, "campaign.start")
            uow.session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with database.unit() as uow:
        assert uow.session.scalars(select(AuditEntry)).all() == []


def test_a_process_has_one_sign_of_life_the_newest(database: Database, clock: SimulatedClock) -> None:
    for load in 1, 2:
        with database.unit() as uow:
            beat(uow, "media", "media@cdc1:7", {"streams": load})
        clock.set(clock.now().replace(minute=load))
    with database.unit() as uow:
        life = uow.session.scalars(select(Heartbeat)).one()
    assert (life.status, life.at.minute) == ({"streams": 2}, 1)
