"""A small world for the tests of calls and carriers: an effect that counts, an observer that remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.database import Database, UnitOfWork
from flows.catalogue import Library
from flows.engine.events import CallStarted, Event, KeysPressed
from flows.engine.state import Answer, State
from ivr.calls.effects import EffectRequest, EffectResult, Effects
from ivr.calls.model import Call, ScriptRevision
from ivr.calls.service import Calls

AT = "2026-11-23T03:00:00+00:00"
NUMBER = "+84912345678"


@dataclass
class World:
    """What the script's effect and the observers were told. `note` may be replaced by an effect that fails."""

    notes: list[bool] = field(default_factory=list)
    answers: list[tuple[UUID, dict[str, Any]]] = field(default_factory=list)
    ended: list[tuple[UUID, str | None, str]] = field(default_factory=list)
    failure: Exception | None = None

    def note(self, request: EffectRequest) -> EffectResult:
        if self.failure is not None:
            raise self.failure
        self.notes.append(request.arguments["fever"])
        request.uow.send("test.note", {"call": str(request.call.id)})
        return EffectResult("noted", {"number": len(self.notes)})

    def answered(self, uow: UnitOfWork, call: Call, saved: Mapping[str, Answer], state: State) -> None:
        self.answers.append((call.id, {name: answer.value for name, answer in saved.items()}))

    def ended_(self, uow: UnitOfWork, call: Call, state: State) -> None:
        self.ended.append((call.id, call.end_reason, call.state))


class Witness:
    """The world as an observer of calls."""

    def __init__(self, world: World) -> None:
        self.answered = world.answered
        self.ended = world.ended_


def service(library: Library, world: World) -> Calls:
    """A service as a process makes it when it starts."""
    effects = Effects()
    effects.register("test.note", world.note)
    return Calls(library, effects, [Witness(world)])


def open_call(database: Database, calls: Calls, **changes: Any) -> UUID:
    """A fresh outbound call to the script of the tests."""
    values: dict[str, Any] = {
        "direction": "outbound",
        "carrier": "twilio",
        "remote_number": NUMBER,
        "script": "check-in",
        "language": "vi",
        "context": {"department": "CDC Thanh Hóa", "speech": []},
    }
    with database.unit() as uow:
        return calls.open(uow, **{**values, **changes}).id


def outdate(database: Database, revision: str) -> str:
    """The language of scripts has moved on: what is stored of this revision compiles no more. Returns what was."""
    with database.unit() as uow:
        stored = uow.session.get_one(ScriptRevision, revision)
        before = stored.source
        source = json.loads(before)
        source["script"]["steps"] = {"first": {"does": "what no step does any more"}}
        stored.source = json.dumps(source)
    return before


def restore(database: Database, revision: str, source: str) -> None:
    """Undo `outdate`."""
    with database.unit() as uow:
        uow.session.get_one(ScriptRevision, revision).source = source


def wait_for_a_waiter(database: Database) -> None:
    """Until PostgreSQL says that some transaction waits for a lock."""
    for _ in range(2000):
        with database.unit() as uow:
            if uow.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
    pytest.fail("nobody waits for the lock")


def started(answered_by: Any = "human") -> Event:
    return CallStarted(AT, answered_by)


def keys(digits: str) -> Event:
    return KeysPressed(AT, digits, finished=True)
