"""A doctor of a district meets their own patients, wherever they live, and the story of each, in however many calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.dialects.postgresql import Range

from core.database import Database
from core.ids import new_id
from ivr.calls.model import Call
from ivr.messages.store import keep
from telehealth.model import Appointment, Practitioner, QueueEntry
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, Province
from tracing.areas.places import seed_areas
from tracing.records.model import Record, RecordAnswer

Visit = Callable[[str], Visitor]
NAM_SAM_SON = "2025.38.16516"  # made of communes of two districts


def change(database: Database, table: type, row: UUID, **values: object) -> None:
    with database.unit() as uow:
        found = uow.session.get_one(table, row)
        for name, value in values.items():
            setattr(found, name, value)


@pytest.mark.capability("H4")
def test_a_doctor_meets_their_own_patient_of_another_district(
    province: Province, visitor: Visit, database: Database
) -> None:
    change(database, Appointment, province.binh.appointment, practitioner_id=province.city_practitioner)
    mai = visitor("mai")
    assert [row["name"] for row in mai.json("/appointments")["appointments"]] == [province.an.name, province.binh.name]
    assert f'href="/records/{province.binh.record}"' in mai.page("/appointments")
    assert province.binh.reference in mai.page(f"/records/{province.binh.record}")
    move = mai.post(f"/appointments/{province.binh.appointment}/state", {"state": "arrived"})
    assert move.status_code == 302
    assert "<strong>2</strong><span>appointments today" in mai.page("/")


@pytest.mark.capability("A4")
def test_a_message_left_by_a_caller_whose_area_nobody_knows_is_heard_by_the_doctors_who_may_treat_them(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        entry = uow.session.get_one(QueueEntry, province.binh.queue)
        entry.area = ""
        assert entry.call_id is not None
        uow.session.get_one(Call, entry.call_id).area = ""
        message = keep(uow, call_id=entry.call_id, turn=9, ulaw=bytes(8000))
    address = f"/messages/{message}"
    assert address in visitor("mai").page("/messages")
    assert visitor("mai").get(f"{address}/sound.wav").status_code == 200
    assert visitor("thao").get(address).status_code == 404


@pytest.mark.capability("H4")
def test_a_caller_whose_area_nobody_knows_waits_for_the_doctors_of_every_district(
    province: Province, visitor: Visit, database: Database
) -> None:
    change(database, QueueEntry, province.binh.queue, area="")
    mai, take = visitor("mai"), f"/queue/{province.binh.queue}/take"
    assert {row["name"] for row in mai.json("/queue")["queue"]} == {province.an.name, province.binh.name}
    assert visitor("thao").get(f"/records/{province.binh.record}").status_code == 404
    assert province.binh.reference in mai.page(f"/records/{province.binh.record}")
    assert mai.post(take).status_code == 302
    assert visitor("dung").post(take).status_code == 400  # a colleague was faster
    assert mai.post(f"/queue/{province.binh.queue}/note", {"outcome": "advised"}).status_code == 302
    assert mai.get(f"/records/{province.binh.record}").status_code == 200  # whom they spoke with
    assert visitor("dung").get(f"/records/{province.an.record}").status_code == 200


def test_a_doctor_of_an_old_district_meets_who_is_filed_under_a_commune_made_inside_it(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        seed_areas(uow)
    queue = province.binh.queue
    change(database, Practitioner, province.city_practitioner, area=CITY)
    for area, waits in ((COAST, False), ("2025.38.14758", True), (NAM_SAM_SON, False), ("2025.38", False)):
        change(database, QueueEntry, queue, area=area)
        assert (province.binh.name in [row["name"] for row in visitor("mai").json("/queue")["queue"]]) == waits, area


def test_a_doctor_takes_people_of_the_area_they_serve_which_their_login_does_not_hold(
    province: Province, visitor: Visit, database: Database
) -> None:
    change(database, Practitioner, province.city_practitioner, area=COAST)
    assert visitor("mai").post(f"/queue/{province.binh.queue}/take").status_code == 302
    change(database, Practitioner, province.city_practitioner, active=False)
    names = {row["name"] for row in visitor("mai").json("/queue")["queue"]}
    assert names == {province.an.name, province.binh.name}  # whoever was taken stays until it is over


def test_who_is_no_doctor_any_more_no_longer_meets_patients_of_elsewhere(
    province: Province, visitor: Visit, database: Database
) -> None:
    change(database, Appointment, province.binh.appointment, practitioner_id=province.city_practitioner)
    visitor("hanh").post(
        f"/users/{province.users['mai']}", {"name": "Mai", "roles": ["tracer"], "area": COAST.replace("382", "380")}
    )
    assert visitor("mai").get(f"/records/{province.binh.record}").status_code == 404


def call_again(database: Database, province: Province) -> UUID:
    """An's first call was broken off; in a second one the sign of an emergency came up."""
    an = province.an
    with database.unit() as uow:
        first = uow.session.get_one(Call, an.call)
        second = Call(
            id=new_id(), direction="outbound", carrier="twilio", remote_number=an.phone, state="completed",
            script=first.script, revision=first.revision, language="vi", context={}, script_state={},
            end_reason="red_flag", person_id=an.person, campaign_id=province.campaign, target_id=an.target,
            area=an.area, answered_at=uow.now(), created_at=uow.now(), ended_at=uow.now(),
        )  # fmt: skip
        uow.session.add(second)
        uow.session.flush()
        uow.session.get_one(Record, an.record).risk = "red"
        uow.session.add(
            RecordAnswer(
                record_id=an.record, field="short_of_breath", value=True, source="keys", heard="1", call_id=second.id,
                turn=1, step="breathing", at=uow.now(),
            )
        )  # fmt: skip
        uow.session.get_one(Appointment, an.appointment).call_id = second.id
        uow.session.get_one(QueueEntry, an.queue).call_id = second.id
        return second.id


@pytest.mark.capability("H4")
def test_a_call_that_goes_on_where_another_was_broken_off_leads_to_its_record(
    province: Province, visitor: Visit, database: Database
) -> None:
    second = call_again(database, province)
    dung, son = visitor("dung"), visitor("son")
    booked = next(row for row in dung.json("/appointments")["appointments"] if row["name"] == province.an.name)
    assert (booked["record"], booked["risk"]) == (str(province.an.record), "red")
    waiting = next(row for row in dung.json("/queue")["queue"] if row["name"] == province.an.name)
    assert waiting["record"] == str(province.an.record)
    assert f'href="/records/{province.an.record}"' in son.page(f"/calls/{second}")
    assert "booked" in dung.page(f"/records/{province.an.record}")
    assert f'href="/records/{province.an.record}"' in son.page(f"/calls/{province.an.call}")


def test_more_appointments_than_fit_a_screen_are_all_there(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        booked = uow.session.get_one(Appointment, province.an.appointment)
        uow.session.add_all(
            Appointment(
                practitioner_id=booked.practitioner_id, state="booked", language="vi", area=booked.area,
                during=Range(start, start + timedelta(minutes=1)), created_at=uow.now(),
            )
            for start in (uow.now() + timedelta(days=1, minutes=n) for n in range(600))
        )  # fmt: skip
    assert len(visitor("son").json("/appointments")["appointments"]) == 602
