"""Who may see which area, and the log of who did what."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from core.areas import Area, around, holds, within, within_row
from core.audit import AuditEntry, write_audit
from core.clock import SimulatedClock
from core.country.areas import country
from core.database import Database
from core.heartbeats import Heartbeat, beat
from core.rights import ROLES, Right, rights_of

PATHS = ["", "38", "38.380", "38.380.14761", "38.381", "38.3801", "380", "3%"]
# Hàm Rồng of 2025 (14758) holds Nam Ngạn (14761) of the city of Thanh Hóa (380), and a part of Đông Thọ (once 14758).
ACROSS = ["38.380.14758", "2025.38", "2025.38.14758", "2025.38.14797", "79", "2025.79", "79.769", "2025.79.26824", "74"]


@pytest.mark.parametrize("outer", PATHS + ACROSS)
@pytest.mark.capability("C2")
def test_the_query_sees_exactly_what_the_rule_says(database: Database, outer: str) -> None:
    add_areas(database)
    with database.unit() as uow:
        seen = set(uow.session.scalars(select(Area.path).where(within(Area.path, outer))))
    assert seen == {path for path in PATHS + ACROSS if holds(outer, path)}


@pytest.mark.capability("C2")
def test_two_rows_are_compared_by_the_same_rule(database: Database) -> None:
    add_areas(database)
    inner = aliased(Area)
    with database.unit() as uow:
        outer = aliased(Area)
        query = select(outer.path, inner.path).where(within_row(inner.path, outer.path))
        seen = {(one, other) for one, other in uow.session.execute(query)}
    assert seen == {(one, other) for one in PATHS + ACROSS for other in PATHS + ACROSS if holds(one, other)}


@pytest.mark.parametrize("inner", PATHS + ACROSS)
@pytest.mark.capability("C2")
def test_the_areas_around_one_are_those_that_hold_it(inner: str) -> None:
    assert {path for path in around(inner) if path in PATHS + ACROSS} == {
        path for path in PATHS + ACROSS if holds(path, inner)
    }


def add_areas(database: Database) -> None:
    with database.unit() as uow:
        for path in PATHS + ACROSS:
            code = path.rpartition(".")[2]
            across = list(country().counterparts(path))
            uow.session.add(Area(path=path, code=code, kind="x", name_vi="x", name_en="x", counterparts=across))


@pytest.mark.capability("C2")
def test_who_may_see_an_old_district_sees_the_communes_that_were_made_inside_it() -> None:
    assert holds("38.380", "2025.38.14758")
    assert holds("38.380", "2025.38.14797")
    assert holds("2025.38.14758", "38.380.14761")
    assert holds("38", "2025.38")
    assert holds("2025.38", "38")


@pytest.mark.capability("C2")
def test_nobody_sees_more_because_of_a_merger() -> None:
    assert not holds("2025.38.14758", "38.380.14758")  # Đông Thọ was divided: a part of it is Hạc Thành
    assert not holds("79", "2025.79")  # Hồ Chí Minh City has Bình Dương and Bà Rịa - Vũng Tàu now
    assert holds("2025.79", "79")
    assert holds("2025.79", "74")
    assert not holds("79", "74")


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
