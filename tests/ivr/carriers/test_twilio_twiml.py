"""Actions become TwiML that Twilio understands; the simulated network reads it, and refuses what it does not know."""

from __future__ import annotations

from uuid import UUID

import pytest

from flows.engine.actions import Action, Bridge, Grammar, HangUp, Keys, Listen, Play, Prompt, Record, Segment
from flows.engine.events import DialEnded, Event, KeysPressed, NothingHeard, PromptPlayed, VoiceMessage
from ivr.carriers.twilio_fields import BadRequest
from ivr.carriers.twilio_webhooks.parse import event_of
from ivr.carriers.twilio_webhooks.render import TwiML
from ivr.simulator.twiml import Verb, parse
from tests.ivr.world import AT

CALL = UUID(int=7)
TURN = f"https://h.vn/twilio/turn/{CALL}/3?wait="


def play(name: str, barge_in: bool = True) -> Play:
    return Play(Prompt("vi", (Segment(name), Segment("!"))), barge_in)


def render(*actions: Action) -> tuple[Verb, ...]:
    twiml = TwiML(
        "https://h.vn",
        "wss://m.h.vn",
        "+842373850115",
        lambda prompt: [f"https://h.vn/prompts/{s.text}.wav" for s in prompt.segments],
    )
    return parse(twiml.turn(CALL, actions, 3))


def sounds(verbs: tuple[Verb, ...]) -> list[str]:
    return [
        verb.text.removeprefix("https://h.vn/prompts/").removesuffix(".wav") for verb in verbs if verb.name == "Play"
    ]


def test_a_prompt_is_played_piece_by_piece_and_then_the_line_is_closed() -> None:
    verbs = render(play("goodbye"), HangUp())
    assert [verb.name for verb in verbs] == ["Play", "Play", "Hangup"]
    assert sounds(verbs) == ["goodbye", "!"]


@pytest.mark.capability("F7")
def test_only_what_may_be_cut_short_stands_inside_the_gather() -> None:
    verbs = render(play("a"), play("b", barge_in=False), play("c"), play("d"), Listen(Keys(), None))
    assert sounds(verbs) == ["a", "!", "b", "!"]
    assert verbs[-1].name == "Gather"
    assert sounds(verbs[-1].children) == ["c", "!", "d", "!"]


@pytest.mark.capability("F7")
def test_a_question_without_barge_in_is_heard_to_the_end() -> None:
    verbs = render(play("a"), Listen(Keys(), None, barge_in=False))
    assert sounds(verbs) == ["a", "!"]
    assert verbs[-1].children == ()


@pytest.mark.capability("F5")
@pytest.mark.parametrize(
    ("keys", "digits", "finish", "timeout"),
    [
        (Keys(choices=("1", "2", "*")), "1", "", "6"),
        (Keys(min_digits=4, max_digits=4), "4", "", "6"),
        (Keys(min_digits=1, max_digits=2), "2", "#", "6"),
        (Keys(min_digits=1, max_digits=9, finish="*", gap_seconds=8), "9", "*", "8"),
        (Keys(choices=("1", "10")), "2", "#", "6"),
    ],
)
def test_a_gather_takes_as_many_keys_as_the_question_has(keys: Keys, digits: str, finish: str, timeout: str) -> None:
    (gather,) = render(Listen(keys, Grammar("vi", ("có",)), wait_seconds=5.2))
    assert gather.attributes == {
        "input": "dtmf",
        "action": TURN + "keys",
        "method": "POST",
        "timeout": timeout,
        "numDigits": digits,
        "finishOnKey": finish,
        "actionOnEmptyResult": "true",
    }


def test_a_prompt_alone_asks_for_the_next_turn_when_it_has_been_played() -> None:
    verbs = render(play("wait"))
    assert (verbs[-1].name, verbs[-1].text) == ("Redirect", TURN + "prompt")


@pytest.mark.capability("F8")
def test_a_voice_message_is_recorded_and_a_silent_one_is_told_too() -> None:
    _, _, record, redirect = render(play("beep"), Record(max_seconds=20, finish="#"))
    assert (record.name, record.get("maxLength"), record.get("finishOnKey")) == ("Record", "20", "#")
    assert (record.get("action"), redirect.text) == (TURN + "message", TURN + "message")


@pytest.mark.capability("I14")
def test_a_transfer_dials_the_number_and_comes_back_with_its_result() -> None:
    (dial,) = render(Bridge("phone:+84912345678", 20))
    assert (dial.name, dial.get("action"), dial.get("timeout")) == ("Dial", TURN + "dial", "20")
    assert dial.get("callerId") == "+842373850115"
    assert [(child.name, child.text) for child in dial.children] == [("Number", "+84912345678")]


@pytest.mark.capability("I14")
@pytest.mark.capability("H8")
def test_who_waits_for_a_doctor_is_taken_into_the_room_by_the_media_process() -> None:
    *said, connect, redirect = render(play("wait"), Bridge("queue:7", 20))
    assert len(said) == 2
    (stream,) = connect.children
    assert (connect.name, stream.get("url")) == ("Connect", "wss://m.h.vn/twilio/stream")
    assert [(child.get("name"), child.get("value")) for child in stream.children] == [("call", str(CALL))]
    assert (redirect.name, redirect.text) == ("Redirect", TURN + "dial")


def test_a_room_that_cannot_be_reached_and_nobody_at_all_count_as_failed() -> None:
    (redirect,) = render(Bridge("nobody", 20))
    assert (redirect.name, redirect.text) == ("Redirect", TURN + "dial")
    assert event_of("dial", {}, AT) == DialEnded(AT, "failed")


def test_nothing_to_do_is_hanging_up() -> None:
    assert [verb.name for verb in render()] == ["Hangup"]


@pytest.mark.capability("I14")
@pytest.mark.parametrize(
    ("wait", "fields", "event"),
    [
        ("keys", {"Digits": "12", "FinishedOnKey": "#"}, KeysPressed(AT, "12", finished=True)),
        ("keys", {"Digits": "*"}, KeysPressed(AT, "*")),
        ("keys", {"Digits": ""}, NothingHeard(AT)),
        ("keys", {}, NothingHeard(AT)),
        ("prompt", {"Digits": "1"}, PromptPlayed(AT)),
        (
            "message",
            {"RecordingSid": "RE" + "a" * 32, "RecordingDuration": "7"},
            VoiceMessage(AT, "RE" + "a" * 32, 7.0),
        ),
        ("message", {}, NothingHeard(AT)),
        ("dial", {"DialCallStatus": "completed", "DialCallDuration": "31"}, DialEnded(AT, "answered", 31.0)),
        ("dial", {"DialCallStatus": "answered"}, DialEnded(AT, "answered")),
        ("dial", {"DialCallStatus": "busy"}, DialEnded(AT, "busy")),
        ("dial", {"DialCallStatus": "no-answer"}, DialEnded(AT, "no_answer")),
        ("dial", {"DialCallStatus": "failed", "DialCallDuration": "x"}, DialEnded(AT, "failed")),
    ],
)
def test_what_twilio_posts_is_the_event_it_means(wait: str, fields: dict[str, str], event: Event) -> None:
    assert event_of(wait, fields, AT) == event


@pytest.mark.parametrize("wait", ["", "Keys", "anything"])
def test_an_address_that_we_did_not_give_is_refused(wait: str) -> None:
    with pytest.raises(BadRequest):
        event_of(wait, {"Digits": "1"}, AT)
