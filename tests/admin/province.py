"""Thanh Hóa province for the tests of the console: two districts, the cast, and one of everything in each district."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from audio import codec
from audio.studio import Take, Words, publish
from core.areas import Area
from core.database import Database, UnitOfWork
from core.ids import new_id
from core.users import LoginSession, User
from flows.engine.actions import HangUp, Listen, Play, Prompt, Segment, action_to_json
from flows.engine.events import CallStarted, Hypothesis, KeysPressed, NothingHeard, SpeechHeard, event_to_json
from flows.engine.state import Answer, answer_to_json
from ivr.calls.model import Call, CallEvent, ScriptRevision
from ivr.campaigns.model import Campaign, Target
from ivr.messages.store import keep, keep_answer
from telehealth.model import Appointment, Practitioner, QueueEntry
from tracing.cases.model import Case, Contact, Exposure, LabTest
from tracing.lists.service import NewList, begin, check
from tracing.people.model import Person, PersonMerge
from tracing.records.model import Record, RecordAnswer
from tracing.teams.service import make_team
from tracing.venues.model import Venue, VenueVisit

RECORDED = Words("vi", "common/no_input/say/0", "Dạ, tôi chưa nghe thấy gì.")
TONE = bytes(codec.RATE)  # half a second of nothing: what is said is not what these tests are about
PROVINCE = "38"
CITY = "38.380"  # Thành phố Thanh Hóa
COAST = "38.382"  # Thành phố Sầm Sơn

AREAS = [
    {"path": path, "code": path.rpartition(".")[2], "kind": kind, "name_vi": name, "name_en": english}
    for path, kind, name, english in (
        (PROVINCE, "province", "Tỉnh Thanh Hóa", "Thanh Hoa Province"),
        (CITY, "district", "Thành phố Thanh Hóa", "Thanh Hoa City"),
        (f"{CITY}.14755", "commune", "Phường Hàm Rồng", "Ham Rong Ward"),
        (COAST, "district", "Thành phố Sầm Sơn", "Sam Son City"),
        (f"{COAST}.14830", "commune", "Phường Trung Sơn", "Trung Son Ward"),
    )
]
# login: (name, roles, area)
CAST: dict[str, tuple[str, list[str], str]] = {
    "son": ("Lê Văn Sơn", ["supervisor"], PROVINCE),
    "thao": ("Phạm Thị Thảo", ["tracer"], CITY),
    "tuan": ("Đỗ Anh Tuấn", ["tracer"], COAST),
    "dung": ("BS. Hoàng Dung", ["doctor"], PROVINCE),
    "mai": ("BS. Nguyễn Mai", ["doctor"], CITY),
    "hanh": ("Vũ Mỹ Hạnh", ["administrator"], ""),
}


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who was called, and what came of it."""

    name: str
    phone: str
    area: str
    person: UUID
    target: UUID
    call: UUID
    record: UUID
    reference: str
    appointment: UUID
    queue: UUID
    message: UUID
    case: UUID  # whom they met
    contact: UUID  # of that case
    test: UUID  # a sample of theirs, in the laboratory
    venue: UUID  # where they were
    visit: UUID
    merge: UUID  # of an entry that an earlier list brought
    list: UUID  # that a health station sent, with them in it
    answer: UUID  # in their own voice, that they have a fever


@dataclass(frozen=True, slots=True)
class Province:
    users: dict[str, UUID]
    campaign: UUID  # of the whole province, with people of both districts
    city_campaign: UUID
    practitioner: UUID  # Dung, of the whole province
    city_practitioner: UUID  # Mai
    an: Resident  # lives in the city
    binh: Resident  # lives at the coast
    recording: UUID  # of the words `RECORDED`
    team: UUID  # of the city


def token_of(login: str) -> str:
    return f"session of {login}"


