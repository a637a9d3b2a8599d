"""From a list to a running campaign, in a browser without script."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from core.database import Database
from core.users import User
from ivr.calls.model import Call
from ivr.campaigns.callbacks import call_back
from ivr.campaigns.model import Attempt, Campaign, CampaignKind, Target
from ivr.campaigns.standing import standing_campaign
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, COAST, Province
from tracing.people.model import Person

Visit = Callable[[str], Visitor]

LIST = """Họ tên,Số điện thoại,Năm sinh,Mã xã,Ngày tiếp xúc
Lê Thị Cúc,0913 111 222,1990,14755,20/11/2026
Phạm Văn Dũng,0914 333 444,1975,14830,21/11/2026
Kim Min Su,0915 555 666,1982,,21/11/2026
"""
PLAN = {
    "name": "Chợ",
    "script": "contact-interview",
    "carrier": "twilio",
    "cap": "5",
    "pace": "2",
    "weekdays": ["0", "2"],
}


def upload(visitor: Visitor, text: str, name: str = "danh sách.csv", **options: Any) -> Any:
    data = {"list": (io.BytesIO(text.encode("utf-8-sig")), name)}
    return visitor.post("/campaigns/new", data, content_type="multipart/form-data", **options)


def token_of(page: str) -> str:
    return page.split('name="token" value="')[1].split('"')[0]


def counts(database: Database) -> tuple[int, int, int]:
    with database.unit() as uow:
        return tuple(  # type: ignore[return-value]
            uow.session.scalar(select(func.count()).select_from(table)) for table in (Campaign, Target, Person)
        )


def test_a_list_is_shown_before_anything_is_written(province: Province, visitor: Visit, database: Database) -> None:
    before = counts(database)
    page = upload(visitor("son"), LIST).text
    assert "3 people can be called" in page
    assert "Lê Thị Cúc" in page
    assert "+84913111222" in page
    assert counts(database) == before


def test_a_list_becomes_a_running_campaign(province: Province, visitor: Visit, database: Database) -> None:
    son = visitor("son")
    token = token_of(upload(son, LIST).text)
    made = son.post("/campaigns/create", {**PLAN, "token": token, "start": "1"})
    assert made.status_code == 302
    campaign = son.json(made.location)
    assert (campaign["state"], campaign["targets"], campaign["by_state"]) == ("running", 3, {"waiting": 3})
    with database.unit() as uow:
        row = uow.session.scalars(select(Campaign).where(Campaign.name == "Chợ")).one()
        assert (row.cap, row.pace, row.weekdays, row.area) == (5, 2.0, [0, 2], "38")
        areas = uow.session.scalars(select(Target.area).where(Target.campaign_id == row.id)).all()
    assert sorted(areas) == [
        "38",
        "38.380.14755",
        "38.382.14830",
    ]  # a row without a commune lies where its campaign does
    before = counts(database)
    again = son.post("/campaigns/create", {**PLAN, "token": token, "start": "1"})
    assert (again.status_code, again.location) == (302, made.location)  # a second click leads to the same campaign
    assert counts(database) == before
    assert son.post("/campaigns/create", {**PLAN, "token": "another"}).status_code == 400


def test_whoever_is_known_is_called_where_they_live_though_the_list_does_not_say(
    province: Province, visitor: Visit, database: Database
) -> None:
    son, header = visitor("son"), "Họ tên,Số điện thoại,Năm sinh,Mã xã\n"
    for cells in ("14755", ""):
        token = token_of(upload(son, f"{header}Lê Thị Cúc,0913 111 222,1990,{cells}\n").text)
        assert son.post("/campaigns/create", {**PLAN, "token": token}).status_code == 302
    with database.unit() as uow:
        areas = uow.session.scalars(select(Target.area).where(Target.phone == "+84913111222")).all()
    assert areas == ["38.380.14755"] * 2


def test_two_clicks_at_once_make_one_campaign(province: Province, visitor: Visit, database: Database) -> None:
    token, before = token_of(upload(visitor("son"), LIST).text), counts(database)
    with ThreadPoolExecutor(2) as pool:
        clicks = [pool.submit(visitor("son").post, "/campaigns/create", {**PLAN, "token": token}) for _ in range(2)]
        answers = [click.result() for click in clicks]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].location == answers[1].location
    assert counts(database)[0] == before[0] + 1


def test_a_program_creates_a_campaign_the_same_way(province: Province, visitor: Visit) -> None:
    son, json = visitor("son"), {"Accept": "application/json"}
    read = upload(son, LIST, headers=json).json
    assert read["rows"] == 3
    made = son.post("/campaigns/create", {**PLAN, "token": read["token"], "start": "1"}, headers=json)
    assert (made.status_code, made.json["state"], made.json["targets"]) == (201, "running", 3)
    again = son.post("/campaigns/create", {**PLAN, "token": read["token"], "start": "1"}, headers=json)
    assert (again.status_code, again.json) == (201, made.json)
    assert son.post(f"/campaigns/{made.json['id']}", {"action": "pause"}, headers=json).json["state"] == "paused"


@pytest.mark.capability("T11")
def test_a_wrong_list_names_each_cell_and_nothing_is_imported(
    province: Province, visitor: Visit, database: Database
) -> None:
    before = counts(database)
    response = upload(visitor("son"), LIST + "Ai Đó,12345,19x0,14755,20/11/2026\n,0913999888,,,32/13/2026\n")
    assert response.status_code == 400
    for piece in ("“12345” is not a phone number.", "Birth year", "This cell is empty.", "“32/13/2026” is not a date."):
        assert piece in response.text, piece
    assert counts(database) == before


def test_a_plan_that_cannot_work_is_said_and_the_list_is_kept(
    province: Province, visitor: Visit, database: Database
) -> None:
    son, before = visitor("son"), counts(database)
    token = token_of(upload(son, LIST).text)
    wrong = {"window_from": "20:00", "window_until": "08:00", "token": token}
    response = son.post("/campaigns/create", {**PLAN, **wrong})
    assert response.status_code == 400
    assert "end before they begin" in response.text
    assert counts(database) == before
    assert token_of(response.text) == token
    assert son.post("/campaigns/create", {**PLAN, "token": token}).status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("cap", "nan"), ("cap", "inf"), ("cap", "1e400"), ("pace", "nan"), ("max_attempts", "-inf")),
        *(("last_moment", "9999-12-31T23:59"), ("last_moment", "0001-01-01T00:00"), ("weekdays", "9" * 30)),
    ],
)
def test_a_plan_with_a_number_or_day_that_is_none_is_said(
    province: Province, visitor: Visit, database: Database, field: str, value: str
) -> None:
    son, before = visitor("son"), counts(database)
    token = token_of(upload(son, LIST).text)
    assert son.post("/campaigns/create", {**PLAN, "token": token, field: value}).status_code == 400
    assert counts(database) == before


def test_a_list_belongs_to_the_area_of_who_uploaded_it(province: Province, visitor: Visit, database: Database) -> None:
    token = token_of(upload(visitor("son"), LIST).text)
    with visitor("hanh").client as other:
        assert other.get("/campaigns/new").status_code == 403
    with database.unit() as uow:
        thao = uow.session.get_one(User, province.users["thao"])
        thao.roles, thao.area = ["supervisor"], COAST
    stolen = visitor("thao").post("/campaigns/create", {**PLAN, "token": token})
    assert (stolen.status_code, "no longer there" in stolen.text) == (400, True)


def test_a_campaign_is_paused_resumed_and_aborted(province: Province, visitor: Visit) -> None:
    son, page = visitor("son"), f"/campaigns/{province.campaign}"
    for action, state in (("pause", "paused"), ("resume", "running"), ("abort", "aborted")):
        assert son.post(page, {"action": action}).status_code == 302
        assert son.json(page)["state"] == state
    assert son.post(page, {"action": "resume"}).status_code == 400
    assert son.post(page, {"action": "explode"}).status_code == 400


@pytest.mark.capability("C2")
def test_a_supervisor_of_a_district_neither_stops_nor_fills_what_reaches_beyond_it(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.get_one(User, province.users["son"]).area = CITY
    son = visitor("son")
    assert son.json(f"/campaigns/{province.campaign}")["targets"] == 1
    refused = son.post(f"/campaigns/{province.campaign}", {"action": "pause"})
    assert refused.status_code == 403
    assert "This campaign reaches beyond your area." in refused.text
    assert son.post(f"/campaigns/{province.city_campaign}", {"action": "pause"}).status_code == 302
    outside = upload(son, LIST)
    assert outside.status_code == 400
    assert "outside your area: 3" in outside.text


@pytest.mark.capability("C6")
def test_the_progress_refreshes_as_a_fragment_of_the_same_page(province: Province, visitor: Visit) -> None:
    son, page = visitor("son"), f"/campaigns/{province.campaign}"
    whole, part = son.page(page), son.get(page, headers={"HX-Request": "true"}).text
    assert "<html" in whole
    assert "<html" not in part
    assert f'hx-get="{page}"' in whole
    assert "completed" in part
    chart = son.get(f"{page}?part=reach", headers={"HX-Request": "true"}).text
    assert '<polygon class="area-completed"' in chart
    assert "<html" not in chart


def test_a_campaign_that_is_over_is_not_asked_for_again(province: Province, visitor: Visit, database: Database) -> None:
    son, page, fragment = visitor("son"), f"/campaigns/{province.campaign}", {"HX-Request": "true"}
    parts = (page, f"{page}?part=reach")
    assert [son.get(part, headers=fragment).status_code for part in parts] == [200, 200]
    with database.unit() as uow:
        uow.session.get_one(Call, province.an.call).ended_at = None
    son.post(page, {"action": "abort"})
    assert [son.get(part, headers=fragment).status_code for part in parts] == [200, 200]  # somebody still talks
    assert "hx-get" in son.page(page)
    with database.unit() as uow:
        uow.session.get_one(Call, province.an.call).ended_at = uow.now()
    assert [son.get(part, headers=fragment).status_code for part in parts] == [286, 286]
    assert "hx-get" not in son.page(page)


def test_the_attempts_of_a_target_are_the_calls_that_were_made(
    database: Database, province: Province, visitor: Visit
) -> None:
    with database.unit() as uow:
        target = uow.session.scalars(select(Target).where(Target.outcomes != {})).first()
        assert target is not None
        target.attempts, target.outcomes = 7, {"busy": 2, "completed": 1}  # four times it was not dialed after all
    page = visitor("son").page(f"/campaigns/{province.campaign}/targets")
    assert '<td class="num" data-label="Attempts">3</td>' in page
    assert '<td class="num" data-label="Attempts">7</td>' not in page


def test_targets_are_filtered_by_result(province: Province, visitor: Visit) -> None:
    son, page = visitor("son"), f"/campaigns/{province.campaign}/targets"
    assert "Nguyễn Văn An" in son.page(f"{page}?disposition=completed")
    assert "No target matches." in son.page(f"{page}?disposition=refused")


def attempts(database: Database, campaign: Any, dials: list[tuple[int, str | None]]) -> None:
    """Dials of the campaign's first target, at this hour in Vietnam, with this outcome."""
    with database.unit() as uow:
        target = uow.session.scalars(select(Target).where(Target.campaign_id == campaign).order_by(Target.id)).first()
        assert target is not None
        for number, (hour, outcome) in enumerate(dials, 1):
            at = datetime(2026, 11, 22, hour, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
            uow.session.add(
                Attempt(
                    target_id=target.id,
                    campaign_id=campaign,
                    number=number,
                    phone=target.phone,
                    state="placed" if outcome is None else "ended",
                    outcome=outcome,
                    claimed_at=at,
                    placing_at=at,
                )
            )


@pytest.mark.capability("I12", "C6")
def test_the_page_shows_when_people_answer_and_how_often_they_were_dialed(
    province: Province, visitor: Visit, database: Database
) -> None:
    attempts(
        database,
        province.campaign,
        [(9, "busy"), (9, "not_dialed"), (11, "no_answer"), (11, "completed"), (11, "machine"), (19, None)],
    )
    page = visitor("son").page(f"/campaigns/{province.campaign}")
    assert "11:00: 1 of 3 answered" in page
    assert "9:00: 0 of 1 answered" in page
    assert "19:00" not in page  # it is still ringing
    assert '<td class="num" data-label="Times dialed">5</td><td class="num" data-label="People">1</td>' in page


@pytest.mark.capability("I12", "C2")
def test_dials_of_other_areas_are_not_counted(province: Province, visitor: Visit, database: Database) -> None:
    attempts(database, province.campaign, [(9, "completed")])  # of An, who lives in the city
    with database.unit() as uow:
        uow.session.get_one(User, province.users["son"]).area = COAST
    assert "Nobody has been dialed yet." in visitor("son").page(f"/campaigns/{province.campaign}")


@pytest.mark.capability("C6", "I4", "I10")
def test_the_page_says_why_somebody_waits(province: Province, visitor: Visit, database: Database) -> None:
    son, page = visitor("son"), f"/campaigns/{province.campaign}"
    with database.unit() as uow:
        target = uow.session.scalars(select(Target).where(Target.campaign_id == province.campaign)).first()
        assert target is not None
        target.state, target.next_at = "waiting", uow.now()
    assert "They wait because" not in son.page(page)
    son.post(page, {"action": "pause"})
    assert "it does not run" in son.page(page)


@pytest.mark.capability("I10")
def test_calls_that_are_owed_stand_apart_and_nobody_aborts_them(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        call_back(uow, script="missed-call", phone="+84912345678", language="vi", context={}, area=CITY)
        owed = standing_campaign(uow, CampaignKind.CALL_BACK).id
        uow.session.get_one(User, province.users["son"]).area = ""
    son = visitor("son")
    page = son.page("/campaigns")
    assert "Calls that we owe" in page
    assert "Calls back that people wait for" in page
    assert str(owed) not in page.split("Calls that we owe")[0]
    assert "Abort" not in son.page(f"/campaigns/{owed}")
    refused = son.post(f"/campaigns/{owed}", {"action": "abort"})
    assert (refused.status_code, "owed to people" in refused.text) == (400, True)
    assert son.post(f"/campaigns/{owed}", {"action": "pause"}).status_code == 302
