"""Run a set of programs on one machine, start again whichever dies, and leave none behind.

The work is done by supervisord; this module writes its configuration and starts and stops it.
"""

from __future__ import annotations

import configparser
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# How long a program may take to end its calls when told to stop.
STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Program:
    """A command to keep running, `number` times. Told to stop, it may take `stop_seconds`."""

    name: str
    command: Sequence[str]
    number: int = 1
    stop_seconds: int = STOP_SECONDS


@contextmanager
def supervised(
    programs: Sequence[Program], home: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Keep the programs running inside the block; their output stands in `<home>/logs/<name>.log`."""
    logs = (home / "logs").resolve()
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="traceline-") as folder:
        path = Path(folder) / "supervisord.conf"
        with path.open("w") as file:
            configuration(programs, logs, Path(folder)).write(file)
        with (logs / "supervisor.out").open("ab") as output:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-n", "-c", str(path)],
                env={**os.environ, **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal reaches us, and we stop them in order
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(max((program.stop_seconds for program in programs), default=STOP_SECONDS) + 10)


def configuration(programs: Sequence[Program], logs: Path, folder: Path) -> configparser.RawConfigParser:
    """What supervisord is told. A percent sign is its escape, so it is doubled."""
    config = configparser.RawConfigParser()
    config["supervisord"] = {
        "nodaemon": "true",
        "logfile": str(logs / "supervisor.log"),
        "pidfile": str(folder / "pid"),
        "minfds": "1024",
    }
    config["unix_http_server"] = {"file": str(folder / "control")}
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    config["supervisorctl"] = {"serverurl": f"unix://{folder / 'control'}"}
    # One group is told to stop at once; several, one after another, each for as long as its slowest program takes.
    config["group:traceline"] = {"programs": ",".join(program.name for program in programs)}
    for program in programs:
        config[f"program:{program.name}"] = {
            "command": shlex.join(program.command).replace("%", "%%"),
            "numprocs": str(program.number),
            "process_name": "%(program_name)s_%(process_num)s" if program.number > 1 else "%(program_name)s",
            "autorestart": "true",
            "startsecs": "0",
            "startretries": "1000000",
            "stopasgroup": "true",
            "killasgroup": "true",
            "stopwaitsecs": str(program.stop_seconds),
            "redirect_stderr": "true",
            "stdout_logfile": str(logs / f"{program.name}.log").replace("%", "%%"),
            "stdout_logfile_maxbytes": "20MB",
        }
    return config
