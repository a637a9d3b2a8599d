"""What the pages show, and that reading health data leaves a line in the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from admin.queries.health import list_carriers, list_processes
from core.audit import AuditEntry
from core.clock import SimulatedClock
from core.database import Database
from core.heartbeats import beat
from core.ids import new_id
from core.rights import ROLES, Right
from core.users import User
from ivr.calls.model import Call, CallEvent
from tests.admin.conftest import Visitor
from tests.admin.province import CITY, Province, settle_campaign, settle_resident
from tracing.records.model import Record, RecordAnswer

Visit = Callable[[str], Visitor]


def audited(database: Database, login: str) -> list[tuple[str, str]]:
    with database.unit() as uow:
        rows = uow.session.execute(
            select(AuditEntry.action, AuditEntry.subject).where(AuditEntry.login == login).order_by(AuditEntry.id)
        )
        return [tuple(row) for row in rows]


@pytest.mark.capability("C3")
def test_every_read_of_health_data_is_audited(province: Province, visitor: Visit, database: Database) -> None:
    thao = visitor("thao")
    thao.page("/records")
    thao.page(f"/records/{province.an.record}")
    thao.page("/calls")
    thao.page(f"/calls/{province.an.call}")
    thao.get(f"/records/{province.binh.record}")  # not there for her: nothing was read
    assert audited(database, "thao") == [
        ("records.list", ""),
        ("record.read", f"record:{province.an.record}"),
        ("calls.list", ""),
        ("call.read", f"call:{province.an.call}"),
    ]


@pytest.mark.capability("C3")
def test_the_audit_log_says_whom_a_list_has_shown(province: Province, visitor: Visit, database: Database) -> None:
    for address in ("/calls", "/records", "/appointments", "/"):
        visitor("son").page(address)
    with database.unit() as uow:
        lines = [
            (line.action, key, sorted(line.detail[key]))
            for line in uow.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            for key in ("calls", "records", "appointments")
            if key in (line.detail or {})
        ]
    calls, references = sorted([str(province.an.call), str(province.binh.call)]), [province.an, province.binh]
    shown = sorted(resident.reference for resident in references)
    assert lines == [
        ("calls.list", "calls", calls),
        ("records.list", "records", shown),
        ("appointments.list", "appointments", shown),
        ("records.list", "records", shown),
        ("appointments.list", "appointments", shown),
    ]


@pytest.mark.capability("C3")
def test_a_page_that_refreshes_itself_is_audited_once_in_ten_minutes(
    province: Province, visitor: Visit, database: Database, clock: SimulatedClock
) -> None:
    son, fragment = visitor("son"), {"HX-Request": "true"}
    for _ in range(3):
        son.get("/queue", headers=fragment)  # even without having opened the whole page
    assert audited(database, "son") == [("queue.list", "")]
    clock.advance(timedelta(minutes=11))
    son.get("/queue", headers=fragment)
    son.get(f"/calls/{province.an.call}", headers=fragment)
    assert audited(database, "son")[1:] == [("queue.list", ""), ("call.read", f"call:{province.an.call}")]


def test_a_call_reads_like_a_conversation(province: Province, visitor: Visit) -> None:
    page = visitor("son").page(f"/calls/{province.an.call}")
    for piece in (
        "A person answered.",
        "Anh chị có bị sốt không?",
        "“có”",
        "87%",
        "read back",
        "said nothing",
        "<kbd>1</kbd>",
        "Fever: <b>Yes</b>",
        "We hung up: completed",
        'id="turn-3"',
    ):
        assert piece in page, piece


@pytest.mark.capability("N2")
def test_a_call_shows_what_did_not_count(province: Province, visitor: Visit, database: Database) -> None:
    asides = [
        {"at": "", "kind": "key_dropped", "key": "7", "reason": "too_soon"},
        {"at": "", "kind": "superseded", "what": "speech", "by": "keys"},
        {"at": "", "kind": "barge_in", "by": "key", "after": 1.2},
        {"at": "", "kind": "speech_failed", "why": "no_recogniser"},
        {"at": "", "kind": "timer", "what": "wait"},
    ]
    with database.unit() as uow:
        line = {"call_id": province.an.call, "seq": 100, "turn": 3, "at": uow.now(), "kind": "aside"}
        uow.session.add(CallEvent(**line, data={"asides": asides}))
    page = visitor("son").page(f"/calls/{province.an.call}")
    assert "<kbd>7</kbd> <small>did not count: pressed before the question was heard</small>" in page
    assert "spoke, but a key came first" in page
    assert "Speech could not be recognised just now." in page
    assert "interrupted" not in page  # that a key cuts a prompt short goes without saying
    assert "voice message" not in page


def test_an_answer_leads_to_the_moment_it_was_given(province: Province, visitor: Visit) -> None:
    page = visitor("son").page(f"/records/{province.an.record}")
    assert f'href="/calls/{province.an.call}#turn-1"' in page
    assert "“có” · 87% · confirmed by the caller" in " ".join(page.split())
    assert page.index("Fever") < page.index("Cough") < page.index("Sore throat")  # the form's order
    assert "Not asked or not answered (18)" in page


def test_a_corrected_answer_shows_what_it_replaced(province: Province, visitor: Visit, database: Database) -> None:
    with database.unit() as uow:
        old = uow.session.scalars(
            select(RecordAnswer).where(RecordAnswer.record_id == province.an.record, RecordAnswer.field == "fever")
        ).one()
        old.superseded_at = uow.now()
        uow.session.flush()
        uow.session.add(RecordAnswer(record_id=old.record_id, field="fever", value=False, source="staff", at=uow.now()))
    page = visitor("son").page(f"/records/{province.an.record}")
    assert "<s>Yes</s>" in page
    assert "by staff" in page


def test_records_are_found_by_name_without_diacritics_by_risk_and_by_number(province: Province, visitor: Visit) -> None:
    son = visitor("son")
    names = {
        "?q=nguyen van": ["Nguyễn Văn An"],
        "?q=BINH": ["Trần Thị Bình"],
        "?q=0912 345 678": ["Nguyễn Văn An"],
        "?risk=low": [],
        "?flagged=1&risk=high": ["Trần Thị Bình", "Nguyễn Văn An"],
        "?from=2026-11-23&to=2026-11-23": ["Trần Thị Bình", "Nguyễn Văn An"],
        "?from=2026-11-24": [],
        f"?campaign={province.campaign}": ["Trần Thị Bình", "Nguyễn Văn An"],
        f"?campaign={province.city_campaign}": [],
    }
    for query, expected in names.items():
        assert [row["name"] for row in son.json(f"/records{query}")["records"]] == expected, query
    assert "only as a whole" in son.page("/records?q=0912345")


def test_a_program_gets_records_with_answers_and_where_they_came_from(province: Province, visitor: Visit) -> None:
    record = visitor("thao").json("/records")["records"][0]
    assert record["phone"] == "+84912345678"
    assert record["campaign"] == str(province.campaign)
    fever = record["answers"]["fever"]
    assert UUID(fever.pop("id"))  # which answer a correction is of
    assert fever == {
        "value": True,
        "source": "speech",
        "heard": "có",
        "confidence": 0.87,
        "confirmed": True,
        "turn": 1,
        "step": "fever",
    }


def test_long_lists_are_paged_without_gaps_or_repeats(province: Province, visitor: Visit, database: Database) -> None:
    with database.unit() as uow:
        uow.session.add_all(
            Record(id=new_id(), form="symptom_report", language="vi", area=CITY, created_at=uow.now())
            for _ in range(120)
        )
    son, seen, older = visitor("son"), [], ""
    while older is not None:
        page = son.json(f"/records?before={older}")
        seen += [row["id"] for row in page["records"]]
        older = page["older"]
    assert len(seen) == len(set(seen)) == 122
    assert "Older" in son.page("/records")


def test_a_list_costs_the_same_number_of_queries_however_long_it_is(
    province: Province, visitor: Visit, database: Database
) -> None:
    son = visitor("son")
    counts = []
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for longer in (False, True):
        if longer:
            with database.unit() as uow:
                for hour in range(11, 20):
                    name, phone = f"Người thứ {hour}", f"+849300000{hour}"
                    settle_resident(uow, name, phone, CITY, province.campaign, province.practitioner, hour)
                    settle_campaign(uow, f"Chiến dịch {hour}", CITY)
        statements.clear()
        for page in ("records", "calls", "campaigns", f"campaigns/{province.campaign}/targets"):
            son.page(f"/{page}")
        for page in ("appointments?show=week", "queue", ""):
            son.page(f"/{page}")
        counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.capability("C6")
def test_the_system_page_says_who_is_alive_and_that_vietnamese_is_keys_only(
    province: Province, visitor: Visit, database: Database, clock: SimulatedClock
) -> None:
    hanh = visitor("hanh")
    assert "No process of this kind is alive: live audio." in hanh.page("/health")
    korean = {"language": "ko", "model": "small-ko", "state": "ready", "workers": 2, "wanted": 2, "sessions": 1}
    with database.unit() as uow:
        beat(uow, "media", "media@cdc1:77", {"calls": 3, "recogniser": [{**korean, "crashes": 0}]})
    page = hanh.page("/health")
    assert "media@cdc1:77" in page
    assert "No process of this kind is alive: live audio." not in page
    assert "2 of 2 recognisers, 1 listening" in page
    assert hanh.json("/health")["speech"] == {"vi": "no_model", "en": "no_model", "ko": "ready"}
    assert "No speech model for Vietnamese: keys only" in page
    clock.advance(timedelta(minutes=2))
    assert hanh.json("/health")["missing"] == ["web", "media", "worker", "slow-worker", "scheduler", "sip"]
    hanh.post("/language", {"language": "vi"})
    assert "Không có mô hình giọng nói cho tiếng Việt: chỉ bấm phím" in hanh.page("/health")


@pytest.mark.capability("C6")
def test_the_system_page_warns_when_nobody_serves_the_telephone_lines_or_when_they_are_full(
    province: Province, visitor: Visit, database: Database
) -> None:
    hanh = visitor("hanh")
    assert "nobody reaches the hotline by them" in hanh.page("/health")
    free = {"calls": 99, "full": False, "room": 0, "refused": 0, "registration": "none"}
    with database.unit() as uow:
        beat(uow, "sip", "sip@cdc1:78", free)
    page = hanh.page("/health")
    assert "nobody reaches the hotline by them" not in page
    assert "busy tone" not in page
    with database.unit() as uow:
        beat(uow, "sip", "sip@cdc1:78", {**free, "calls": 100, "full": True})
    assert "lines (SIP) of sip@cdc1:78 are full: 100 calls" in hanh.page("/health")
    assert hanh.json("/health")["full"] == ["sip@cdc1:78"]


@pytest.mark.capability("C6")
def test_a_dial_that_no_gateway_took_is_an_error_of_the_carrier(province: Province, database: Database) -> None:
    with database.unit() as uow:
        before = {each.name: each.trouble for each in list_carriers(uow, [])}
        call = uow.session.scalars(select(Call).where(Call.carrier == "twilio").limit(1)).one()
        call.failure_reason = "not_dialed"
        uow.session.flush()
        after = {each.name: each.trouble for each in list_carriers(uow, [])}
    assert after["twilio"] == before["twilio"] + 1


def test_where_telephone_lines_are_switched_off_nobody_misses_them(database: Database) -> None:
    with database.unit() as uow:
        assert "sip" not in list_processes(uow, sip=False)[1]


def test_today_shows_each_what_they_need(province: Province, visitor: Visit) -> None:
    son, thao, dung, hanh = (visitor(login).page("/") for login in ("son", "thao", "dung", "hanh"))
    assert "Trần Thị Bình" in son
    assert "Campaigns under way" in son
    assert "Trần Thị Bình" not in thao
    assert "waiting for a doctor" not in thao
    assert "Appointments today" in dung
    assert "Campaigns under way" not in dung
    assert "Nguyễn Văn An" not in hanh
    assert "Administration" in hanh


@pytest.mark.capability("H4")
def test_a_doctor_carries_an_appointment_forward_and_nobody_takes_it_back(province: Province, visitor: Visit) -> None:
    dung = visitor("dung")
    move = f"/appointments/{province.an.appointment}/state"
    assert dung.post(move, {"state": "arrived"}).status_code == 302
    assert dung.post(move, {"state": "fulfilled"}).status_code == 302
    refused = dung.post(move, {"state": "booked"})
    assert refused.status_code == 400
    assert dung.post(move, {"state": "nonsense"}).status_code == 400
    states = {row["name"]: row["state"] for row in dung.json("/appointments")["appointments"]}
    assert states == {"Nguyễn Văn An": "fulfilled", "Trần Thị Bình": "booked"}


def test_a_doctor_takes_somebody_from_the_queue_and_finishes(province: Province, visitor: Visit) -> None:
    dung = visitor("dung")
    assert [row["urgency"] for row in dung.json("/queue")["queue"]] == [0, 0]
    assert dung.post(f"/queue/{province.an.queue}/take").status_code == 302
    assert {row["state"] for row in dung.json("/queue")["queue"]} == {"waiting", "taken"}
    dung.post(f"/queue/{province.an.queue}/note", {"outcome": "advised"})
    assert [row["name"] for row in dung.json("/queue")["queue"]] == ["Trần Thị Bình"]


@pytest.mark.parametrize("carried", ["practitioner=all&show=week", "practitioner=all", ""])
def test_who_sets_a_state_stays_on_the_page_they_looked_at(province: Province, visitor: Visit, carried: str) -> None:
    dung, field = visitor("dung"), re.compile(r'<input type="hidden" name="(practitioner|show)" value="([^"]+)">')
    page = dung.page(f"/appointments?day=2026-11-23&{carried}").split(f"{province.an.appointment}/state")[1]
    back = dung.post(
        f"/appointments/{province.an.appointment}/state",
        {**dict(field.findall(page.split("</form>")[0])), "state": "arrived"},
    ).location
    assert back == f"/appointments?day=2026-11-23&{carried or f'practitioner={province.practitioner}'}"


def focusable(page: str) -> list[str]:
    """Everything of a page that the tab key reaches."""
    return re.findall(r"<(?:a|button|select|summary)\b[^>]*>|<input\b(?![^>]*hidden)[^>]*>", page)


def test_whatever_refreshes_itself_keeps_the_focus_on_what_the_keyboard_reached(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.get_one(Call, province.binh.call).ended_at = None
    dung, son = visitor("dung"), visitor("son")
    dung.post(f"/queue/{province.binh.queue}/take")
    seen = 0
    for visit, address in (
        *((dung, "/queue"), (son, "/"), (son, "/health"), (visitor("hanh"), "/")),
        *((son, f"/campaigns/{page}") for page in (province.campaign, province.city_campaign)),
        *((son, f"/calls/{resident.call}") for resident in (province.an, province.binh)),
    ):
        part = visit.get(address, headers={"HX-Request": "true"}).text
        ids = [re.search(r'\bid="([^"]+)"', tag) for tag in focusable(part)]
        assert None not in ids, (address, focusable(part))
        every = re.findall(r'\bid="([^"]+)"', visit.page(address))
        assert len(every) == len(set(every)), address
        seen += len(ids)
    assert seen > 30


def test_a_warning_that_stays_is_not_said_again_every_time_the_page_refreshes(
    province: Province, visitor: Visit
) -> None:
    part = visitor("hanh").get("/health", headers={"HX-Request": "true"}).text
    assert "No process of this kind is alive" in part
    assert 'role="alert"' not in part


def test_a_call_that_is_over_is_not_asked_for_again(province: Province, visitor: Visit, database: Database) -> None:
    son, page, fragment = visitor("son"), f"/calls/{province.an.call}", {"HX-Request": "true"}
    assert son.get(page, headers=fragment).status_code == 286
    with database.unit() as uow:
        uow.session.get_one(Call, province.an.call).ended_at = None
    assert son.get(page, headers=fragment).status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        *((f"/appointments?day={day}", 200) for day in ("9999-12-31", "0001-01-01", "9999-12-31&show=week")),
        *((f"/records?{bound}={day}", 200) for bound in ("from", "to") for day in ("9999-12-31", "0001-01-01")),
        *((f"/appointments?{name}=FOO", 200) for name in ("endpoint", "_method", "_external", "_anchor", "values")),
        *((f"/audit?before={before}", 200) for before in ("9" * 20, "9" * 5000, "-1", "x")),
        *((f"/{page}=%00", 400) for page in ("records?q", "calls?state", "audit?login", "login?next", "do-not-call?q")),
        *((f"/{page}", 400) for page in ("campaigns?%00=1", "records?risk=a%00b", "records?before=%00")),
    ],
)
def test_what_nobody_can_mean_gets_a_calm_answer(
    province: Province, visitor: Visit, database: Database, address: str, status: int
) -> None:
    with database.unit() as uow:
        uow.session.get_one(User, province.users["son"]).roles = ["supervisor", "administrator"]
    assert visitor("son").get(address, follow_redirects=True).status_code == status


def test_a_stranger_who_types_what_cannot_be_kept_gets_a_calm_answer(visitor: Visit) -> None:
    stranger = visitor("")
    assert stranger.get("/login?next=%00").status_code == 400
    assert stranger.post("/login", {"login": "a\0", "password": "b"}).status_code == 400


def test_a_list_in_pages_keeps_its_filter(province: Province, visitor: Visit, database: Database) -> None:
    with database.unit() as uow:
        uow.session.add_all(
            Record(id=new_id(), form="symptom_report", language="vi", area=CITY, created_at=uow.now())
            for _ in range(60)
        )
    page = visitor("son").page("/records?form=symptom_report&q=")
    assert 'href="/records?form=symptom_report&amp;before=' in page


def test_who_may_not_read_records_sees_no_whole_number_and_who_has_no_appointments_none(
    province: Province, visitor: Visit, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROLES, "desk", frozenset({Right.APPOINTMENTS_SEE}))
    with database.unit() as uow:
        uow.session.get_one(User, province.users["dung"]).roles = ["desk"]
    for name in ("appointments", "queue"):
        phones = [row["phone"] for row in visitor("dung").json(f"/{name}")[name]]
        assert len(phones) == 2
        assert all("•••" in phone for phone in phones)
    for page in (f"/records/{province.an.record}", f"/calls/{province.an.call}"):
        thao, son = visitor("thao").page(page), visitor("son").page(page)
        assert ("<dt>Appointment</dt>" in thao, "<dt>Appointment</dt>" in son) == (False, True)
        assert "<dt>Doctor queue</dt>" not in thao


def test_a_mistyped_address_is_a_calm_page(visitor: Visit) -> None:
    response = visitor("son").get("/no-such-page")
    assert response.status_code == 404
    assert "There is nothing here." in response.text
    assert visitor("son").get("/no-such-page", headers={"Accept": "application/json"}).json["error"]


def test_what_breaks_inside_is_a_calm_page_too(
    province: Province, visitor: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin.views.records.queries.list_records", None)
    response = visitor("son").get("/records")
    assert response.status_code == 500
    assert "Something went wrong on our side." in response.text
    assert "Traceback" not in response.text
