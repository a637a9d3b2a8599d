"""Processes die in the middle of calls, and two of them do the same work: no telephone is rung twice, and a call whose
sound can come back goes on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ivr.calls.model import CallState, FailureReason
from ivr.carriers.sip.model import SipLeg
from ivr.carriers.sip.sweep import Sweep
from tests.peers.conftest import free_port
from tests.peers.office import Office, until
from tests.peers.sipp import (
    SIPP,
    declines,
    finish,
    hang_up,
    hung_up,
    invite,
    never_answers,
    pause,
    press,
    refused,
    sipp,
)
from tracing.model import Record, RecordAnswer

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(SIPP is None, reason="sipp is not installed (apt install sip-tester)"),
]

OpenOffice = Callable[..., Office]


def consent(office: Office) -> object:
    with office.app.database.unit() as uow:
        return uow.session.scalar(select(RecordAnswer.value).join(Record).where(RecordAnswer.field == "consent"))


@pytest.mark.capability("F2", "N15")
def test_a_call_survives_the_death_of_the_media_process_and_is_asked_again(
    open_office: OpenOffice, tmp_path: Path, port: int, media_port: int
) -> None:
    ours = open_office("media", "sip")
    # The person presses 1 after the media process has died and come back: only who was asked again can answer.
    steps = (invite(), pause(3), press("2"), pause(18), press("1"), pause(3), hang_up(2))
    with sipp(tmp_path, *steps, port=port, remote=ours.address, media_port=media_port) as telephone:
        call = ours.next_call(0)
        until(lambda: ours.call(call.id).language == "en", what="the first answer")
        ours.kill("media")
        until(lambda: "event=line_lost" in ours.log("sip"), what="the loss of the line")
        assert ours.call(call.id).ended_at is None
        ours.start("media")
        finish(telephone, tmp_path, port)
    call = ours.ended(call.id)
    assert (call.state, call.end_reason) == (CallState.COMPLETED, "hangup")
    assert consent(ours) is True
    assert len(ours.calls()) == 1


@pytest.mark.capability("I11")
def test_a_call_whose_media_process_never_comes_back_is_hung_up(
    open_office: OpenOffice, tmp_path: Path, port: int, media_port: int
) -> None:
    ours = open_office("media", "sip")
    with sipp(tmp_path, invite(), hung_up(60), port=port, remote=ours.address, media_port=media_port) as telephone:
        call = ours.next_call(0)
        ours.kill("media")
        finish(telephone, tmp_path, port)
    call = ours.ended(call.id)
    assert (call.state, call.failure_reason, call.raw_code) == (CallState.FAILED, FailureReason.LOST, "line lost")


@pytest.mark.capability("N12", "I11")
def test_a_gateway_that_dies_while_it_rings_loses_the_call_and_nobody_rings_again(
    open_office: OpenOffice, tmp_path: Path, port: int, media_port: int
) -> None:
    ours = open_office("sip", sip_trunk=f"127.0.0.1:{port}")
    with sipp(tmp_path, never_answers(), port=port, media_port=media_port):
        call_id = ours.dial(ring_seconds=60)
        until(lambda: ours.call(call_id).ringing_at, what="ringing")
        ours.kill("sip")
    sweep = Sweep(ours.app.database, ours.app.calls)
    with sipp(tmp_path, declines("486 Busy Here"), port=port, media_port=media_port) as again:
        ours.start("sip")
        until(sweep.sweep, 40, "the sweep")
        call = ours.ended(call_id)
        assert (call.state, call.failure_reason, call.raw_code) == (
            CallState.FAILED,
            FailureReason.LOST,
            "gateway gone",
        )
        assert again.poll() is None  # nobody has rung


@pytest.mark.capability("N12")
def test_two_gateways_ring_each_telephone_once(
    open_office: OpenOffice, tmp_path: Path, port: int, media_port: int
) -> None:
    ours = open_office("sip", sip_trunk=f"127.0.0.1:{port}")
    ours.start("sip", "second", sip_bind=f"127.0.0.1:{free_port()}")
    # sipp ends with the thirtieth call; a thirty-first would find nobody, and be no busy telephone.
    with sipp(tmp_path, declines("486 Busy Here"), port=port, calls=30, media_port=media_port) as telephones:
        orders = [ours.dial(f"+849123456{number:02}") for number in range(30)]
        calls = [ours.ended(call_id) for call_id in orders]
        finish(telephones, tmp_path, port)
    assert {call.raw_code for call in calls} == {"486"}
    with ours.app.database.unit() as uow:
        shares = dict(uow.session.execute(select(SipLeg.gateway, func.count()).group_by(SipLeg.gateway)).all())
    assert sum(shares.values()) == 30
    assert len(shares) == 2


def test_a_gateway_that_is_full_says_so_and_keeps_whom_it_has(
    open_office: OpenOffice, tmp_path: Path, port: int, media_port: int
) -> None:
    ours = open_office("media", "sip", sip_calls=1)
    other = free_port()
    with sipp(tmp_path, invite(), pause(8), hang_up(2), port=port, remote=ours.address, media_port=media_port) as first:
        call = ours.next_call(0)
        with sipp(tmp_path, refused(486), port=other, remote=ours.address, media_port=media_port + 100) as second:
            finish(second, tmp_path, other)
        assert ours.call(call.id).ended_at is None
        status = until(
            lambda: (told := ours.status(ours.processes["sip"])) and told["refused"] and told, what="the count"
        )
        assert (status["calls"], status["refused"]) == (1, 1)
        finish(first, tmp_path, port)
    assert len(ours.calls()) == 1


def test_told_to_end_a_gateway_takes_no_more_calls_and_says_goodbye(
    open_office: OpenOffice, tmp_path: Path, port: int, media_port: int
) -> None:
    ours = open_office("media", "sip")
    other = free_port()
    with sipp(tmp_path, invite(), hung_up(30), port=port, remote=ours.address, media_port=media_port) as telephone:
        call = ours.next_call(0)
        gateway = ours.processes.pop("sip")
        gateway.send_signal(signal.SIGTERM)
        until(lambda: "event=sip_ending" in ours.log("sip"), what="the end")
        with sipp(tmp_path, refused(486), port=other, remote=ours.address, media_port=media_port + 100) as late:
            finish(late, tmp_path, other)
        finish(telephone, tmp_path, port)
        assert gateway.wait(20) == 0
    assert ours.ended(call.id).state == CallState.COMPLETED
