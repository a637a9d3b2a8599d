"""Calls by keys over Twilio's webhooks: repeated, concurrent, reordered and forged requests are harmless."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, url_for
from lxml import etree
from sqlalchemy import func, select

from core.database import Database
from core.ids import new_id
from flows.engine.advance import SILENT_ON_MACHINE
from flows.engine.events import CallStarted
from ivr.calls.log import read_log
from ivr.calls.model import Call, CallEvent
from ivr.calls.service import Calls
from ivr.calls.transcript import as_text, transcript
from ivr.media.turns import render as render_live
from tests.ivr.calls.test_turn import snapshot
from tests.ivr.carriers.conftest import CALL_SID, PUBLIC, Hotline, Post, sign, stored
from tests.ivr.world import AT, NUMBER, World, open_call


def verbs(body: bytes) -> list[str]:
    return [element.tag for element in etree.fromstring(body).iter() if element.tag != "Response"]


def action(body: bytes) -> str:
    """Where the TwiML posts next, as a path."""
    found = etree.fromstring(body).xpath("//Gather/@action | //Redirect/text()")
    return str(found[0]).removeprefix(PUBLIC)


def said(database: Database, call_id: UUID) -> str:
    with database.unit() as uow:
        return as_text(transcript(read_log(uow, call_id)))


def test_an_outbound_call_is_answered_and_goes_to_its_end_by_keys(
    database: Database, calls: Calls, world: World, post: Post
) -> None:
    call_id = open_call(database, calls)
    first = post(f"/twilio/voice/{call_id}", AnsweredBy="human", CallStatus="in-progress")
    assert (first.status_code, first.mimetype) == (200, "text/xml")
    # The opening must be heard to the end; the question may be cut short by a key.
    assert verbs(first.data)[0] == "Play"
    assert verbs(first.data)[verbs(first.data).index("Gather") + 1] == "Play"
    assert action(first.data) == f"/twilio/turn/{call_id}/1?wait=keys"
    second = post(action(first.data), Digits="1")
    last = post(action(second.data), Digits="4", FinishedOnKey="#")
    assert verbs(last.data)[-1] == "Hangup"
    assert world.answers == [(call_id, {"fever": True}), (call_id, {"household": 4})]
    call = stored(database, call_id)
    assert (call.provider_ref, call.answered_by, call.end_reason) == (CALL_SID, "human", "completed")


def test_every_address_in_the_reply_can_be_fetched(database: Database, calls: Calls, app: Flask, post: Post) -> None:
    reply = post(f"/twilio/voice/{open_call(database, calls)}")
    addresses = etree.fromstring(reply.data).xpath("//Play/text()")
    assert len(addresses) >= 3
    for address in addresses:
        sound = app.test_client().get(address.removeprefix(PUBLIC))
        assert (sound.status_code, sound.data[:4]) == (200, b"RIFF")
        assert sound.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_sound_that_nobody_made_is_not_there(app: Flask) -> None:
    for digest in ("0" * 64, "..%2f..%2fetc%2fpasswd", "x"):
        assert app.test_client().get(f"/prompts/{digest}.wav").status_code == 404


@pytest.mark.capability("I9")
def test_a_repeated_webhook_gets_the_same_bytes(database: Database, calls: Calls, world: World, post: Post) -> None:
    call_id = open_call(database, calls)
    first = post(f"/twilio/voice/{call_id}")
    assert post(f"/twilio/voice/{call_id}").data == first.data
    second = post(action(first.data), Digits="1")
    before = snapshot(database)
    assert post(action(first.data), Digits="1").data == second.data
    assert post(f"/twilio/voice/{call_id}").data == first.data
    assert snapshot(database) == before
    assert world.notes == [True]


@pytest.mark.capability("I9")
def test_five_identical_webhooks_at_once_have_one_effect(
    database: Database, calls: Calls, world: World, post: Post
) -> None:
    call_id = open_call(database, calls)
    path = action(post(f"/twilio/voice/{call_id}").data)
    barrier = threading.Barrier(5)

    def request(_: int) -> bytes:
        barrier.wait()
        return post(path, Digits="1").data

    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(request, range(5)))
    assert len(set(replies)) == 1
    assert verbs(replies[0])[-1] != "Hangup"
    assert world.notes == [True]


@pytest.mark.capability("I9")
def test_a_turn_from_the_future_hears_the_question_we_wait_for(
    database: Database, calls: Calls, world: World, post: Post
) -> None:
    call_id = open_call(database, calls)
    post(f"/twilio/voice/{call_id}")
    before = snapshot(database)
    reply = post(f"/twilio/turn/{call_id}/5?wait=keys", Digits="1")
    assert action(reply.data) == f"/twilio/turn/{call_id}/1?wait=keys"
    assert snapshot(database) == before
    assert world.notes == []


@pytest.mark.capability("I9")
@pytest.mark.parametrize("how", ["unsigned", "other token", "other address", "other fields"])
def test_a_forged_webhook_is_refused_logged_and_changes_nothing(
    database: Database, calls: Calls, app: Flask, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    call_id = open_call(database, calls)
    before = snapshot(database)
    form = {"CallSid": CALL_SID, "Digits": "1", "From": NUMBER, "CallStatus": "completed"}
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert len(rules) == 8
    for rule in rules:
        with app.test_request_context():
            path = url_for(rule.endpoint, **{name: {"turn": 1}.get(name, call_id) for name in rule.arguments})
        headers = {
            "unsigned": {},
            "other token": {"X-Twilio-Signature": sign(path, form, "guessed")},
            "other address": {"X-Twilio-Signature": sign("/twilio/elsewhere", form)},
            "other fields": {"X-Twilio-Signature": sign(path, {**form, "Digits": "2"})},
        }[how]
        caplog.clear()
        with caplog.at_level(logging.INFO):
            assert app.test_client().post(path, data=form, headers=headers).status_code == 403, path
        assert "event=webhook_forged" in caplog.text
        assert NUMBER not in caplog.text
    assert snapshot(database) == before


def test_a_webhook_of_an_unknown_call_is_answered_with_404(database: Database, post: Post) -> None:
    unknown = new_id()
    for path in (f"/twilio/voice/{unknown}", f"/twilio/turn/{unknown}/1?wait=keys", f"/twilio/resume/{unknown}"):
        assert post(path).status_code == 404
    assert post(f"/twilio/status/{unknown}", CallStatus="completed").status_code == 204


SENSELESS: list[tuple[str, dict[str, str]]] = [
    ("/twilio/turn/{call}/1?wait=keys", {"Digits": "1; DROP"}),
    ("/twilio/turn/{call}/1?wait=keys", {"Digits": "1" * 201}),
    ("/twilio/turn/{call}/1?wait=doctor", {}),
    ("/twilio/turn/{call}/1", {"Digits": "1"}),
    ("/twilio/turn/{call}/1?wait=message", {"RecordingSid": "../RE"}),
    ("/twilio/status/{call}", {"CallStatus": "ringing", "CallSid": "CA1"}),
    ("/twilio/status/{call}", {"CallStatus": "exploded"}),
    ("/twilio/inbound", {"CallSid": "nonsense"}),
    ("/twilio/inbound/stream", {"CallSid": ""}),
]


def test_a_signed_request_that_makes_no_sense_is_refused_and_changes_nothing(
    database: Database, calls: Calls, post: Post
) -> None:
    call_id = open_call(database, calls)
    post(f"/twilio/voice/{call_id}")
    before = snapshot(database)
    for path, fields in SENSELESS:
        assert post(path.format(call=call_id), **fields).status_code == 400, (path, fields)
    assert snapshot(database) == before


def test_a_turn_that_fails_is_answered_afresh_when_twilio_repeats_it(
    database: Database, calls: Calls, world: World, post: Post
) -> None:
    call_id = open_call(database, calls)
    path = action(post(f"/twilio/voice/{call_id}").data)
    world.failure = RuntimeError("the database went away")
    assert post(path, Digits="1").status_code == 500
    world.failure = None
    assert verbs(post(path, Digits="1").data)[-1] == "Play"
    assert world.notes == [True]


def test_an_inbound_call_is_opened_once_and_answered_in_the_policys_language(
    database: Database, post: Post, hotline: Hotline
) -> None:
    barrier = threading.Barrier(5)

    def request(_: int) -> bytes:
        barrier.wait()
        return post("/twilio/inbound", From="0912 345 678", CallStatus="ringing").data

    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(request, range(5)))
    assert len(set(replies)) == 1
    assert hotline.asked == [(NUMBER, "twilio")]
    with database.unit() as uow:
        call = uow.session.scalars(select(Call)).one()
        assert (call.provider_ref, call.remote_number, call.area) == (CALL_SID, NUMBER, "38.380")
    assert "Do you have a fever?" in said(database, call.id)
    assert verbs(post(action(replies[0]), Digits="2").data)[-1] == "Play"


def test_a_withheld_number_is_no_number(database: Database, post: Post, hotline: Hotline) -> None:
    for count, number in enumerate(("anonymous", "", "+266696687", "Restricted"), start=1):
        assert post("/twilio/inbound", From=number, CallSid=f"CA{count:032}").status_code == 200
        assert hotline.asked == [("", "twilio")] * count


@pytest.mark.capability("I9")
def test_statuses_come_by_our_id_or_by_twilios(database: Database, calls: Calls, world: World, post: Post) -> None:
    call_id = open_call(database, calls)
    for status in ("initiated", "ringing", "ringing", "initiated"):
        assert post(f"/twilio/status/{call_id}", CallStatus=status).status_code == 204
    assert stored(database, call_id).state == "ringing"
    assert post("/twilio/status", CallStatus="busy", SipResponseCode="486").status_code == 204
    call = stored(database, call_id)
    assert (call.state, call.failure_reason, call.raw_code) == ("failed", "busy", "busy 486")
    assert len(world.ended) == 1
    assert post("/twilio/status", CallStatus="completed", CallSid="CA" + "9" * 32).status_code == 204


@pytest.mark.capability("I8")
def test_a_machine_hears_the_short_message_and_nothing_about_health(
    database: Database, calls: Calls, world: World, post: Post
) -> None:
    call_id = open_call(database, calls)
    reply = post(f"/twilio/voice/{call_id}", AnsweredBy="machine_end_beep")
    assert verbs(reply.data)[-1] == "Hangup"
    assert "sốt" not in said(database, call_id)
    assert "Chúng tôi sẽ gọi lại." in said(database, call_id)
    assert world.ended == [(call_id, "machine", "completed")]


@pytest.mark.capability("I8")
def test_a_machine_hears_nothing_when_the_campaign_says_hang_up(
    database: Database, calls: Calls, world: World, post: Post
) -> None:
    call_id = open_call(database, calls, context={"department": "CDC", "speech": [], SILENT_ON_MACHINE: True})
    assert verbs(post(f"/twilio/voice/{call_id}", AnsweredBy="machine_start").data) == ["Hangup"]
    assert world.ended == [(call_id, "machine", "completed")]


def test_an_answered_call_with_live_audio_is_connected_to_the_media_process(
    database: Database, calls: Calls, post: Post
) -> None:
    call_id = open_call(database, calls, carrier="twilio-stream")
    reply = post(f"/twilio/voice/{call_id}/stream", AnsweredBy="machine_start")
    twiml = etree.fromstring(reply.data)
    assert twiml.xpath("/Response/Connect/Stream/@url") == ["wss://media.example.vn/twilio/stream"]
    assert twiml.xpath("//Stream/Parameter[@name='call']/@value") == [str(call_id)]
    assert twiml.xpath("/Response/*[2][self::Redirect]/text()") == [f"{PUBLIC}/twilio/resume/{call_id}"]
    assert post(f"/twilio/voice/{call_id}/stream", AnsweredBy="machine_start").data == reply.data
    call = stored(database, call_id)
    # The media process asks for exactly this before it takes the stream.
    assert (call.provider_ref, call.answered_by, call.state) == (CALL_SID, "machine", "in_progress")


def test_a_citizen_who_dials_the_hotline_with_live_audio_gets_one_call(
    database: Database, post: Post, hotline: Hotline
) -> None:
    replies = {post("/twilio/inbound/stream", From=NUMBER).data for _ in range(3)}
    assert len(replies) == 1
    with database.unit() as uow:
        call = uow.session.scalars(select(Call)).one()
    assert etree.fromstring(replies.pop()).xpath("//Parameter/@value") == [str(call.id)]
    assert (call.carrier, call.next_turn, hotline.asked) == ("twilio-stream", 0, [(NUMBER, "twilio-stream")])


@pytest.mark.capability("A3")
def test_a_call_whose_stream_broke_goes_on_by_keys_with_the_question_it_waits_for(
    database: Database, calls: Calls, world: World, post: Post
) -> None:
    call_id = open_call(database, calls, carrier="twilio-stream")
    with database.unit() as uow:  # the conductor's turn, before its process is killed
        calls.take_turn(uow, call_id, 0, CallStarted(AT), render_live)
    before = snapshot(database)
    reply = post(f"/twilio/resume/{call_id}")
    assert post(f"/twilio/resume/{call_id}").data == reply.data
    assert snapshot(database) == before
    assert action(reply.data) == f"/twilio/turn/{call_id}/1?wait=keys"
    # The opening is not said twice.
    opening = etree.fromstring(post(f"/twilio/voice/{open_call(database, calls)}").data).xpath("//Play/text()")[0]
    assert opening not in etree.fromstring(reply.data).xpath("//Play/text()")
    post(action(reply.data), Digits="1")
    assert world.notes == [True]


@pytest.mark.capability("A3")
def test_a_call_whose_stream_never_came_begins_by_keys(database: Database, calls: Calls, post: Post) -> None:
    call_id = open_call(database, calls, carrier="twilio-stream")
    post(f"/twilio/voice/{call_id}/stream", AnsweredBy="human")
    reply = post(f"/twilio/resume/{call_id}")
    assert action(reply.data) == f"/twilio/turn/{call_id}/1?wait=keys"
    assert post(f"/twilio/resume/{call_id}").status_code == 200
    assert "system answered: human" in said(database, call_id)


def test_a_stream_that_ended_its_call_leads_to_hanging_up(database: Database, calls: Calls, post: Post) -> None:
    call_id = open_call(database, calls, carrier="twilio-stream")
    with database.unit() as uow:
        calls.end(uow, call_id, "hangup")
    assert verbs(post(f"/twilio/resume/{call_id}").data) == ["Hangup"]


def test_a_turn_that_live_audio_took_is_not_answered_with_its_reply(
    database: Database, calls: Calls, post: Post
) -> None:
    call_id = open_call(database, calls, carrier="twilio-stream")
    with database.unit() as uow:
        calls.take_turn(uow, call_id, 0, CallStarted(AT), render_live)
    reply = post(f"/twilio/turn/{call_id}/0?wait=keys", Digits="1")
    assert action(reply.data) == f"/twilio/turn/{call_id}/1?wait=keys"


def test_nothing_a_webhook_logs_names_the_person(
    database: Database, calls: Calls, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        path = action(post("/twilio/inbound", From=NUMBER, Caller=NUMBER).data)
        post(path, Digits="1")
        post("/twilio/resume/" + path.split("/")[3], From=NUMBER)
    assert "asked_again" in caplog.text
    assert NUMBER not in caplog.text


def test_the_log_of_a_call_counts_one_event_per_turn(database: Database, calls: Calls, post: Post) -> None:
    call_id = open_call(database, calls)
    path = action(post(f"/twilio/voice/{call_id}").data)
    for _ in range(3):
        post(path, Digits="1")
    with database.unit() as uow:
        query: Any = select(func.count()).select_from(CallEvent).where(CallEvent.kind == "event")
        assert uow.session.scalar(query) == 2
