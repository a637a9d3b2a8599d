"""A trunk that is reached by TLS: calls come and go through it; one whose certificate nobody trusts hears nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ivr.calls.model import CallState, FailureReason
from tests.peers.exchange import TLS, exchange
from tests.peers.kamailio import KAMAILIO
from tests.peers.office import NUMBER, Office, until
from tests.peers.sipp import SIPP, answers, finish, hang_up, hung_up, invite, pause, press, sipp
from tests.ports import free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(KAMAILIO is None or not TLS, reason="no Kamailio with TLS (apt install kamailio-tls-modules)"),
    pytest.mark.skipif(SIPP is None, reason="sipp is not installed (apt install sip-tester)"),
]

HOST = "127.0.0.1"
PICKS_UP = answers().replace("[last_Call-ID:]", "[last_Record-Route:]\n[last_Call-ID:]")
"""A telephone that keeps to the way its call has come: behind the trunk nothing is reached but through it."""
_UNUSED = '<Reference variables="from,to"/>'
"""What `answers` keeps for hanging up."""


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """One that signs itself, and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    made += ["-addext", f"subjectAltName=IP:{HOST}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True)
    return cert, key


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A certificate that our machine trusts, and no other."""
    made = certificate(tmp_path, "ours")
    monkeypatch.setenv("SSL_CERT_FILE", str(made[0]))
    return made


@contextmanager
def by_tls(folder: Path, shown: tuple[Path, Path], outside: int) -> Iterator[tuple[str, str]]:
    """The trunk, and where telephones reach it; the telephone of NUMBER is at the port `outside`."""
    port, secure = free_port(), free_port()
    with exchange(folder, port=port, telephones={NUMBER: outside}, secure=(secure, *shown)):
        yield f"{HOST}:{secure}", f"{HOST}:{port}"


def registration(office: Office) -> str:
    told = office.status(office.processes["sip"])
    return str(told["registration"]) if told else ""


@pytest.mark.capability("I15")
def test_calls_come_and_go_through_a_trunk_by_tls(
    open_office: Callable[..., Office], tmp_path: Path, trusted: tuple[Path, Path], port: int, media_port: int
) -> None:
    with by_tls(tmp_path, trusted, port) as (trunk, public):
        ours = open_office("media", "sip", sip_trunk=trunk, sip_user="hotline", sip_transport="tls")
        until(lambda: registration(ours) == "registered", 20, "the registration")

        steps = (invite(), pause(2), press("2"), pause(1), hang_up(2))
        with sipp(tmp_path, *steps, port=port, remote=public, media_port=media_port) as telephone:
            call = ours.next_call(0)
            finish(telephone, tmp_path, port)
        assert ours.ended(call.id).language == "en"

        with sipp(tmp_path, PICKS_UP, _UNUSED, hung_up(), port=port, media_port=media_port) as telephone:
            call_id = ours.dial()
            until(lambda: ours.call(call_id).answered_at, what="an answer")
            ours.app.carriers["sip"].hang_up(str(call_id))
            finish(telephone, tmp_path, port)
        assert ours.ended(call_id).state == CallState.COMPLETED


@pytest.mark.capability("C10")
def test_a_trunk_whose_certificate_nobody_trusts_hears_nothing_of_us(
    open_office: Callable[..., Office], tmp_path: Path, trusted: tuple[Path, Path], port: int
) -> None:
    with by_tls(tmp_path, certificate(tmp_path, "stranger"), port) as (trunk, _):
        ours = open_office("media", "sip", sip_trunk=trunk, sip_user="hotline", sip_transport="tls")
        until(lambda: registration(ours).startswith("failed"), 40, "the refusal")
        call = ours.ended(ours.dial(ring_seconds=3))
        assert call.failure_reason == FailureReason.PROVIDER_ERROR
        assert call.answered_at is None
