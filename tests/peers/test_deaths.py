"""Processes die in the middle of calls, and two of them do the same work: no telephone is rung twice, and a call whose
sound can come back goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.clock import SimulatedClock
from core.database import Database
from core.settings import Settings
from ivr.calls.model import Call, CallState, FailureReason
from ivr.carriers.sip.orders import SILENT
from ivr.carriers.sip.sweep import Sweep
from tests.databases import Databases
from tests.peers.conftest import office_settings
from tests.peers.office import Office, office, port_of, until
from tests.peers.sipp import (
    SIPP,
    declines,
    finish,
    hung_up,
    invite,
    never_answers,
    pause,
    press,
    refused,
    sipp,
)
from tests.ports import free_port
from tracing.records.model import Record, RecordAnswer

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(SIPP is None, reason="sipp is not installed (apt install sip-tester)"),
]

Gateway = Callable[..., str]


@pytest.fixture(scope="module")
def ours(
    settings: Settings, databases: Databases, tmp_path_factory: pytest.TempPathFactory, trunk: str
) -> Iterator[Office]:
    """An office for all tests of this module; each brings gateways of its own, to be hurt."""
    with databases.fresh() as url:
        changes = office_settings(settings, url, trunk, sip_leave_seconds=0)
        with office(changes, tmp_path_factory.mktemp("office"), "media") as opened:
            yield opened


@pytest.fixture
def gateway(ours: Office, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """`gateway(sip_calls=1)`: starts one, and gives the name of its process and log."""
    started: list[str] = []

    def start(**changes: Any) -> str:
        started.append(f"{request.node.name}-{len(started)}")
        ours.start("sip", started[-1], **changes)
        return started[-1]

    yield start
    for name in started:
        ours.end(name)


def consent(office: Office, call: Call) -> object:
    with office.app.database.unit() as uow:
        mine = select(RecordAnswer.value).join(Record).where(Record.call_id == call.id)
        return uow.session.scalar(mine.where(RecordAnswer.field == "consent"))


@pytest.mark.capability("F2", "N15")
def test_a_call_survives_the_death_of_the_media_process_and_is_asked_again(
    ours: Office, gateway: Gateway, tmp_path: Path, port: int, media_port: int
) -> None:
    name, before = gateway(), len(ours.calls())
    # The person presses 1 again and again, but nobody hears it before the media process has come back and asked.
    answers = (pause(2), press("1")) * 12
    with sipp(
        tmp_path,
        invite(),
        pause(3),
        press("2"),
        *answers,
        hung_up(),
        port=port,
        remote=ours.address,
        media_port=media_port,
    ) as telephone:
        call = ours.next_call(before)
        until(lambda: ours.call(call.id).language == "en", what="the first answer")
        ours.kill("media")
        until(lambda: "event=line_lost" in ours.log(name), what="the loss of the line")
        assert (ours.call(call.id).ended_at, consent(ours, call)) == (None, None)
        ours.start("media")
        until(lambda: consent(ours, call) is True, what="the answer")
        ours.hang_up(ours.call(call.id))
        assert ours.ended(call.id).state == CallState.COMPLETED
        telephone.kill()
    assert len(ours.calls()) == before + 1


@pytest.mark.capability("N12", "I11")
def test_a_gateway_that_dies_while_it_rings_loses_the_call_and_nobody_rings_again(
    ours: Office, gateway: Gateway, tmp_path: Path, trunk: str, media_port: int
) -> None:
    name, port = gateway(), port_of(trunk)
    with sipp(tmp_path, never_answers(), port=port, media_port=media_port):
        call_id = ours.dial(ring_seconds=60)
        until(lambda: ours.call(call_id).ringing_at, what="ringing")
        ours.kill(name)
    later = Database(ours.settings.database_url, SimulatedClock(datetime.now(UTC) + SILENT))
    with sipp(tmp_path, declines("486 Busy Here"), port=port, media_port=media_port) as again:
        assert Sweep(later, ours.app.calls).sweep() == 1
        later.close()
        gateway()
        call = ours.call(call_id)
        assert (call.state, call.failure_reason, call.raw_code) == (
            CallState.FAILED,
            FailureReason.LOST,
            "gateway gone",
        )
        assert again.poll() is None  # nobody has rung


@pytest.mark.capability("N12")
def test_two_gateways_ring_each_telephone_once(
    ours: Office, gateway: Gateway, tmp_path: Path, trunk: str, media_port: int
) -> None:
    before, port = len(ours.calls()), port_of(trunk)
    room = {"sip_calls": 5, "sip_for_callers": 0}
    gateway(**room)
    gateway(**room, sip_bind=f"127.0.0.1:{free_port()}")
    # sipp ends with the tenth call; an eleventh would find nobody, and be told so.
    with sipp(tmp_path, never_answers(), port=port, calls=10, media_port=media_port) as telephones:
        orders = [ours.dial(f"+849123456{number:02}", ring_seconds=60) for number in range(10)]
        until(lambda: all(ours.call(call_id).ringing_at for call_id in orders), what="ten that ring")
        legs = [ours.leg(call_id).gateway for call_id in orders]
        assert sorted(map(legs.count, set(legs))) == [5, 5]
        for call_id in orders:
            ours.hang_up(ours.call(call_id))
        assert {ours.ended(call_id).failure_reason for call_id in orders} == {FailureReason.CANCELED}
        finish(telephones, tmp_path, port)
    assert len(ours.calls()) == before + 10


def test_a_gateway_that_is_full_says_so_and_keeps_whom_it_has(
    ours: Office, gateway: Gateway, tmp_path: Path, port: int, media_port: int
) -> None:
    name, before, other = gateway(sip_calls=1), len(ours.calls()), free_port()
    with sipp(tmp_path, invite(), hung_up(30), port=port, remote=ours.address, media_port=media_port) as first:
        call = ours.next_call(before)
        with sipp(tmp_path, refused(486), port=other, remote=ours.address, media_port=media_port + 100) as second:
            finish(second, tmp_path, other)
        assert ours.call(call.id).ended_at is None
        status = until(
            lambda: (told := ours.status(ours.processes[name])) and told["refused"] and told, what="the count"
        )
        assert (status["calls"], status["refused"], status["room"]) == (1, 1, 0)
        ours.hang_up(call)
        finish(first, tmp_path, port)
    assert len(ours.calls()) == before + 1


@pytest.mark.capability("I11", "I12")
def test_told_to_end_a_gateway_takes_no_more_calls_and_nobody_has_hung_up(
    ours: Office, gateway: Gateway, tmp_path: Path, port: int, media_port: int
) -> None:
    name, before, other = gateway(sip_leave_seconds=2), len(ours.calls()), free_port()
    with sipp(tmp_path, invite(), hung_up(30), port=port, remote=ours.address, media_port=media_port) as telephone:
        call = ours.next_call(before)
        process = ours.processes.pop(name)
        process.terminate()
        until(lambda: "event=sip_ending" in ours.log(name), what="the end")
        with sipp(tmp_path, refused(486), port=other, remote=ours.address, media_port=media_port + 100) as late:
            finish(late, tmp_path, other)
        finish(telephone, tmp_path, port)
        assert process.wait(20) == 0
    ended = ours.ended(call.id)
    assert (ended.state, ended.failure_reason, ended.raw_code) == (
        CallState.FAILED,
        FailureReason.LOST,
        "gateway ended",
    )
