"""The doctors' queue: who comes next, whose patient it is, and which number is called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.database import Database
from ivr.calls.model import Call
from ivr.campaigns.model import Target
from telehealth.model import Practitioner, QueueEntry
from telehealth.queue import OFFER, watch
from tests.admin.conftest import Visitor
from tests.admin.province import Province

Visit = Callable[[str], Visitor]


@pytest.fixture
def an(province: Province) -> str:
    return f"/queue/{province.an.queue}"


@pytest.mark.capability("H6")
def test_next_gives_a_doctor_who_is_most_urgent_and_then_who_speaks_their_language(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    binh = province.binh.queue
    with database.unit() as uow:
        uow.session.get_one(Practitioner, province.practitioner).languages = ["ko"]
        uow.session.get_one(QueueEntry, binh).language = "ko"
        uow.session.get_one(QueueEntry, binh).created_at += timedelta(minutes=5)
    dung = visitor("dung")
    assert "Next person" in dung.page("/queue")
    assert dung.post("/queue/next").location == f"/queue/{binh}"  # An has waited longer
    assert dung.post("/queue/next").location == an
    assert dung.post("/queue/next").location == "/queue"
    assert "Nobody is waiting to be called now." in dung.page("/queue")
    with database.unit() as uow:
        taken = set(uow.session.scalars(select(QueueEntry.taken_by)))
        actions = uow.session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "queue.take")).all()
    assert taken == {province.practitioner}
    assert sorted(actions) == sorted([f"queue:{binh}", f"queue:{province.an.queue}"])


def test_next_gives_nobody_of_a_district_that_the_doctor_does_not_serve(
    province: Province, visitor: Visit, database: Database
) -> None:
    mai = visitor("mai")
    assert mai.post("/queue/next").location == f"/queue/{province.an.queue}"
    assert mai.post("/queue/next").location == "/queue"
    with database.unit() as uow:
        assert uow.session.get_one(QueueEntry, province.binh.queue).state == "waiting"


@pytest.mark.capability("N9")
def test_the_queue_says_after_which_time_somebody_asked_to_be_called_and_lets_a_doctor_take_them_sooner(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    with database.unit() as uow:
        later = uow.now().replace(hour=7, minute=30) + timedelta(days=1)  # 14:30 in Vietnam
        uow.session.get_one(QueueEntry, province.an.queue).call_after = later
    assert dung.post("/queue/next").location == f"/queue/{province.binh.queue}"
    assert dung.post("/queue/next").location == "/queue"
    page = dung.page("/queue")
    assert "asked to be called after 14:30" in page
    assert "Nobody is waiting to be called now." in page
    rows = {row["id"]: row["call_after"] for row in dung.json("/queue")["queue"]}
    assert rows == {str(province.an.queue): later.isoformat(), str(province.binh.queue): None}
    assert f"{an}/take" in page
    assert dung.post(f"{an}/take").location == an
    assert "asked to be called after 14:30" in dung.page(an)
    dung.post("/language", {"language": "vi"})
    assert "xin được gọi lại sau 14:30" in dung.page("/queue")


@pytest.mark.parametrize("step", ["give-back", "left"])
def test_only_the_doctor_who_has_somebody_closes_the_place_or_gives_it_back(
    province: Province, visitor: Visit, database: Database, an: str, step: str
) -> None:
    dung, mai = visitor("dung"), visitor("mai")
    dung.post(f"{an}/take")
    dung.post(f"{an}/call-back")
    assert f"{an}/{step}" not in mai.page("/queue")
    assert mai.post(f"{an}/{step}").status_code == 400
    assert f"{an}/{step}" in dung.page("/queue")
    assert dung.post(f"{an}/{step}").status_code == 302
    with database.unit() as uow:
        [target] = uow.session.scalars(select(Target).where(Target.script == "doctor-callback"))
        assert target.disposition == "called_off"  # nobody is called for a doctor who is not there


@pytest.mark.capability("N9")
def test_the_number_that_is_called_back_is_the_one_they_rang_from(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung, sister = visitor("dung"), "+84987654321"
    with database.unit() as uow:
        uow.session.get_one(Call, province.an.call).remote_number = sister
    dung.post(f"{an}/take")
    dung.post(f"{an}/call-back")
    with database.unit() as uow:
        assert uow.session.scalars(select(Target.phone).where(Target.script == "doctor-callback")).one() == sister
        uow.session.get_one(Call, province.an.call).remote_number = ""
    assert dung.json("/queue")["queue"][0]["phone"]  # what is known of the person


@pytest.mark.capability("H7")
def test_a_doctor_whose_patient_went_back_by_itself_still_saves_the_note(
    province: Province, visitor: Visit, database: Database, an: str
) -> None:
    dung = visitor("dung")
    dung.post(f"{an}/take")
    with database.unit() as uow:
        entry = uow.session.get_one(QueueEntry, province.an.queue)
        entry.taken_at = uow.now() - OFFER - timedelta(seconds=1)
        doctor = uow.session.get_one(Practitioner, province.practitioner)
        doctor.active = False  # even one who was taken off meanwhile
    with database.unit() as uow:
        watch(uow)
    assert dung.json(f"{an}/state")["mine"] is False
    assert dung.post(f"{an}/note", {"outcome": "advised", "note": "Nghỉ ngơi"}).status_code == 302
    assert "Nghỉ ngơi" in dung.page(an)
