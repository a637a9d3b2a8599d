"""PostgreSQL out of a wheel: it stops with its installation, whatever an earlier death left behind."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.services import services
from core.settings import Settings, read_settings

pytestmark = pytest.mark.slow


@pytest.fixture
def used() -> Iterator[Settings]:
    """An installation that has run before and was stopped in order."""
    # Not below pytest's own folder, which PostgreSQL, another user when we are root, cannot see.
    with tempfile.TemporaryDirectory(prefix="traceline-services-") as folder:
        settings = read_settings(home=Path(folder), database_url="", redis_url="unix:///nonexistent")
        with services(settings):
            pass
        yield settings


@pytest.fixture
def stranger() -> Iterator[int]:
    """The number of a process that is no PostgreSQL."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def ended() -> int:
    """The number of a process that is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def data(settings: Settings) -> Path:
    return settings.home / "postgres"


def postmaster(settings: Settings) -> int:
    return int((data(settings) / "postmaster.pid").read_text().split()[0])


def runs(pid: int) -> bool:
    """Whether it is there, and more than the entry that nobody has collected yet."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_killed_installation_does_not_keep_the_next_one_from_stopping_its_database(
    used: Settings, stranger: int
) -> None:
    # Two that were killed: the number of one is gone, that of the other is somebody else's by now.
    (data(used) / ".handle_pids.json").write_text(json.dumps([ended(), stranger]))
    with services(used):
        pid = postmaster(used)
    assert not runs(pid)
    assert not (data(used) / "postmaster.pid").exists()


@pytest.mark.parametrize("left", ["{stranger}\n/elsewhere\n1\n5432\n\n\n\nready\n", ""], ids=["reused", "half written"])
def test_the_pid_file_of_a_dead_postgres_does_not_keep_it_from_starting(
    used: Settings, stranger: int, left: str
) -> None:
    (data(used) / "postmaster.pid").write_text(left.format(stranger=stranger))
    with services(used):
        assert psutil.Process(postmaster(used)).name() == "postgres"


# What any command does with the data of an installation.
COMMAND = """
import sys
from pathlib import Path
from core.services import services
from core.settings import read_settings

with services(read_settings(home=Path(sys.argv[1]), database_url="", redis_url="unix:///nonexistent")):
    pass
"""


def test_a_second_command_shares_the_running_postgres_and_leaves_it_running(used: Settings) -> None:
    with services(used):
        pid = postmaster(used)
        subprocess.run([sys.executable, "-W", "ignore", "-c", COMMAND, str(used.home)], check=True, timeout=60)
        assert postmaster(used) == pid
        assert runs(pid)
    assert not runs(pid)
