"""sipp rings the hotline and is rung by it: keys, sound, hold, refusals, strangers, fifty at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from audio.codec import RATE, pcm_to_ulaw
from audio.speech import speak as spoken
from audio.speech import voice_of
from flows.catalogue import load_library
from ivr.calls.log import read_log
from ivr.calls.model import Call, CallState, FailureReason
from ivr.calls.transcript import transcript
from ivr.campaigns.model import Target
from ivr.carriers.sip.model import LegState
from ivr.carriers.sip.orders import order_leg
from tests.ivr.carriers.tones import tones
from tests.peers.conftest import FOR_MISSED_CALLS
from tests.peers.office import NUMBER, Office, port_of, until
from tests.peers.sipp import (
    SIPP,
    answers,
    declines,
    early_media_then,
    finish,
    hang_up,
    hangs_up,
    hung_up,
    invite,
    never_answers,
    notified,
    pause,
    press,
    refer,
    refused,
    sipp,
    speak,
)
from tests.ports import free_port
from tracing.records.model import Record, RecordAnswer

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(SIPP is None, reason="sipp is not installed (apt install sip-tester)"),
]

# The saved call by keys that ends in English without any sign of illness.
HEALTHY = next(call.document.data for call in load_library().calls("symptom-report") if call.name == "well-english")
EXPECTED = {name: str(value) for name, value in HEALTHY["expect"]["answers"].items()}
THINKS = 3.5
"""Seconds after which a person presses: longer than we need to begin the question."""


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody talks in the background."""
    sound = tmp_path_factory.mktemp("voice") / "talk.ulaw"
    sound.write_bytes(pcm_to_ulaw(spoken("I am calling about my health.", voice_of("en"))))
    return sound


def pause_of(seconds: float) -> bytes:
    return bytes(2 * round(RATE * seconds))


def interview(keys: Sequence[str]) -> str:
    return "".join(pause(THINKS) + press(key) for key in keys)


def record_of(office: Office, call: Call) -> tuple[str, dict[str, str]]:
    """The state of the record, and its answers as text: a year is a number there."""
    with office.app.database.unit() as uow:
        record = uow.session.scalars(select(Record).where(Record.call_id == call.id)).one()
        kept = uow.session.scalars(select(RecordAnswer).where(RecordAnswer.record_id == record.id))
        return record.state, {answer.field: str(answer.value) for answer in kept}


@pytest.mark.capability("N15", "I13")
def test_fifty_people_who_ring_at_once_hold_interviews_by_keys_to_their_records(
    our_office: Office, tmp_path: Path, port: int, media_port: int, voice: Path
) -> None:
    before = len(our_office.calls())
    people = [f"+849123456{number:02}" for number in range(50)]
    steps = (invite(), speak(voice), interview(HEALTHY["answers"]), hung_up(90))
    with sipp(
        tmp_path, *steps, port=port, remote=our_office.address, calls=50, numbers=people, media_port=media_port
    ) as telephones:
        finish(telephones, tmp_path, port, 180)
    calls = [our_office.ended(call.id) for call in our_office.calls()[before:]]
    assert sorted(call.remote_number for call in calls) == people
    assert {(call.carrier, call.direction) for call in calls} == {("sip", "inbound")}
    assert {(call.state, call.end_reason) for call in calls} == {(CallState.COMPLETED, "completed")}
    for call in calls:
        state, kept = record_of(our_office, call)
        assert state == "complete"
        assert {name: kept[name] for name in EXPECTED} == EXPECTED


def test_a_person_who_hangs_up_has_hung_up(our_office: Office, tmp_path: Path, port: int, media_port: int) -> None:
    before = len(our_office.calls())
    steps = (invite(), pause(2), press("2"), pause(1), hang_up(2))
    with sipp(tmp_path, *steps, port=port, remote=our_office.address, media_port=media_port) as telephone:
        call = our_office.next_call(before)
        finish(telephone, tmp_path, port)
    call = our_office.ended(call.id)
    assert (call.state, call.end_reason, call.language) == (CallState.COMPLETED, "hangup", "en")


