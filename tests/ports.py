"""Ports of this machine that nobody uses now."""

from __future__ import annotations

import itertools
import os
import socket

from core.installation import is_free

# Below the ports that the system gives out by itself, so that nobody is given one between our looking and its use, and
# other ones for each process of a test run. Peers' sound has the ports above.
_FIRST, _LAST = 6_000, 10_000
_each = (_LAST - _FIRST) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_start = _FIRST + _each * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_numbers = itertools.cycle(range(_start, _start + _each - 1, 2))


def free_port() -> int:
    """For SIP: neither TCP nor UDP is used there, nor the port above, where a gateway listens for TLS."""
    return next(number for number in _numbers if all(_is_free(number)))


def _is_free(number: int) -> tuple[bool, bool, bool]:
    here = f"127.0.0.1:{number}"
    return is_free(here), is_free(here, socket.SOCK_DGRAM), is_free(f"127.0.0.1:{number + 1}")
