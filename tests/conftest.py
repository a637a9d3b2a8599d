"""What every test may use: a real PostgreSQL and Redis out of wheels, a clock that stands still, a fresh database."""

from __future__ import annotations

import importlib
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, make_url, text

from core import encryption
from core.clock import SimulatedClock
from core.database import Database
from core.schema import upgrade
from core.services import services
from core.settings import Settings, read_settings
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
_numbers = itertools.count(1)


# The browser comes last: its driver keeps an event loop running in the main thread, where other tests need none.
_ORDER = {"slow": 1, "system": 2, "browser": 3}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast tests first; of whole installations the longest first, so that nothing waits for it at the end."""
    items.sort(key=_when)


def _when(item: pytest.Item) -> tuple[int, int]:
    group = max((_ORDER.get(mark.name, 0) for mark in item.iter_markers()), default=0)
    longest = item.get_closest_marker("timeout") if group == _ORDER["system"] else None
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
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                _admin(running.settings.database_url, f"ALTER SYSTEM SET {setting} = off")
            _admin(running.settings.database_url, "SELECT pg_reload_conf()")
            yield running.settings


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _admin(url: str, statement: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def template_url(settings: Settings) -> str:
    """A migrated database that others are copied from."""
    _admin(settings.database_url, "CREATE DATABASE template_traceline")
    url = _with_database(settings.database_url, "template_traceline")
    database = Database(url, SimulatedClock(NOW))
    upgrade(database.engine)
    database.close()
    return url


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@contextmanager
def fresh_database(settings: Settings, template_url: str) -> Iterator[str]:
    """The address of a fresh, migrated, empty database, for as long as the block lasts."""
    name = f"test_{next(_numbers)}"
    _admin(settings.database_url, f"CREATE DATABASE {name} TEMPLATE template_traceline STRATEGY FILE_COPY")
    yield _with_database(settings.database_url, name)
    _admin(settings.database_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(settings: Settings, template_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh, migrated, empty database. What calls the test has made must come out the same when they
    are made again from their logs, unless it is marked `forged_calls`."""
    with fresh_database(settings, template_url) as url:
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
