"""A whole installation on one machine: embedded services where none are configured, and every process, kept alive."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress

import psutil

from core.errors import TracelineError, UserError
from core.processes import STOP_SECONDS, Program, supervised
from core.services import Services, services
from core.settings import Settings, environment

log = logging.getLogger(__name__)

# How often the embedded services are looked at.
_LOOK_SECONDS = 0.5
# What reviving may raise. The library reads files that a starting PostgreSQL is still writing, and asserts what it
# expects of them; at the next look they are whole.
_PASSING = (AssertionError, ValueError, OSError, psutil.Error, subprocess.SubprocessError)
# A cold start on a slow machine: database, migrations, web workers.
READY_SECONDS = 90.0


def programs(settings: Settings) -> list[Program]:
    """The processes of an installation, with the commands that run them."""
    traceline = [sys.executable, "-m", "traceline", "process"]
    web = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", settings.web_bind]
    web += ["--workers", "2", "--worker-class", "gthread", "--threads", "8", "--keep-alive", "15", "--timeout", "120"]
    leaves = settings.sip_leave_seconds + STOP_SECONDS
    sip = [Program("sip", [*traceline, "sip"], stop_seconds=leaves)] if settings.sip_bind else []
    return [
        Program("web", [*web, "--graceful-timeout", "10", "--error-logfile", "-"]),
        Program("media", [*traceline, "media"]),
        Program("worker", [*traceline, "worker"], number=2),
        Program("slow-worker", [*traceline, "slow-worker"]),
        Program("scheduler", [*traceline, "scheduler"]),
        *sip,
    ]


def _sip_binds(settings: Settings) -> list[tuple[str, socket.SocketKind]]:
    """What the gateway listens on: with a trunk by TLS, the port above as well."""
    if not settings.sip_bind:
        return []
    binds = [(settings.sip_bind, socket.SOCK_STREAM), (settings.sip_bind, socket.SOCK_DGRAM)]
    if settings.sip_trunk and settings.sip_transport == "tls":
        host, _, port = settings.sip_bind.rpartition(":")
        binds.append((f"{host}:{int(port) + 1}", socket.SOCK_STREAM))
    return binds


Prepare = Callable[[Settings], str | None]
"""What is done once the database is there, before the processes start. Gives the first user's one-time password when
it has made one."""


@contextmanager
def running(
    settings: Settings, prepare: Prepare, more: Sequence[Program] = ()
) -> Iterator[tuple[Settings, str | None]]:
    """Everything runs inside the block; `more` are further programs. Gives the settings with the addresses of what was
    started, and what `prepare` gave."""
    for name, bind in (("TRACELINE_WEB_BIND", settings.web_bind), ("TRACELINE_MEDIA_BIND", settings.media_bind)):
        if not is_free(bind):
            raise UserError(f"{bind} cannot be listened on.", f"Set {name} to another address.")
    for bind, kind in _sip_binds(settings):
        if not is_free(bind, kind):
            raise UserError(
                f"{bind} cannot be listened on: another SIP program may be running.",
                "Set TRACELINE_SIP_BIND to another address, or to nothing for no SIP.",
            )
    with services(settings) as alive:
        first_password = prepare(alive.settings)
        children = [*programs(alive.settings), *more]
        own = {**environment(alive.settings), "no_proxy": _no_proxy(os.environ)}
        with supervised(children, settings.home, own), reviving(alive):
            wait_until_up(f"http://{settings.web_bind}/readyz")
            wait_until_up(f"http://{settings.media_bind}/health")
            yield alive.settings, first_password


def _no_proxy(environ: Mapping[str, str]) -> str:
    """The hosts that our processes reach without a proxy: those that are named, and this machine."""
    named = environ.get("no_proxy") or environ.get("NO_PROXY")
    return ",".join(filter(None, (named, "127.0.0.1", "localhost")))


def wait_until_up(address: str, seconds: float = READY_SECONDS) -> None:
    """Until the address, one of this machine's, answers 200. Raises TracelineError when it does not."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while True:
        try:
            with direct.open(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if time.monotonic() > deadline:
                raise TracelineError(
                    f"{address} does not answer.", "See the logs folder of the data folder."
                ) from error
        time.sleep(0.1)


def free_bind() -> str:
    """An address on this machine that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def is_free(bind: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether this address can be listened on now."""
    host, _, port = bind.rpartition(":")
    with closing(socket.socket(type=kind)) as probe:
        if kind is socket.SOCK_STREAM:  # connections that have just ended do no harm; for packets it would share
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except (OSError, ValueError, OverflowError):  # the last: a port that no machine has
            return False
    return True


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block wherever it is, `signal.pause()` included: what was opened in it is closed in
    order, and the program goes on behind it."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def reviving(alive: Services) -> Iterator[None]:
    """What dies of the services comes back, for as long as the block lasts."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_SECONDS):
            try:
                alive.revive()
            except _PASSING:
                log.exception("event=revive_failed")

    watcher = threading.Thread(target=watch, name="services", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
