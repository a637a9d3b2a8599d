"""What an administrator does with users, and what they cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from core.database import Database
from core.users import User
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, Province
from tracing.areas.places import seed_areas

Visit = Callable[[str], Visitor]
NEW = {"login": "minh", "name": "Ngô Minh", "roles": ["tracer"], "area": CITY, "language": "vi"}


def test_a_new_users_first_password_is_shown_once(province: Province, visitor: Visit, database: Database) -> None:
    hanh = visitor("hanh")
    page = hanh.post("/users", NEW).text
    password = page.split('class="mono secret">')[1].split("<")[0]
    assert len(password) == 19
    assert password not in hanh.page("/users")
    minh = Visitor(hanh.client.application)
    assert minh.post("/login", {"login": "minh", "password": password}).status_code == 302
    assert minh.get("/").location == "/password"


def test_an_area_is_chosen_among_old_districts_and_new_communes(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        seed_areas(uow)
    page = visitor("hanh").page("/users")
    new, old = page.split("<optgroup")[1:3]
    assert 'value="2025.38.14758">— Ham Rong Ward<' in new
    assert f'value="{CITY}"' in old
    assert 'value="38.380.14755"' not in page  # old communes are too many
    visitor("hanh").post("/users", {**NEW, "area": "2025.38.14758"})
    with database.unit() as uow:
        assert uow.session.scalars(select(User.area).where(User.login == "minh")).one() == "2025.38.14758"


def test_a_taken_login_is_said_in_place(province: Province, visitor: Visit) -> None:
    response = visitor("hanh").post("/users", {**NEW, "login": "thao"})
    assert response.status_code == 400
    assert "taken" in response.text
    assert 'value="Ngô Minh"' in response.text  # what was typed stays


def test_roles_and_area_change_and_are_audited(province: Province, visitor: Visit, database: Database) -> None:
    hanh, thao = visitor("hanh"), province.users["thao"]
    hanh.post(f"/users/{thao}", {"name": "Phạm Thị Thảo", "roles": ["tracer", "doctor"], "area": COAST})
    with database.unit() as uow:
        assert uow.session.get_one(User, thao).roles == ["tracer", "doctor"]
    assert [row["name"] for row in visitor("thao").json("/records")["records"]] == ["Trần Thị Bình"]
    log = hanh.page(f"/audit?action=user.changed&subject=user:{thao}")
    assert "doctor" in log
    assert "No line matches." in hanh.page("/audit?action=user.changed&login=son")


@pytest.mark.parametrize(("path", "data"), [("", {"roles": ["tracer"]}), ("/active", {"active": "0"})])
def test_an_administrator_cannot_lock_themselves_out(
    province: Province, visitor: Visit, path: str, data: dict[str, object]
) -> None:
    assert visitor("hanh").post(f"/users/{province.users['hanh']}{path}", data).status_code == 400


def test_an_administrator_cannot_shut_themselves_into_a_district(
    province: Province, visitor: Visit, database: Database
) -> None:
    hanh, me = visitor("hanh"), f"/users/{province.users['hanh']}"
    refused = hanh.post(me, {"name": "Hạnh", "roles": ["administrator"], "area": CITY})
    assert refused.status_code == 400
    assert "your own area" in refused.text
    assert hanh.post(me, {"name": "Hạnh", "roles": ["administrator"], "area": ""}).status_code == 302
    with database.unit() as uow:
        assert uow.session.get_one(User, province.users["hanh"]).area == ""


@pytest.mark.parametrize("given", [{"area": "38.999"}, {"area": " "}, {}])
def test_an_area_that_is_missing_or_does_not_exist_is_given_to_nobody(
    province: Province, visitor: Visit, database: Database, given: dict[str, str]
) -> None:
    hanh, thao = visitor("hanh"), province.users["thao"]
    without = {name: value for name, value in NEW.items() if name != "area"}
    assert hanh.post("/users", {**without, **given}).status_code == 400
    assert hanh.post(f"/users/{thao}", {"name": "Thảo", "roles": ["tracer"], **given}).status_code == 400
    doctor = {"name": "BS. Lê Nhung", "languages": ["vi"]}
    assert hanh.post("/doctors", {**doctor, **given}).status_code == 400
    assert hanh.post(f"/doctors/{province.practitioner}", {**doctor, **given}).status_code == 400
    with database.unit() as uow:
        assert uow.session.get_one(User, thao).area == CITY
        assert uow.session.scalar(select(User).where(User.login == "minh")) is None


def test_an_area_that_is_no_longer_on_the_list_stays_with_who_has_it(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.get_one(User, province.users["thao"]).area = "38.999"
    form = {"name": "Thảo", "roles": ["doctor"], "area": "38.999"}
    assert visitor("hanh").post(f"/users/{province.users['thao']}", form).status_code == 302


@pytest.mark.capability("C2")
def test_an_administrator_of_a_district_manages_only_its_users(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.scalars(select(User).where(User.login == "hanh")).one().area = CITY
    hanh = visitor("hanh")
    page = hanh.page("/users")
    assert "Phạm Thị Thảo" in page
    assert "Đỗ Anh Tuấn" not in page
    assert hanh.get(f"/users/{province.users['tuan']}").status_code == 404
    assert hanh.post(f"/users/{province.users['tuan']}/password").status_code == 404
    assert hanh.post("/users", {**NEW, "area": COAST}).status_code == 400
    assert hanh.post("/users", {**NEW, "area": ""}).status_code == 400


@pytest.mark.capability("C3")
def test_the_audit_log_is_itself_audited(province: Province, visitor: Visit) -> None:
    visitor("thao").page("/records")
    hanh = visitor("hanh")
    assert "records.list" in hanh.page("/audit?login=thao")
    assert "audit.read" in hanh.page("/audit?login=hanh")
