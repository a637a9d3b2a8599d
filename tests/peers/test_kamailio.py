"""A trunk that asks for a password: once registered, calls come in and go out; a wrong password is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.calls.model import CallState, FailureReason
from tests.peers.conftest import free_port
from tests.peers.kamailio import KAMAILIO, kamailio
from tests.peers.office import Office, until
from tests.peers.sipp import SIPP, answers, finish, hang_up, hangs_up, invite, pause, press, sipp

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(KAMAILIO is None, reason="Kamailio is not installed (apt install kamailio)"),
    pytest.mark.skipif(SIPP is None, reason="sipp is not installed (apt install sip-tester)"),
]

PASSWORD = "province 38; two words"


def registration(office: Office, begins: str) -> str:
    """What the sign of life says of it, once it begins so."""

    def told() -> str | None:
        status = office.status(office.processes["sip"])
        found = str(status["registration"]) if status else ""
        return found if found.startswith(begins) else None

    return until(told, 20, f"registration: {begins}")


@pytest.mark.capability("I15")
def test_a_registered_gateway_is_rung_and_rings_through_its_trunk(
    open_office: Callable[..., Office], tmp_path: Path, port: int, media_port: int
) -> None:
    trunk, outside = free_port(), port
    with kamailio(tmp_path, port=trunk, outside=outside, password=PASSWORD):
        ours = open_office("media", "sip", sip_trunk=f"127.0.0.1:{trunk}", sip_user="hotline", sip_password=PASSWORD)
        assert registration(ours, "registered") == "registered"

        steps = (invite(), pause(2), press("2"), pause(1), hang_up(2))
        with sipp(tmp_path, *steps, port=outside, remote=f"127.0.0.1:{trunk}", media_port=media_port) as telephone:
            call = ours.next_call(0)
            finish(telephone, tmp_path, outside)
        call = ours.ended(call.id)
        assert call.remote_number == "+84912340000"  # what the trunk asserts, not what the telephone says
        assert call.language == "en"

        with sipp(tmp_path, answers(), pause(2), hangs_up(), port=outside, media_port=media_port) as telephone:
            call = ours.ended(ours.dial())
            finish(telephone, tmp_path, outside)
        assert call.state == CallState.COMPLETED
        assert call.answered_at is not None


@pytest.mark.capability("C10")
def test_a_wrong_password_is_refused_shown_and_tried_again(
    open_office: Callable[..., Office], tmp_path: Path, port: int
) -> None:
    trunk = free_port()
    with kamailio(tmp_path, port=trunk, outside=port, password=PASSWORD):
        ours = open_office("sip", sip_trunk=f"127.0.0.1:{trunk}", sip_user="hotline", sip_password="guessed")
        assert registration(ours, "failed").startswith("failed: 401")
        assert "guessed" not in ours.log("sip")
        call = ours.ended(ours.dial(ring_seconds=5))
        assert (call.state, call.failure_reason, call.raw_code) == (
            CallState.FAILED,
            FailureReason.PROVIDER_ERROR,
            "407",
        )


def test_a_trunk_that_comes_later_is_registered_at_then(
    open_office: Callable[..., Office], tmp_path: Path, port: int
) -> None:
    trunk = free_port()
    ours = open_office("sip", sip_trunk=f"127.0.0.1:{trunk}", sip_user="hotline", sip_password=PASSWORD)
    registration(ours, "failed")
    with kamailio(tmp_path, port=trunk, outside=port, password=PASSWORD):
        until(
            lambda: (ours.status(ours.processes["sip"]) or {}).get("registration") == "registered",
            60,
            "the registration",
        )
