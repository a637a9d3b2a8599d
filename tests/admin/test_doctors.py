"""A supervisor sets up the doctors; others only see them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from core.database import Database
from core.login import create_user
from telehealth.holds import offer
from telehealth.model import Practitioner
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, PROVINCE, Province

Visit = Callable[[str], Visitor]
NEW = {"name": "BS. Lê Nhung", "languages": ["vi", "en"], "area": CITY}
WEEK = {"slots-1": "7h30-11h30", "minutes-1": "20", "duty-1": "17:00-24:00", "duty-6": "08:00-12:00"}


@pytest.fixture
def nhung(database: Database) -> str:
    """The login of a doctor whom nobody has registered yet."""
    with database.unit() as uow:
        return create_user(uow, login="nhung", name="Lê Nhung", roles=["doctor"], area=CITY)[0].login


def named(database: Database, name: str) -> Practitioner:
    with database.unit() as uow:
        return uow.session.scalars(select(Practitioner).where(Practitioner.name == name)).one()


@pytest.mark.capability("H1")
def test_a_doctor_is_registered_gets_hours_and_is_offered(visitor: Visit, database: Database, nhung: str) -> None:
    son = visitor("son")
    page = son.post("/doctors", {**NEW, "login": nhung}).location
    assert "no hours yet" in son.page(page)
    assert son.post(f"{page}/hours", WEEK).location == page
    shown = son.page(page)
    assert 'value="07:30-11:30"' in shown
    assert 'value="17:00-24:00"' in shown
    assert "20 min each" in son.page("/doctors")
    listed = next(row for row in son.json("/doctors")["doctors"] if row["login"] == nhung)
    assert [(each["weekday"], each["slot_minutes"]) for each in listed["hours"]] == [(1, 20), (1, None), (6, None)]
    with database.unit() as uow:
        assert {each.doctor.name for each in offer(uow, language="en")} == {"BS. Lê Nhung"}


def test_hours_that_cannot_be_are_said_in_place_and_what_was_typed_stays(province: Province, visitor: Visit) -> None:
    hours = f"/doctors/{province.practitioner}/hours"
    for typed, problem in (("sáng", "no span of hours"), ("9:00-8:00", "end before"), ("8-9, 8-10", "overlap")):
        response = visitor("son").post(hours, {"slots-2": typed, "minutes-2": "10"})
        assert response.status_code == 400
        assert problem in response.text
        assert f'value="{typed}"' in response.text
    assert "minutes" in visitor("son").post(hours, {"slots-2": "8-9", "minutes-2": ""}).text
    assert "no hours yet" in visitor("son").page(f"/doctors/{province.practitioner}")


def test_a_doctor_without_a_name_or_language_is_not_registered(visitor: Visit, database: Database) -> None:
    for missing in ("name", "languages"):
        response = visitor("son").post("/doctors", {**NEW, missing: ""})
        assert response.status_code == 400
    with database.unit() as uow:
        assert uow.session.scalar(select(Practitioner).where(Practitioner.name.in_(["", NEW["name"]]))) is None


def test_only_a_free_login_of_a_doctor_can_be_linked(visitor: Visit, database: Database, nhung: str) -> None:
    page = visitor("son").page("/doctors")
    assert f'value="{nhung}"' in page
    assert 'value="dung"' not in page  # is a doctor already
    assert 'value="thao"' not in page  # is a tracer
    visitor("son").post("/doctors", {**NEW, "login": "dung"})
    assert named(database, "BS. Lê Nhung").user_id is None


def test_a_doctor_is_described_anew_and_keeps_the_login(province: Province, visitor: Visit, database: Database) -> None:
    page = f"/doctors/{province.practitioner}"
    change = {"name": "BS. CKI Hoàng Dung", "languages": ["ko", "vi"], "area": PROVINCE, "login": "dung"}
    visitor("son").post(page, change)
    changed = named(database, "BS. CKI Hoàng Dung")
    assert (changed.languages, changed.user_id) == (["vi", "ko"], province.users["dung"])
    log = visitor("hanh").page(f"/audit?action=doctor.changed&subject=doctor:{province.practitioner}")
    assert "ko" in log
    assert "Hoàng Dung" not in log.split("<tbody>")[1]
    visitor("son").post(page, {**change, "login": ""})
    assert named(database, "BS. CKI Hoàng Dung").user_id is None


def test_a_deactivated_doctor_comes_back_and_booked_people_are_counted(province: Province, visitor: Visit) -> None:
    page, son = f"/doctors/{province.practitioner}", visitor("son")

    def works() -> bool:
        return {row["id"]: row["active"] for row in son.json("/doctors")["doctors"]}[str(province.practitioner)]

    son.post(f"{page}/active", {"active": "0"})
    assert "still to come: 2" in son.page(page)
    assert works() is False
    son.post(f"{page}/active", {"active": "1"})
    assert works() is True


@pytest.mark.capability("C1")
def test_a_doctor_sees_the_hours_and_changes_nothing(province: Province, visitor: Visit) -> None:
    page = visitor("dung").page(f"/doctors/{province.practitioner}")
    assert "BS. Hoàng Dung" in page
    assert "slots-0" not in page
    assert "Register a doctor" not in visitor("dung").page("/doctors")


@pytest.mark.capability("C2")
def test_doctors_of_elsewhere_are_hidden_and_no_area_is_given_away(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.get_one(Practitioner, province.practitioner).area = COAST
    visitor("hanh").post("/doctors", {**NEW, "area": ""})
    hidden = named(database, "BS. Lê Nhung").id  # serves the whole department; Sơn is of the province
    son = visitor("son")
    assert "BS. Lê Nhung" not in son.page("/doctors")
    assert son.get(f"/doctors/{hidden}").status_code == 404
    assert son.post(f"/doctors/{hidden}/active", {"active": "0"}).status_code == 404
    assert son.post("/doctors", {**NEW, "area": ""}).status_code == 400
