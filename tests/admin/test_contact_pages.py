"""The daily work of a tracer on one contact: what is known, why, and every decision with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core.audit import AuditEntry
from core.clock import SimulatedClock
from core.database import Database
from tests.admin.conftest import Visitor
from tests.admin.province import Province
from tracing.cases.model import Case, Contact, ContactChange, LabTest
from tracing.cases.service import NewCase, NewExposure, add_contact, open_case
from tracing.followup.model import FollowUp, FollowUpVisit, Quarantine
from tracing.followup.planning import replan
from tracing.people.model import Dose

Visit = Callable[[str], Visitor]
TODAY = date(2026, 11, 23)


def plain(page: str) -> str:
    return " ".join(page.split())


@pytest.fixture
def followed(province: Province, database: Database) -> UUID:
    """Somebody in the city who met a case five days ago, and was called on the days since."""
    with database.unit() as uow:
        case = open_case(uow, NewCase("covid-19", number="BN2026", onset_on=TODAY - timedelta(days=7), area="38"), None)
        contact, _ = add_contact(
            uow, province.binh.person, "covid-19", [NewExposure(TODAY - timedelta(days=5), minutes=30, metres=0.5)],
            case_id=case.id, source="person", by=None,
        )  # fmt: skip
        old = uow.session.get_one(Contact, province.binh.contact)
        old.status, old.follow_up = "dropped", "no_follow_up"
        uow.session.flush()
        replan(uow, province.binh.person, "covid-19")
        for back, result, symptoms in (
            (4, "cooperative", []), (3, "uncooperative", []), (2, "unavailable", []), (1, "cooperative", ["fever"]),
        ):  # fmt: skip
            uow.session.add(
                FollowUpVisit(
                    person_id=province.binh.person, disease="covid-19", day=TODAY - timedelta(days=back), result=result,
                    symptoms=symptoms, record_id=province.binh.record if symptoms else None, at=uow.now(),
                )
            )  # fmt: skip
        return contact.id


@pytest.mark.capability("T2")
@pytest.mark.capability("T9")
def test_the_three_axes_stand_apart_each_with_where_it_comes_from(
    province: Province, visitor: Visit, followed: UUID
) -> None:
    tuan, address = visitor("tuan"), f"/contacts/{followed}"
    page = plain(tuan.page(address))
    assert "active contact" in page
    assert "followed up" in page
    assert "by rule: confirmed contact" in page
    assert "by hand: —" in page
    tuan.post(address, {"action": "cancel", "reason": "đã chuyển vào viện"})
    page = plain(tuan.page(address))
    assert "active contact" in page  # only the follow-up ended
    assert "Đỗ Anh Tuấn, 10:00: đã chuyển vào viện" in page
    tuan.post(address, {"action": "classify", "classification": "unconfirmed", "reason": "lời khai khác nhau"})
    page = plain(tuan.page(address))
    assert "by rule: confirmed contact" in page
    assert "by hand: unconfirmed contact" in page


@pytest.mark.capability("T4")
def test_the_period_tells_why_it_is_as_long_as_it_is(province: Province, visitor: Visit, followed: UUID) -> None:
    page = visitor("tuan").page(f"/contacts/{followed}")
    assert "10 days, with 2026-11-18 (the last exposure) as day 0, by 1909/BYT-DP (2022-04-15)." in page
    assert "18 Nov 2026" in page


def test_the_strip_of_days_tells_what_each_day_brought(province: Province, visitor: Visit, followed: UUID) -> None:
    tuan = visitor("tuan")
    days = {each["day"]: each for each in tuan.json(f"/contacts/{followed}")["days"]}
    states = [days[(TODAY + timedelta(days=n)).isoformat()]["state"] for n in range(-4, 2)]
    assert states == ["talked", "refused", "missed", "talked", "due", "ahead"]
    assert days["2026-11-22"]["ill"]
    page = plain(tuan.page(f"/contacts/{followed}"))
    assert "2 talked" in page
    assert "with symptoms" in page
    assert f"/records/{province.binh.record}" in page
    assert "Fever" in page


def test_every_reading_of_a_contact_is_audited(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    tuan = visitor("tuan")
    tuan.page("/contacts")
    tuan.page(f"/contacts/{followed}")
    tuan.page("/follow-up")
    visitor("thao").get(f"/contacts/{followed}")  # another district: not there for her
    with database.unit() as uow:
        lines = uow.session.execute(select(AuditEntry.login, AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [tuple(line) for line in lines] == [
        ("tuan", "contacts.list"),
        ("tuan", "contact.read"),
        ("tuan", "follow_up.list"),
    ]


def test_contacts_are_found_by_name_without_diacritics_and_filtered_by_each_axis(
    province: Province, visitor: Visit, followed: UUID
) -> None:
    tuan = visitor("tuan")

    def found(query: str) -> set[str]:
        return {each["id"] for each in tuan.json(f"/contacts?{query}")["contacts"]}

    both = {str(followed), str(province.binh.contact)}
    assert found("q=tran+thi+binh") == found("q=0987654321") == found("disease=covid-19") == both
    assert found("q=nguyen+van+an") == set()
    assert (
        found("follow_up=follow_up") == found("status=active") == found("classification=confirmed") == {str(followed)}
    )
    assert found("team=none") == both
    assert found("team=mine") == found("area=38.380") == set()


@pytest.mark.capability("T4")
def test_a_person_sets_the_last_day_and_author_time_and_reason_stay(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    tuan, address = visitor("tuan"), f"/contacts/{followed}"
    past = tuan.post(address, {"action": "last_day", "last_day": "2026-11-01", "reason": "x"})
    assert "The last day cannot lie before today." in past.text
    assert tuan.post(address, {"action": "last_day", "last_day": "2026-12-05", "reason": ""}).status_code == 400
    tuan.post(address, {"action": "last_day", "last_day": "2026-12-05", "reason": "người già, bệnh nền"})
    page = plain(tuan.page(address))
    assert "Đỗ Anh Tuấn set the last day to 2026-12-05: người già, bệnh nền" in page
    with database.unit() as uow:
        last = uow.session.scalars(
            select(FollowUpVisit.day).where(FollowUpVisit.person_id == province.binh.person)
            .order_by(FollowUpVisit.day.desc())
        ).first()  # fmt: skip
        assert last == date(2026, 12, 5)
        (now,) = uow.session.scalars(select(FollowUp).where(FollowUp.superseded_at.is_(None)))
        assert now.last_day == date(2026, 12, 5)


@pytest.mark.capability("T14")
def test_a_quarantine_is_extended_shortened_and_lifted_and_every_order_stays(
    province: Province, visitor: Visit, followed: UUID, database: Database, clock: SimulatedClock
) -> None:
    tuan, address = visitor("tuan"), f"/contacts/{followed}"
    for day in ("2026-12-04", "2026-12-04", "2026-11-30"):
        clock.advance(timedelta(minutes=1))
        answer = tuan.post(address, {"action": "quarantine", "last_day": day, "reason": f"đến {day}"})
        assert answer.status_code == 302, answer.text
    with database.unit() as uow:
        replan(uow, province.binh.person, "covid-19")  # what a person ordered survives
    clock.advance(timedelta(minutes=1))
    tuan.post(address, {"action": "lift", "reason": "xét nghiệm âm tính"})
    assert tuan.post(address, {"action": "lift", "reason": "lại bấm"}).status_code == 302  # a second click does nothing
    with database.unit() as uow:
        parts = uow.session.scalars(
            select(Quarantine).where(Quarantine.person_id == province.binh.person).order_by(Quarantine.at)
        ).all()
        standing = [part for part in parts if part.superseded_at is None]
        confined = [part for part in standing if part.place != "self_monitoring"]
        assert all(part.last_day < TODAY for part in confined)
        by_hand = {part.order_id for part in parts if part.by is not None}
        assert len(by_hand) == 3  # longer, shorter, lifted; what was clicked twice was ordered once
    page = plain(tuan.page(address))
    for reason in ("đến 2026-12-04", "đến 2026-11-30", "xét nghiệm âm tính"):
        assert reason in page
    early = tuan.post(address, {"action": "quarantine", "last_day": "2026-11-01", "reason": "x"})
    assert "To let them out now, lift it." in early.text


@pytest.mark.capability("T15")
def test_a_positive_result_proposes_a_case_and_nothing_happens_until_somebody_decides(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    tuan, address = visitor("tuan"), f"/contacts/{followed}"
    sample = {"action": "test", "kind": "pcr", "sampled_on": "2026-11-22", "laboratory": "CDC Thanh Hóa"}
    for _ in range(2):  # a second click is the same sample
        assert tuan.post(address, sample).status_code == 302
    with database.unit() as uow:
        (test,) = uow.session.scalars(select(LabTest).where(LabTest.contact_id == followed))
    waiting = [each["id"] for each in tuan.json("/laboratory")["tests"]]
    assert str(test.id) in waiting
    assert visitor("thao").post(f"/laboratory/{test.id}", {"result": "negative"}).status_code == 404
    tuan.post(f"/laboratory/{test.id}", {"result": "positive", "result_on": "2026-11-23"})
    assert str(test.id) not in [each["id"] for each in tuan.json("/laboratory")["tests"]]
    with database.unit() as uow:
        assert uow.session.get_one(Contact, followed).status == "active"
    page = tuan.page(address)
    assert "A positive test: PCR, sample of 22 Nov 2026" in page
    refused = tuan.post(address, {"action": "became_case", "sampled_on": "2026-11-22", "reason": ""})
    assert refused.status_code == 400
    opened = tuan.post(address, {"action": "became_case", "sampled_on": "2026-11-22", "reason": "PCR dương tính"})
    case = tuan.page(opened.location)
    assert "PCR dương tính" in case
    assert "positive" in case  # the test is the person's, and stands with the case too
    with database.unit() as uow:
        contact = uow.session.get_one(Contact, followed)
        assert (contact.status, contact.follow_up) == ("converted", "cancelled")
        assert uow.session.get_one(Case, contact.became_case_id).person_id == province.binh.person


@pytest.mark.capability("T15")
def test_a_result_that_stands_is_corrected_only_with_a_reason(
    province: Province, visitor: Visit, database: Database
) -> None:
    tuan, address = visitor("tuan"), f"/laboratory/{province.binh.test}"
    assert tuan.post(address, {"result": "negative", "result_on": "2026-11-23"}).status_code == 302
    wrong = tuan.post(address, {"result": "positive", "result_on": "2026-11-23"})
    assert "This test has a result already." in wrong.text
    early = tuan.post(address, {"result": "positive", "result_on": "2026-11-22", "reason": "x"})
    assert "The day of the result does not fit." in early.text
    tuan.post(address, {"result": "positive", "result_on": "2026-11-23", "reason": "nhầm mẫu"})
    with database.unit() as uow:
        test = uow.session.get_one(LabTest, province.binh.test)
        assert test.result == "positive"
        lines = uow.session.scalars(select(ContactChange).where(ContactChange.what == "lab_test")).all()
        told = sorted((line.before["result"], line.after["result"], line.why) for line in lines)
        assert told == [("negative", "positive", "nhầm mẫu"), ("pending", "negative", "")]


def test_a_visit_in_person_takes_the_place_of_the_days_call(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    tuan, address = visitor("tuan"), f"/contacts/{followed}"
    made = {
        "action": "visit",
        "day": "2026-11-23",
        "result": "cooperative",
        "symptoms": ["fever"],
        "note": "nhà có trẻ",
    }
    for _ in range(2):
        assert tuan.post(address, made).status_code == 302
    with database.unit() as uow:
        (visit,) = uow.session.scalars(
            select(FollowUpVisit).where(FollowUpVisit.day == TODAY, FollowUpVisit.person_id == province.binh.person)
        )
        assert (visit.result, visit.how, visit.symptoms, visit.by) == (
            "cooperative", "visit", ["fever"], province.users["tuan"],
        )  # fmt: skip
    assert "visit in person" in tuan.page(address)
    early = tuan.post(address, {**made, "day": "2026-11-24"})
    assert "The visit lies in the future." in early.text


def test_a_visit_that_meets_somebody_lost_finds_them_again(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.get_one(Contact, followed).follow_up = "lost"
    made = {"action": "visit", "day": "2026-11-23", "result": "cooperative", "note": "ở nhà mẹ"}
    assert visitor("tuan").post(f"/contacts/{followed}", made).status_code == 302
    with database.unit() as uow:
        assert uow.session.get_one(Contact, followed).follow_up == "follow_up"


@pytest.mark.capability("T4")
def test_a_newer_exposure_begins_the_count_again(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    tuan, address = visitor("tuan"), f"/contacts/{followed}"
    before = tuan.json(address)["last_day"]
    met = {"action": "exposure", "met_on": "2026-11-22", "kind": "event", "place": "đám cưới", "metres": "0,8"}
    assert tuan.post(address, met).status_code == 302
    after = tuan.json(address)["last_day"]
    assert date.fromisoformat(after) == date.fromisoformat(before) + timedelta(days=4)
    assert "đám cưới" in tuan.page(address)
    assert "An exposure lies in the future." in tuan.post(address, {**met, "met_on": "2026-11-30"}).text
    assert "xa is no number" in tuan.post(address, {**met, "metres": "xa"}).text


def test_a_dose_is_noted_once_and_corrected_in_order(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    tuan, address = visitor("tuan"), f"/contacts/{followed}"
    for number, day in (("1", "2026-05-01"), ("2", "2026-08-01"), ("2", "2026-08-02")):
        dose = {"action": "dose", "number": number, "given_on": day, "vaccine": "Pfizer"}
        assert tuan.post(address, dose).status_code == 302
    wrong = tuan.post(address, {"action": "dose", "number": "3", "given_on": "2026-07-01"})
    assert "Dose 2 was given on 2026-08-02, so this day does not fit." in wrong.text
    with database.unit() as uow:
        doses = uow.session.scalars(select(Dose).order_by(Dose.number)).all()
        assert [(dose.number, str(dose.given_on)) for dose in doses] == [(1, "2026-05-01"), (2, "2026-08-02")]


def test_a_contact_is_dropped_taken_up_and_resumed_each_with_a_reason_and_a_refusal_says_what_to_do(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    tuan, address = visitor("tuan"), f"/contacts/{followed}"
    tuan.post(address, {"action": "drop", "reason": "không gặp"})
    refused = tuan.post(address, {"action": "resume", "reason": "gọi lại"})
    assert refused.status_code == 400
    assert "Take them up again first." in refused.text
    tuan.post(address, {"action": "take_up", "reason": "có người làm chứng"})
    with database.unit() as uow:
        contact = uow.session.get_one(Contact, followed)
        assert (contact.status, contact.follow_up) == (
            "active",
            "cancelled",
        )  # nobody calls just because they stand again
    tuan.post(address, {"action": "resume", "reason": "gọi lại"})
    with database.unit() as uow:
        assert uow.session.get_one(Contact, followed).follow_up == "follow_up"
    tuan.post("/language", {"language": "vi"})
    tuan.post(address, {"action": "drop", "reason": "không gặp"})
    assert "Hãy đưa trở lại danh sách trước" in tuan.post(address, {"action": "resume", "reason": "gọi lại"}).text


@pytest.mark.capability("T16")
def test_a_contact_is_given_to_another_team_on_the_page_and_the_list_knows_my_team(
    province: Province, visitor: Visit, database: Database
) -> None:
    son, thao = visitor("son"), visitor("thao")
    made = son.post("/teams", {"name": "Đội 1", "area": "38.380", "members": [str(province.users["thao"])]})
    assert made.status_code == 302
    team = next(each for each in son.json("/teams")["teams"] if each["name"] == "Đội 1")
    assert (team["members"], team["load"]) == (["thao"], 0)
    address = f"/contacts/{province.an.contact}"
    assert thao.post(address, {"action": "team", "team": team["id"], "reason": ""}).status_code == 400
    thao.post(address, {"action": "team", "team": team["id"], "reason": "quen nhà"})
    assert [each["id"] for each in thao.json("/contacts?team=mine")["contacts"]] == [str(province.an.contact)]
    page = plain(thao.page(address))
    assert "Đội 1" in page
    assert "quen nhà" in page
    assert visitor("tuan").json("/teams")["teams"] == []  # of another district


def test_only_a_supervisor_makes_teams(province: Province, visitor: Visit) -> None:
    assert visitor("thao").post("/teams", {"name": "Đội 1", "area": "38.380"}).status_code == 403
    twice = [visitor("son").post("/teams", {"name": "Đội 1", "area": "38.380"}) for _ in range(2)]
    assert "There is a team called Đội 1 already." in twice[1].text
    assert "not yours to give" in visitor("son").post("/teams", {"name": "Đội 2", "area": "01"}).text


def test_the_days_work_puts_the_ill_first_and_counts_the_days_in_vain(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    tuan = visitor("tuan")
    day = tuan.json("/follow-up")
    assert day["counts"] == {"ill": 1, "due": 1, "overdue": 0, "unreached": 0}
    assert day["list"] == "ill"
    (row,) = day["rows"]
    assert (row["contact"], row["symptoms"], row["missed_days"]) == (str(followed), ["fever"], 0)
    with database.unit() as uow:
        for back in (0, 1, 2):
            visit = uow.session.scalars(
                select(FollowUpVisit).where(
                    FollowUpVisit.person_id == province.binh.person, FollowUpVisit.day == TODAY - timedelta(days=back)
                )
            ).one()
            visit.result, visit.symptoms = "unavailable", []
    day = tuan.json("/follow-up?list=unreached")
    assert day["counts"] == {"ill": 0, "due": 0, "overdue": 0, "unreached": 1}
    assert day["rows"][0]["missed_days"] == 3
    with database.unit() as uow:
        visit.result = None
        uow.session.merge(visit)
    assert tuan.json("/follow-up?list=overdue")["counts"]["overdue"] == 1
    assert visitor("thao").json("/follow-up")["counts"]["overdue"] == 0
    assert tuan.json("/follow-up?team=mine")["counts"]["overdue"] == 0


def test_somebody_with_two_contacts_is_one_person_of_the_days_work(
    province: Province, visitor: Visit, followed: UUID, database: Database
) -> None:
    with database.unit() as uow:
        case = open_case(uow, NewCase("covid-19", number="BN3", area="38"), None)
        add_contact(
            uow, province.binh.person, "covid-19", [NewExposure(TODAY - timedelta(days=5))], case_id=case.id,
            source="person", by=None,
        )  # fmt: skip
    day = visitor("tuan").json("/follow-up?list=due")
    assert day["counts"]["due"] == len(day["rows"]) == 1
