"""A whole installation with its simulated telephone network, as `traceline demo` starts it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from core.encryption import current_ring, use_keys
from core.login import FIRST_LOGIN
from core.settings import Settings, read_settings
from ivr.carriers.twilio_rest import STREAMS
from ivr.simulator.demo.command import demo_running
from ivr.simulator.demo.run import Demo
from tests.replayed import calls_that_differ
from traceline import prepare_sample
from tracing.lists.sample import list_of


@dataclass
class Department:
    """What runs, and how to hurt it."""

    settings: Settings
    first_password: str
    strangers: frozenset[int]
    """Processes that were there before: the Redis of the other tests is one of them."""

    def demo(self, people: int, inbound: int) -> Demo:
        return Demo(
            web=self.settings.public_url,
            simulator=self.settings.twilio_api_url,
            login=FIRST_LOGIN,
            first_password=self.first_password,
            carrier=STREAMS,
            list_of=list_of,
            database_url=self.settings.database_url,
            people=people,
            inbound=inbound,
        )

    def running(self, *words: str) -> list[psutil.Process]:
        """The processes of this department whose command line holds all the words."""
        ours = {child.pid for child in psutil.Process().children(recursive=True)}
        found = []
        for process in psutil.process_iter(["cmdline"]):
            if process.pid in self.strangers:
                continue
            command = " ".join(process.info["cmdline"] or ())
            # PostgreSQL is a daemon, no child of ours; it names its data folder.
            if (process.pid in ours or str(self.settings.home) in command) and all(word in command for word in words):
                found.append(process)
        return found

    def kill(self, *words: str) -> None:
        """Kill -9 the oldest of these processes."""
        min(self.running(*words), key=psutil.Process.create_time).kill()


@pytest.fixture
def department(settings: Settings) -> Iterator[Department]:
    """An installation of its own, beside the one of `settings`, whose keys this process has again at the end."""
    ours = current_ring()
    strangers = frozenset(psutil.pids())
    # Not in pytest's own folder: every new run closes that to other users, and PostgreSQL is one.
    with tempfile.TemporaryDirectory(prefix="traceline-department-") as folder:
        theirs = read_settings(home=Path(folder), database_url="", redis_url="")
        with demo_running(theirs, prepare_sample) as (running_settings, first_password):
            yield Department(running_settings, first_password, strangers)
            replayed, wrong = calls_that_differ(running_settings.database_url)
            assert not wrong, "\n".join([f"Of {replayed} calls, their logs make otherwise:", *wrong])
    use_keys(ours)
