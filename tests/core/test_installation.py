"""An installation on one machine: when it is up, what brings it back, and how it is told to end."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from core.errors import UserError
from core.installation import free_bind, is_free, reviving, running, stoppable, wait_until_up
from core.services import Services
from core.settings import read_settings
from tests.ports import free_port


class Answers(BaseHTTPRequestHandler):
    """200 to everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def answering() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_our_own_processes_are_not_looked_for_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{free_bind()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with answering() as address:
        wait_until_up(address, seconds=0)


class Shaky:
    """A service whose pid file was half written the first time that it was looked at."""

    url = ""

    def __init__(self) -> None:
        self.looks = 0
        self.looked_again = threading.Event()

    def revive(self) -> None:
        self.looks += 1
        if self.looks == 1:
            raise AssertionError("_lines: 8 lines: 3")
        self.looked_again.set()


def test_one_failure_to_revive_does_not_end_reviving(caplog: pytest.LogCaptureFixture) -> None:
    service = Shaky()
    with reviving(Services(read_settings(), [service])):
        assert service.looked_again.wait(10)
    assert "event=revive_failed" in caplog.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_stop_ends_the_block_in_order_and_not_the_program(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    reached = []
    with stoppable():
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            reached.append("what closes")
    assert reached == ["what closes"]
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("kind", "above", "trunk"),
    [
        (socket.SOCK_DGRAM, 0, {}),
        (socket.SOCK_STREAM, 0, {}),
        (socket.SOCK_STREAM, 1, {"sip_trunk": "sip.example", "sip_transport": "tls"}),
    ],
)
def test_a_sip_port_that_another_program_has_is_named(
    tmp_path: Path, kind: socket.SocketKind, above: int, trunk: dict[str, str]
) -> None:
    port = free_port()
    with socket.socket(type=kind) as other:
        other.bind(("127.0.0.1", port + above))
        ours = {"web_bind": free_bind(), "media_bind": free_bind(), "sip_bind": f"127.0.0.1:{port}"}
        with (
            pytest.raises(UserError, match=rf"{port + above} .*another SIP program.*TRACELINE_SIP_BIND"),
            running(read_settings(home=tmp_path, **ours, **trunk), lambda _: pytest.fail("something was started")),
        ):
            pytest.fail("it came up")


def test_no_port_above_the_last_is_free() -> None:
    assert not is_free("127.0.0.1:65536")
