"""Real third-party telephones and trunks on loopback, against a real gateway and a real media process."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from core.installation import free_bind
from core.settings import Settings
from tests.databases import Databases
from tests.peers.office import Office, office
from tests.ports import free_port

# Below the ports that the system gives out, and other ones for each process of a test run: peers beside each other must
# not take each other's sound.
_FIRST, _LAST, _APART = 10_000, 16_000, 400
_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_of = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_media_ports = itertools.cycle(range(_FIRST + _number * _APART, _LAST, _of * _APART))


FOR_MISSED_CALLS = "+842373850116"


@pytest.fixture
def port() -> int:
    """A port for a peer that nobody uses now, TCP or UDP."""
    return free_port()


@pytest.fixture
def media_port() -> int:
    """The first of some hundred ports for a peer's sound."""
    return next(_media_ports)


@pytest.fixture(scope="module")
def trunk() -> str:
    """Where the office's calls go out. Nobody is there, until a test puts a peer."""
    return f"127.0.0.1:{free_port()}"


def office_settings(settings: Settings, database_url: str, trunk: str = "", **changes: Any) -> Settings:
    """Keys only, and telephones of 127.0.0.1 only: peers at 127.0.0.9 are strangers."""
    media = free_bind()
    return settings.model_copy(
        update={
            "database_url": database_url,
            "media_bind": media,
            "public_media_url": f"ws://{media}",
            "sip_bind": f"127.0.0.1:{free_port()}",
            "sip_allow": "127.0.0.1",
            "sip_trunk": trunk,
            "recogniser_workers": 0,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def our_office(
    settings: Settings, databases: Databases, tmp_path_factory: pytest.TempPathFactory, trunk: str
) -> Iterator[Office]:
    """One office for all tests of a module: none of them hurts it."""
    with databases.fresh() as url:
        changes = {"missed_call_numbers": FOR_MISSED_CALLS, "call_back_carrier": "sip"}
        ours = office_settings(settings, url, trunk, **changes)
        with office(ours, tmp_path_factory.mktemp("office"), "media", "sip") as opened:
            yield opened


@pytest.fixture
def open_office(settings: Settings, database_url: str, tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """`open_office("media", "sip", sip_trunk=…)`: an office to be hurt."""
    with ExitStack() as opened:

        def start(*kinds: str, **changes: Any) -> Office:
            return opened.enter_context(office(office_settings(settings, database_url, **changes), tmp_path, *kinds))

        yield start
