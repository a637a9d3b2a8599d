"""Who sees what: every endpoint is walked by everybody of the cast."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Blueprint, Flask
from werkzeug.routing import Rule

from admin import policy
from admin.app import create_app
from admin.context import ConsoleContext
from core.database import Database
from core.errors import TracelineError
from core.rights import Right, rights_of
from telehealth.model import Appointment, QueueEntry
from tests.admin.conftest import Visitor
from tests.admin.province import CAST, RECORDED, Province, Resident

Visit = Callable[[str], Visitor]
# Endpoints whose form changes something: walked apart, with what they need.
OPEN_TO_ALL = {"static", "alive.healthz", "alive.readyz", "signing_in.login", "signing_in.log_in_now"}
OPEN_TO_ALL |= {"signing_in.language"}
# Arguments of addresses about one person: of another district's people they lead nowhere.
ABOUT_PEOPLE = {"call_id", "record_id", "appointment_id", "message_id", "case_id", "contact_id", "test_id", "person_id"}
ABOUT_PEOPLE |= {"merge_id", "venue_id", "list_id"}


def address(rule: Rule, resident: Resident, province: Province) -> str:
    """The address of an endpoint, about one resident."""
    values: dict[str, object] = {
        "campaign_id": province.campaign,
        "call_id": resident.call,
        "record_id": resident.record,
        "appointment_id": resident.appointment,
        "entry_id": resident.queue,
        "user_id": province.users["tuan"],
        "practitioner_id": province.city_practitioner,
        "filename": "style.css",
        "message_id": resident.message,
        "case_id": resident.case,
        "contact_id": resident.contact,
        "team_id": province.team,
        "test_id": resident.test,
        "person_id": resident.person,
        "venue_id": resident.venue,
        "visit_id": resident.visit,
        "merge_id": resident.merge,
        "list_id": resident.list,
        "answer_id": resident.answer,
        "field": "fever",
        "kind": "csv",
        "script_id": "contact-interview",
        "spoken": "vi",
        "clip": RECORDED.clip,
        "recording_id": province.recording,
    }
    built = rule.build({name: values[name] for name in rule.arguments})
    assert built is not None
    return built[1]


def rules(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or set())]


@pytest.mark.capability("C1")
def test_every_page_opens_only_to_those_who_hold_its_rights(console: Flask, province: Province, visitor: Visit) -> None:
    for login in CAST:
        rights = rights_of(CAST[login][1])
        someone = visitor(login)
        at_home = province.binh if login == "tuan" else province.an
        for rule in rules(console, "GET"):
            needed = policy.access_of(console, rule.endpoint).rights
            response = someone.get(address(rule, at_home, province))
            if rule.endpoint in OPEN_TO_ALL:
                expected = {200, 302}
            elif needed <= rights:
                expected = {200}
            else:
                expected = {403}
            assert response.status_code in expected, (login, rule.rule, response.status)
            response.close()


@pytest.mark.capability("C1")
def test_no_form_takes_anything_from_those_without_its_rights(
    console: Flask, province: Province, visitor: Visit
) -> None:
    for login in CAST:
        rights = rights_of(CAST[login][1])
        someone = visitor(login)
        for rule in rules(console, "POST"):
            if not policy.access_of(console, rule.endpoint).rights <= rights:
                response = someone.post(address(rule, province.an, province))
                assert response.status_code == 403, (login, rule.rule)


@pytest.mark.capability("C1")
def test_a_stranger_is_sent_to_the_log_in_from_everywhere(console: Flask, province: Province, visitor: Visit) -> None:
    stranger = visitor("")
    for rule in rules(console, "GET"):
        if rule.endpoint in OPEN_TO_ALL:
            continue
        page = address(rule, province.an, province)
        response = stranger.get(page)
        assert response.status_code == 302, rule.rule
        assert response.location.startswith("/login"), rule.rule
        assert stranger.get(page, headers={"Accept": "application/json"}).status_code == 401
        assert "login" in stranger.get(page, headers={"HX-Request": "true"}).headers["HX-Redirect"]
    for rule in rules(console, "POST"):
        if rule.endpoint not in OPEN_TO_ALL:
            assert stranger.post(address(rule, province.an, province)).location.startswith("/login"), rule.rule


@pytest.mark.capability("C2")
@pytest.mark.parametrize(
    ("login", "own", "foreign"), [("thao", "an", "binh"), ("tuan", "binh", "an"), ("mai", "an", "binh")]
)
def test_who_works_in_a_district_meets_only_its_people(
    console: Flask, province: Province, visitor: Visit, login: str, own: str, foreign: str
) -> None:
    visit, mine, theirs = visitor(login), getattr(province, own), getattr(province, foreign)
    rights = rights_of(CAST[login][1])
    for rule in rules(console, "GET"):
        if not policy.access_of(console, rule.endpoint).rights <= rights or rule.endpoint == "static":
            continue
        about_people = ABOUT_PEOPLE & set(rule.arguments)
        for headers in ({}, {"Accept": "application/json"}, {"HX-Request": "true"}):
            response = visit.get(address(rule, theirs, province), headers=headers)
            assert not about_people or response.status_code == 404, rule.rule
            for secret in (theirs.name, theirs.phone, theirs.phone[-3:] + "<", theirs.reference, str(theirs.record)):
                if secret not in address(rule, theirs, province):
                    assert secret not in response.text, (rule.rule, secret)
    assert mine.name in visit.page("/records")
    for page in ("records", "appointments", "queue"):
        if page == "records" or Right.APPOINTMENTS_SEE in rights:
            assert [row["name"] for row in visit.json(f"/{page}")[page]] == [mine.name]


@pytest.mark.capability("C2")
def test_no_form_reaches_people_of_another_district(
    console: Flask, province: Province, visitor: Visit, database: Database
) -> None:
    mai, theirs, walked = visitor("mai"), province.binh, 0
    for rule in rules(console, "POST"):
        allowed = policy.access_of(console, rule.endpoint).rights <= rights_of(CAST["mai"][1])
        if allowed and {"appointment_id", "entry_id"} & set(rule.arguments):
            assert mai.post(address(rule, theirs, province), {"state": "arrived"}).status_code == 404, rule.rule
            walked += 1
    assert walked == 8
    with database.unit() as uow:
        assert uow.session.get_one(Appointment, theirs.appointment).state == "booked"
        assert uow.session.get_one(QueueEntry, theirs.queue).state == "waiting"


@pytest.mark.capability("C2")
def test_a_doctor_of_a_district_counts_and_chooses_only_what_is_theirs(province: Province, visitor: Visit) -> None:
    mai, today = visitor("mai"), " ".join(visitor("mai").page("/").split())
    assert "<strong>1</strong><span>waiting for a doctor" in today
    assert "<strong>1</strong><span>appointments today" in today
    choices = mai.page("/appointments").split('name="practitioner"')[1].split("</select>")[0]
    assert str(province.city_practitioner) in choices
    assert str(province.practitioner) not in choices


@pytest.mark.capability("C2")
def test_what_lies_elsewhere_looks_exactly_like_what_does_not_exist(province: Province, visitor: Visit) -> None:
    tracer = visitor("thao")
    for kind, hidden in (("records", province.binh.record), ("calls", province.binh.call)):
        nothing = uuid4()
        there, absent = tracer.get(f"/{kind}/{hidden}"), tracer.get(f"/{kind}/{nothing}")
        assert (there.status_code, absent.status_code) == (404, 404)
        plain = [page.text.replace(str(hidden), "").replace(str(nothing), "") for page in (there, absent)]
        assert plain[0].split("<main")[1] == plain[1].split("<main")[1]


def test_a_search_for_a_hidden_number_finds_nothing(province: Province, visitor: Visit) -> None:
    assert visitor("thao").json("/records?q=0987654321")["records"] == []
    assert len(visitor("son").json("/records?q=0987654321")["records"]) == 1


@pytest.mark.capability("C2")
def test_a_campaign_that_reaches_into_a_district_counts_only_its_people(province: Province, visitor: Visit) -> None:
    seen = visitor("tuan").json("/campaigns")["campaigns"]
    assert [(campaign["id"], campaign["targets"]) for campaign in seen] == [(str(province.campaign), 1)]
    assert visitor("son").json(f"/campaigns/{province.campaign}")["targets"] == 2
    assert visitor("tuan").get(f"/campaigns/{province.city_campaign}").status_code == 404


def test_numbers_are_masked_in_lists_and_whole_for_those_who_call(province: Province, visitor: Visit) -> None:
    son = visitor("son")
    assert "+84912345678" not in son.page("/records")
    assert "+84912345678" in son.page(f"/records/{province.an.record}")


def test_an_endpoint_nobody_has_decided_about_is_refused(console: Flask) -> None:
    console = create_app(console.extensions["traceline"])
    console.add_url_rule("/open", "open", lambda: "everything")
    with pytest.raises(TracelineError, match="does not say who may reach it"):
        policy.check_declarations(console)


def test_webhooks_of_carriers_need_neither_log_in_nor_token(console: Flask) -> None:
    webhook = Blueprint("twilio", __name__)
    webhook.add_url_rule("/twilio/hello", "hello", lambda: "<Response/>", methods=["POST"])
    context: ConsoleContext = console.extensions["traceline"]
    app = create_app(
        ConsoleContext(context.settings, context.database, context.redis, context.library, webhooks=(webhook,))
    )
    response = app.test_client().post("/twilio/hello")
    assert (response.status_code, response.text) == (200, "<Response/>")
    assert "Content-Security-Policy" not in response.headers