def settle(database: Database) -> Province:
    """Fill an empty database."""
    with database.unit() as uow:
        uow.session.add_all(Area(**area) for area in AREAS)
        uow.session.flush()
        users = {login: _user(uow, login, *who) for login, who in CAST.items()}
        uow.session.add(ScriptRevision(revision="r", script="contact-interview", source="{}", created_at=uow.now()))
        doctor, city_doctor = (
            Practitioner(
                id=new_id(), name=CAST[login][0], user_id=users[login], languages=["vi"], zone="Asia/Ho_Chi_Minh",
                area=CAST[login][2], active=True,
            )
            for login in ("dung", "mai")
        )  # fmt: skip
        uow.session.add_all([doctor, city_doctor])
        campaign = settle_campaign(uow, "Ổ dịch chợ Vườn Hoa", PROVINCE)
        city_campaign = settle_campaign(uow, "Riêng thành phố", CITY)
        uow.session.flush()
        an = settle_resident(uow, "Nguyễn Văn An", "+84912345678", f"{CITY}.14755", campaign, doctor.id, 9)
        binh = settle_resident(uow, "Trần Thị Bình", "+84987654321", f"{COAST}.14830", campaign, doctor.id, 10)
        recording = publish(uow, Take(RECORDED, TONE), voice="Chị Hoa", login="hanh")
        team = make_team(uow, "Đội Thành phố", CITY).id
        return Province(users, campaign, city_campaign, doctor.id, city_doctor.id, an, binh, recording, team)


def _user(uow: UnitOfWork, login: str, name: str, roles: list[str], area: str) -> UUID:
    user = User(
        id=new_id(),
        login=login,
        name=name,
        password_hash="not a hash: these users come with a session",
        must_change_password=False,
        roles=roles,
        area=area,
        language="en",
        created_at=uow.now(),
    )
    uow.session.add(user)
    uow.session.flush()
    hashed = hashlib.sha256(token_of(login).encode()).hexdigest()
    uow.session.add(LoginSession(token_hash=hashed, user_id=user.id, created_at=uow.now(), seen_at=uow.now()))
    return user.id


def settle_campaign(uow: UnitOfWork, name: str, area: str) -> UUID:
    """A campaign that began half an hour ago."""
    campaign = Campaign(
        id=new_id(),
        name=name,
        script="contact-interview",
        carrier="twilio",
        state="running",
        zone="Asia/Ho_Chi_Minh",
        window_from=time(8),
        window_until=time(20),
        weekdays=[0, 1, 2, 3, 4, 5, 6],
        cap=10,
        pace=1.0,
        retries={"busy": [120, 900]},
        area=area,
        created_at=uow.now(),
        started_at=uow.now() - timedelta(minutes=30),
    )
    uow.session.add(campaign)
    return campaign.id


