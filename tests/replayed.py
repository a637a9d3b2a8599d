"""Every call of the test suite is made again from its log when its test ends, whoever made it and however (N2)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
import psycopg
from sqlalchemy import select

from core.clock import SystemClock
from core.database import Database
from flows.catalogue import LIBRARY, Library
from flows.engine.script import Script
from flows.load import script_from_source
from ivr.calls.model import Call, ScriptRevision
from ivr.calls.replaying import replay_stored
from ivr.calls.revisions import Revisions

MADE_BY_HAND = "{}"
"""The source of a revision that is no script: a test's own rows, which no call has left."""


class _Compiled(Library):
    """Compiles each source once for all tests."""

    def publish(self, source: Any) -> Script:
        return _compiled(orjson.dumps(source))


@lru_cache(maxsize=256)
def _compiled(source: bytes) -> Script:
    return script_from_source(orjson.loads(source))


def calls_that_differ(database_url: str) -> tuple[int, list[str]]:
    """How many calls of a database were replayed, and what differs, a line each. A database without calls costs one
    question; one without the table of calls has none."""
    if not _has_calls(database_url):
        return 0, []
    database = Database(database_url, SystemClock(), 1)
    try:
        with database.unit() as uow:
            ids = uow.session.scalars(
                select(Call.id)
                .join(ScriptRevision, ScriptRevision.revision == Call.revision)
                .where(ScriptRevision.source != MADE_BY_HAND)
                .order_by(Call.created_at)
            ).all()
            done = list(replay_stored(uow, Revisions(_Compiled(LIBRARY)), ids))
    finally:
        database.close()
    wrong = [str(one) for one in done if not one.same]
    return len(done), wrong


def _has_calls(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        if connection.execute("SELECT to_regclass('call_event')").fetchone() == (None,):
            return False
        return connection.execute("SELECT EXISTS (SELECT 1 FROM call)").fetchone() == (True,)
