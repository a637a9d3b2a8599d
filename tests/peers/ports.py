"""Ports of this machine that nobody uses now."""

from __future__ import annotations

import socket

from core.installation import free_bind


def free_port() -> int:
    """For SIP: neither TCP nor UDP is used there."""
    while True:
        number = int(free_bind().rpartition(":")[2])
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
        return number