def settle_resident(
    uow: UnitOfWork, name: str, phone: str, area: str, campaign: UUID, doctor: UUID, hour: int
) -> Resident:
    """Somebody of the campaign who was called, has a record, an appointment with the doctor, and waits."""
    now = uow.now()
    person, target, call, record, appointment, queue, case, contact, test = (new_id() for _ in range(9))
    reference = f"HX{record.int % 1000000:06d}"
    uow.session.add(
        Person(id=person, name=name, birth_year=1985, phone=phone, language="vi", area=area, created_at=now)
    )
    uow.session.flush()
    uow.session.add_all(
        [
            Case(
                id=case, disease="covid-19", number=f"BN{case.int % 1000000:06d}", by_rule="confirmed", area=area,
                reported_at=now,
            ),
            Contact(
                id=contact, person_id=person, disease="covid-19", case_id=case, area=area, source="list",
                reported_at=now,
            ),
            Exposure(
                contact_id=contact, kind="person", day=now.date(), place="chợ Vườn Hoa", source="list", created_at=now
            ),
            LabTest(
                id=test, person_id=person, contact_id=contact, disease="covid-19", kind="pcr", sampled_on=now.date(),
                created_at=now,
            ),
            Target(
                id=target, campaign_id=campaign, person_id=person, phone=phone, language="vi", context={}, area=area,
                state="done", disposition="completed", attempts=2, outcomes={"busy": 1, "completed": 1}, next_at=now,
                done_at=now - timedelta(minutes=10),
            ),
            Call(
                id=call, direction="outbound", carrier="twilio", remote_number=phone, state="completed",
                script="contact-interview", revision="r", language="vi", context={}, script_state={},
                end_reason="completed", person_id=person, campaign_id=campaign, target_id=target, area=area,
                answered_by="human", created_at=now - timedelta(minutes=12),
                answered_at=now - timedelta(minutes=12), ended_at=now - timedelta(minutes=10),
            ),
        ]
    )  # fmt: skip
    uow.session.flush()
    converse(uow, call)
    uow.session.add(
        Record(
            id=record, form="contact_interview", reference=reference, person_id=person, call_id=call, state="complete",
            language="vi", risk="high", flagged=True, area=area, created_at=now, completed_at=now,
        )
    )  # fmt: skip
    uow.session.flush()
    said: dict[str, UUID] = {"fever": new_id(), "cough": new_id()}
    for place, (field, value, source, heard, confidence) in enumerate(
        [("fever", True, "speech", "có", 0.87), ("cough", False, "keys", "2", None)]
    ):
        uow.session.add(
            RecordAnswer(
                id=said[field], record_id=record, field=field, value=value, source=source, heard=heard,
                confidence=confidence, confirmed=source == "speech", call_id=call, turn=place + 1, step=field, at=now,
            )
        )  # fmt: skip
    starts = now.replace(hour=hour, minute=0)
    uow.session.add_all(
        [
            Appointment(
                id=appointment, practitioner_id=doctor, during=Range(starts, starts + timedelta(minutes=15)),
                state="booked", person_id=person, call_id=call, language="vi", area=area, created_at=now,
                reference=reference,
            ),
            QueueEntry(
                id=queue, person_id=person, call_id=call, urgency=0, reason=f"khó thở ({name})", language="vi",
                area=area, created_at=now,
            ),
        ]
    )  # fmt: skip
    venue, visit, earlier, merge = (new_id() for _ in range(4))
    uow.session.add(
        Person(id=earlier, name=name, phone=f"{phone[:-4]}00{hour:02d}", area=area, merged_into=person, created_at=now)
    )
    uow.session.flush()
    uow.session.add(
        PersonMerge(
            id=merge, kept_id=person, merged_id=earlier, why=["same_name"], moved={"steps": [], "known": []},
            by=new_id(), at=now,
        )
    )  # fmt: skip
    uow.session.add(Venue(id=venue, name=f"Quán của {name}", kind="market", area=area, created_at=now))
    uow.session.flush()
    until = now - timedelta(hours=3)
    uow.session.add(
        VenueVisit(
            id=visit, venue_id=venue, person_id=person, arrived_at=until - timedelta(hours=1), left_at=until,
            source="person", created_at=now,
        )
    )  # fmt: skip
    keep_answer(uow, call_id=call, turn=1, ulaw=codec.pcm_to_ulaw(TONE) + bytes([hour]), days=30)
    message = UUID(keep(uow, call_id=call, turn=3, ulaw=codec.pcm_to_ulaw(TONE) + hour * codec.ULAW_SILENCE))
    content = f"Họ tên,SĐT,Năm sinh,Ghi chú\n{name},{phone},1985,\nAi Đó,12345,,\n".encode()
    sent = begin(uow, NewList(content, f"tram {name}.csv", "covid-19", area, new_id(), for_campaign=True))
    check(uow, sent, "Asia/Ho_Chi_Minh")
    return Resident(
        name,
        phone,
        area,
        person,
        target,
        call,
        record,
        reference,
        appointment,
        queue,
        message,
        case,
        contact,
        test,
        venue,
        visit,
        merge,
        sent.id,
        said["fever"],
    )


def converse(uow: UnitOfWork, call: UUID) -> None:
    """A short conversation: a voice answer that is read back, silence, a key, good-bye."""
    at = uow.now().isoformat()
    heard = SpeechHeard(at, (Hypothesis("có", 0.87), Hypothesis("không", 0.1)), "read_back")
    turns: list[tuple[Any, list[Any], dict[str, Answer]]] = [
        (CallStarted(at, "human"), [_say("Anh chị có bị sốt không?"), Listen(None, None)], {}),
        (heard, [_say("Anh chị nói có, đúng không?"), Listen(None, None)], {}),
        (NothingHeard(at), [_say("Dạ, tôi chưa nghe thấy gì."), Listen(None, None)], {}),
        (
            KeysPressed(at, "1"),
            [_say("Cảm ơn anh chị."), HangUp("completed")],
            {"fever": Answer(True, "speech", "có", 0.87, True, "fever", 3, at)},
        ),
    ]
    seq = itertools.count()
    for turn, (event, actions, saved) in enumerate(turns):
        lines: list[tuple[str, Any]] = [("event", event_to_json(event))]
        lines.append(("actions", {"actions": [action_to_json(action) for action in actions]}))
        if saved:
            lines.append(("saved", {name: answer_to_json(answer) for name, answer in saved.items()}))
        for kind, data in lines:
            uow.session.add(CallEvent(call_id=call, seq=next(seq), turn=turn, at=uow.now(), kind=kind, data=data))


def _say(text: str) -> Play:
    return Play(Prompt("vi", (Segment(text),)))
