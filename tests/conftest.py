"""What every test may use: a real PostgreSQL and Redis out of wheels, a clock that stands still, a fresh database."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import redis

from core import encryption
from core.clock import SimulatedClock
from core.database import Database
from core.schema import upgrade
from core.services import services
from core.settings import Settings, read_settings
from tests.databases import Databases
from tests.replayed import calls_that_differ

# Every module with tables, so that the metadata is complete.
for module in ("core.outbox", "core.receipts", "core.areas", "core.heartbeats", "core.users", "core.audit"):
    importlib.import_module(module)
for package in (
    "audio",
    "ivr.calls",
    "ivr.carriers.sip",
    "ivr.media.bridging",
    "ivr.messages",
    "ivr.campaigns",
    "ivr.rehearsal",
    "tracing.cases",
    "tracing.followup",
    "tracing.lists",
    "tracing.people",
    "tracing.records",
    "tracing.teams",
    "tracing.venues",
    "telehealth",
):
    importlib.import_module(f"{package}.model")

# A Monday, ten in the morning in Vietnam.
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


# The browser comes last: its driver keeps an event loop running in the main thread, where other tests need none.
_ORDER = {"slow": 1, "system": 2, "patient": 2, "browser": 3}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast tests first; of whole installations the longest first, so that nothing waits for it at the end."""
    items.sort(key=_when)


def _when(item: pytest.Item) -> tuple[int, int]:
    marks = {mark.name for mark in item.iter_markers()}
    group = max((_ORDER.get(name, 0) for name in marks), default=0)
    longest = item.get_closest_marker("timeout") if "system" in marks else None
    return group, -int(longest.args[0]) if longest is not None else 0


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Settings with a PostgreSQL and a Redis of this test run."""
    # Not below pytest's own folder: every pytest that starts closes that folder to other users, and PostgreSQL, which
    # runs as one when we are root, stops when it can no longer see its data.
    with tempfile.TemporaryDirectory(prefix="traceline-tests-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        encryption.use_keys(encryption.load_keys("", home))
        with services(read_settings(home=home, database_url="", redis_url="")) as running:
            # What these tests write need not outlive the machine: nobody waits for the disk.
            with psycopg.connect(running.settings.database_url, autocommit=True) as connection:
                for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            yield running.settings


@pytest.fixture(scope="session")
def databases(settings: Settings) -> Iterator[Databases]:
    """Fresh databases out of a migrated one."""
    databases = Databases(settings.database_url)
    migrated = Database(databases.create_template(), SimulatedClock(NOW))
    upgrade(migrated.engine)
    migrated.close()
    yield databases
    databases.close()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture
def database_url(databases: Databases, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated, empty database. What calls the test has made must come out the same when they
    are made again from their logs, unless it is marked `forged_calls`."""
    with databases.fresh() as url:
        yield url
        forged = request.node.get_closest_marker("forged_calls")
        wrong = [] if forged else calls_that_differ(url)[1]
    assert not wrong, "\n".join(["What a call's log makes is not what the call was:", *wrong])


@pytest.fixture
def database(database_url: str, clock: SimulatedClock) -> Iterator[Database]:
    """A fresh database on the simulated clock."""
    database = Database(database_url, clock)
    yield database
    database.close()


@pytest.fixture
def redis_client(settings: Settings) -> Iterator[redis.Redis]:
    """An empty Redis."""
    client = redis.Redis.from_url(settings.redis_url)
    client.flushdb()
    yield client
    client.close()
