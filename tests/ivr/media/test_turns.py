"""Turns on live sound, when two sessions of a call or a lost connection get in their way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from core.database import Database, UnitOfWork
from flows.catalogue import Library
from flows.engine.events import KeysPressed, NothingHeard
from ivr.calls.log import events_of, read_log
from ivr.calls.service import Calls
from ivr.media import turns
from ivr.media.turns import DatabaseTurns, render
from tests.ivr.world import World, open_call, service, wait_for_a_waiter

T = TypeVar("T")


class LosesAnswers(DatabaseTurns):
    """Once, the connection breaks right after a turn was saved."""

    lost = 0

    def _transaction(self, work: Callable[[UnitOfWork, bool], T], again: bool) -> T:
        done = super()._transaction(work, again)
        if not self.lost:
            self.lost += 1
            raise OperationalError("COMMIT", {}, Exception("the connection is gone"))
        return done


@pytest.fixture
def calls(library: Library) -> Calls:
    return service(library, World())


@pytest.fixture
def call_id(database: Database, calls: Calls) -> UUID:
    return open_call(database, calls, script="talk", language="ko")


def filed(database: Database, call_id: UUID) -> list[str]:
    with database.unit() as uow:
        return [type(found).__name__ for found in events_of(read_log(uow, call_id))]


@pytest.mark.capability("F2")
async def test_a_session_that_was_taken_over_takes_no_more_turns(
    database: Database, calls: Calls, call_id: UUID, executor: ThreadPoolExecutor
) -> None:
    sessions = DatabaseTurns(database, calls, executor)
    first = await sessions.begin(call_id)
    second = await sessions.begin(call_id)
    late = await sessions.take(call_id, first.turn, NothingHeard(sessions.at()))
    assert late.elsewhere
    answered = await sessions.take(call_id, second.turn, KeysPressed(sessions.at(), "1"))
    assert not answered.elsewhere
    assert answered.actions
    assert filed(database, call_id) == ["CallStarted", "CallStarted", "KeysPressed"]


@pytest.mark.capability("F2")
async def test_a_turn_whose_answer_was_lost_is_taken_once_and_the_call_goes_on(
    database: Database, calls: Calls, call_id: UUID, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PAUSES", (0.0,))
    begun = await DatabaseTurns(database, calls, executor).begin(call_id)
    session = LosesAnswers(database, calls, executor)
    answered = await session.take(call_id, begun.turn, KeysPressed(session.at(), "1"))
    assert not answered.elsewhere
    assert answered.actions  # the next question
    assert session.lost == 1
    assert filed(database, call_id).count("KeysPressed") == 1
    again = await session.take(call_id, answered.turn, KeysPressed(session.at(), "1970"))
    assert not again.elsewhere


@pytest.mark.capability("F2")
async def test_a_session_that_begins_while_a_turn_is_being_taken_gets_the_call(
    database: Database, calls: Calls, call_id: UUID, executor: ThreadPoolExecutor
) -> None:
    sessions = DatabaseTurns(database, calls, executor)
    first = await sessions.begin(call_id)
    with database.unit() as uow:
        calls.take_turn(uow, call_id, first.turn, KeysPressed(sessions.at(), "1"), render)
        beginning = asyncio.create_task(sessions.begin(call_id))
        await asyncio.to_thread(wait_for_a_waiter, database)
    second = await beginning
    assert not second.elsewhere
    answered = await sessions.take(call_id, second.turn, KeysPressed(sessions.at(), "1970"))
    assert not answered.elsewhere
    assert filed(database, call_id) == ["CallStarted", "KeysPressed", "CallStarted", "KeysPressed"]
