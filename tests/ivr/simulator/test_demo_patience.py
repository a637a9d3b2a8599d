"""What the demo asks is on this machine, whatever proxy leads out of it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from core.installation import free_bind
from ivr.simulator.demo.patience import patient_session


class Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_the_demo_does_not_look_for_itself_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{free_bind()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with HTTPServer(("127.0.0.1", 0), Answers) as server, patient_session() as session:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert session.post(f"http://127.0.0.1:{server.server_port}/", timeout=10).ok
        server.shutdown()