def test_a_call_on_hold_is_kept_and_goes_on(our_office: Office, tmp_path: Path, port: int, media_port: int) -> None:
    before = len(our_office.calls())
    held = (invite(2, "sendonly"), pause(3), invite(3, "sendrecv"), pause(2))
    steps = (invite(), pause(2), press("2"), *held, press("1"), pause(2), hang_up(4))
    with sipp(tmp_path, *steps, port=port, remote=our_office.address, media_port=media_port) as telephone:
        call = our_office.next_call(before)
        finish(telephone, tmp_path, port)
    assert record_of(our_office, our_office.ended(call.id))[1]["consent"] == "True"


def test_a_telephone_without_a_valid_number_withholds_it(
    our_office: Office, tmp_path: Path, port: int, media_port: int
) -> None:
    before = len(our_office.calls())
    steps = (invite(), pause(1), hang_up(2))
    with sipp(
        tmp_path, *steps, port=port, remote=our_office.address, numbers=["lan"], media_port=media_port
    ) as telephone:
        call = our_office.next_call(before)
        finish(telephone, tmp_path, port)
    assert call.remote_number == ""


@pytest.mark.capability("I13")
def test_who_rings_the_number_for_missed_calls_is_refused_and_called_back(
    our_office: Office, tmp_path: Path, port: int, media_port: int
) -> None:
    before = len(our_office.calls())
    ring = refused(486).replace("hotline@", f"{FOR_MISSED_CALLS}@")
    with sipp(tmp_path, ring, port=port, remote=our_office.address, media_port=media_port) as telephone:
        finish(telephone, tmp_path, port, 30)

    def owed() -> list[Target]:
        with our_office.app.database.unit() as uow:
            return list(uow.session.scalars(select(Target)))

    (target,) = until(owed, what="the call back")
    assert (target.phone, target.script, target.state) == (NUMBER, "missed-call", "waiting")
    assert len(our_office.calls()) == before


# --- strangers


@pytest.mark.capability("N15")
def test_whoever_is_not_on_the_list_reaches_nothing_and_the_log_says_so(
    our_office: Office, tmp_path: Path, port: int, media_port: int
) -> None:
    before = len(our_office.calls())
    steps = (invite(), hang_up(2))
    with sipp(tmp_path, *steps, port=port, remote=our_office.address, source="127.0.0.9", media_port=media_port):
        until(lambda: "event=strangers_refused" in our_office.log("sip"), what="the line in the log")
    assert len(our_office.calls()) == before
    assert "127.0.0.9" not in our_office.log("sip")


@pytest.mark.capability("N6")
def test_nobody_slips_into_a_call_by_its_call_id(
    our_office: Office, tmp_path: Path, port: int, media_port: int
) -> None:
    before, other = len(our_office.calls()), free_port()
    with sipp(
        tmp_path,
        invite(),
        hung_up(30),
        port=port,
        remote=our_office.address,
        media_port=media_port,
        call_id="known@phone",
    ) as first:
        call = our_office.next_call(before)
        with sipp(
            tmp_path,
            refused(486),
            port=other,
            remote=our_office.address,
            media_port=media_port + 100,
            call_id="known@phone",
        ) as second:
            finish(second, tmp_path, other)
        assert our_office.call(call.id).ended_at is None
        our_office.hang_up(call)
        finish(first, tmp_path, port)
    assert len(our_office.calls()) == before + 1


@pytest.mark.capability("N15")
def test_nobody_dials_out_through_us(
    our_office: Office, tmp_path: Path, port: int, media_port: int, trunk: str
) -> None:
    """A peer asks us to call somebody else: it is told no, and the trunk is not rung."""
    steps = (
        invite(),
        pause(1),
        refer(2, "sip:+84900000000@" + trunk),
        notified("100 Trying", "603 Decline"),
        hang_up(3),
    )
    with (
        sipp(tmp_path, declines("404 Not Found"), port=port_of(trunk)) as outside,
        sipp(tmp_path, *steps, port=port, remote=our_office.address, media_port=media_port) as telephone,
    ):
        finish(telephone, tmp_path, port)
        assert outside.poll() is None  # still waits for its first call


# --- telephones that we ring


@pytest.mark.capability("I1")
@pytest.mark.parametrize(
    ("peer", "reason", "raw"),
    [
        (declines("486 Busy Here"), FailureReason.BUSY, "486"),
        (declines("600 Busy Everywhere"), FailureReason.BUSY, "600"),
        (declines("603 Decline"), FailureReason.REJECTED, "603"),
        (declines("403 Forbidden"), FailureReason.REJECTED, "403"),
        (declines("480 Temporarily Unavailable"), FailureReason.NO_ANSWER, "480"),
        (declines("404 Not Found"), FailureReason.UNREACHABLE, "404"),
        (declines("503 Service Unavailable"), FailureReason.PROVIDER_ERROR, "503"),
        (early_media_then("486 Busy Here"), FailureReason.BUSY, "486"),
        (never_answers(), FailureReason.NO_ANSWER, "ring time over"),
    ],
    ids=["busy", "busy everywhere", "decline", "forbidden", "unavailable", "not found", "5xx", "early media", "rings"],
)
def test_a_telephone_that_does_not_answer_says_why(
    our_office: Office, tmp_path: Path, trunk: str, media_port: int, peer: str, reason: FailureReason, raw: str
) -> None:
    port = port_of(trunk)
    with sipp(tmp_path, peer, port=port, media_port=media_port) as telephone:
        call = our_office.ended(our_office.dial(ring_seconds=2))
        finish(telephone, tmp_path, port)
    assert (call.state, call.failure_reason, call.raw_code) == (CallState.FAILED, reason, raw)
    assert call.ringing_at is not None
    assert call.answered_at is None


@pytest.mark.capability("I1")
def test_a_telephone_that_answers_may_press_keys_as_tones_and_hang_up(
    our_office: Office, tmp_path: Path, trunk: str, media_port: int
) -> None:
    """An old exchange sends keys in the sound; sipp cannot send events in a call that it was rung for."""
    keys = tmp_path / "keys.ulaw"
    keys.write_bytes(pcm_to_ulaw(pause_of(3.0) + tones("2") + pause_of(3.0) + tones("1") + pause_of(60.0)))
    port = port_of(trunk)
    with sipp(tmp_path, answers(), speak(keys, 1), pause(9), hangs_up(), port=port, media_port=media_port) as telephone:
        call = our_office.ended(our_office.dial())
        finish(telephone, tmp_path, port)
    assert (call.state, call.end_reason, call.language) == (CallState.COMPLETED, "hangup", "en")
    assert call.ringing_at is not None
    assert call.answered_at is not None
    assert record_of(our_office, call)[1]["consent"] == "True"
    with our_office.app.database.unit() as uow:
        said = [line.text for line in transcript(read_log(uow, call.id)) if line.kind == "said"]
    assert any("free of charge" in line for line in said)


@pytest.mark.capability("I10")
def test_a_ringing_call_that_nobody_wants_is_cancelled(
    our_office: Office, tmp_path: Path, trunk: str, media_port: int
) -> None:
    port = port_of(trunk)
    with sipp(tmp_path, never_answers(), port=port, media_port=media_port) as telephone:
        call_id = our_office.dial(ring_seconds=60)
        until(lambda: our_office.call(call_id).ringing_at, what="ringing")
        our_office.app.carriers["sip"].hang_up(str(call_id))
        call = our_office.ended(call_id, 10)
        finish(telephone, tmp_path, port)
    assert (call.state, call.failure_reason) == (CallState.FAILED, FailureReason.CANCELED)


@pytest.mark.capability("I14")
def test_a_telephone_for_a_room_that_does_not_answer_ends_its_order(
    our_office: Office, tmp_path: Path, trunk: str, media_port: int
) -> None:
    port = port_of(trunk)
    with sipp(tmp_path, declines("486 Busy Here"), port=port, media_port=media_port) as telephone:
        with our_office.app.database.unit() as uow:
            leg_id = order_leg(uow, "leg:00000000-0000-0000-0000-000000000001", "+84912345678", 10)
        leg = until(lambda: (leg := our_office.leg(leg_id)).ended_at and leg, what="the end of the leg")
        finish(telephone, tmp_path, port)
    assert (leg.state, leg.failure_reason, leg.raw_code) == (LegState.ENDED, FailureReason.BUSY, "486")


@pytest.mark.capability("C10")
def test_no_number_stands_in_the_log_of_the_gateway(our_office: Office) -> None:
    log = our_office.log("sip")
    assert "event=sip_up" in log
    assert "8491234" not in log
    assert not re.search(r"sips?:\S", log), "an address of a telephone"  # the stack itself says `sip: msg decode err`
