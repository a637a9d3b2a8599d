"""The log of a call replays it exactly, and reads as a transcript."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from core.database import Database
from flows.catalogue import Library, load_library
from flows.engine.actions import action_to_json
from flows.engine.advance import advance
from flows.engine.events import Event, Hypothesis, NothingHeard, SpeechHeard
from flows.engine.state import state_from_json
from ivr.calls.log import LogLine, events_of, opening_state, read_log
from ivr.calls.model import Call, CallState, ScriptRevision
from ivr.calls.service import Calls
from ivr.calls.status import StatusReport
from ivr.calls.transcript import as_text, transcript
from tests.conftest import NOW
from tests.ivr.world import AT, World, keys, open_call, service, started

EVENTS: list[Event] = [
    started(),
    NothingHeard(AT),
    SpeechHeard(AT, (Hypothesis("có", 0.91), Hypothesis("không", 0.2)), "accept", 0.6),
    keys("1"),
    keys("*"),
    keys("4"),
]


def talk(database: Database, calls: Calls, events: list[Event]) -> UUID:
    call_id = open_call(database, calls, context={"department": "CDC Thanh Hóa", "speech": ["vi"]})
    for turn, event in enumerate(events):
        with database.unit() as uow:
            calls.take_turn(uow, call_id, turn, event, lambda *_: b"reply")
    return call_id


def lines_of(database: Database, call_id: UUID) -> list[LogLine]:
    with database.unit() as uow:
        return read_log(uow, call_id)


@pytest.mark.capability("N2")
def test_the_events_of_the_log_make_the_same_call_again(database: Database, calls: Calls, library: Library) -> None:
    call_id = talk(database, calls, EVENTS)
    lines = lines_of(database, call_id)
    state, actions = opening_state(lines), []
    for event in events_of(lines):
        step = advance(library.script("check-in"), state, event)
        state = step.state
        actions += [action_to_json(action) for action in step.actions if action_to_json(action)["kind"] != "effect"]
    with database.unit() as uow:
        call = uow.session.get_one(Call, call_id)
    assert state == state_from_json(call.script_state)
    logged = [action for line in lines if line.kind == "actions" for action in line.data["actions"]]
    assert [_plain(action) for action in actions] == logged


def _plain(value: object) -> object:
    """As JSON writes it: tuples are lists."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def test_lines_are_numbered_without_gaps_in_the_order_they_happened(database: Database, calls: Calls) -> None:
    call_id = talk(database, calls, EVENTS[:2])
    with database.unit() as uow:
        calls.apply_status(uow, call_id, StatusReport(CallState.COMPLETED, NOW))
    lines = lines_of(database, call_id)
    assert [line.seq for line in lines] == list(range(len(lines)))
    assert [line.kind for line in lines if line.kind != "note"] == [
        *("opened", "event", "actions", "event", "actions", "status", "event"),
    ]


def test_a_transcript_says_who_said_what_and_what_was_made_of_it(database: Database, calls: Calls) -> None:
    said = as_text(transcript(lines_of(database, talk(database, calls, EVENTS)))).splitlines()
    assert said[:2] == ["system answered: human", "robot said: Xin chào, đây là tổng đài của CDC Thanh Hóa."]
    assert "person silent: " in said
    assert "person spoke: có" in said
    assert "person keys: 1" in said
    assert "system saved: fever" in said
    assert "system effect: test.note → noted" in said
    assert said[-4:] == [
        "person keys: 4",
        "system saved: household",
        "robot said: Cảm ơn anh chị.",
        "system hung_up: completed",
    ]


@pytest.mark.capability("F1")
def test_a_call_finishes_on_the_revision_it_began_with(
    database: Database, calls: Calls, library: Library, world: World
) -> None:
    call_id = talk(database, calls, EVENTS[:1])
    changed = load_library(library.folder)
    old = changed.script("check-in").source
    steps = {
        **old["script"]["steps"],
        "fever": {**old["script"]["steps"]["fever"], "say": {"vi": "Khác", "en": "Other"}},
    }
    new = changed.publish({**old, "script": {**old["script"], "steps": steps}})
    changed.scripts["check-in"] = new
    del changed.revisions[library.script("check-in").revision]

    later = service(changed, world)  # a process that has only the new script
    with database.unit() as uow:
        later.take_turn(uow, call_id, 1, NothingHeard(AT), lambda *_: b"")
    assert "Anh chị có sốt không?" in as_text(transcript(lines_of(database, call_id))).split("person silent")[1]
    fresh = open_call(database, later)
    with database.unit() as uow:
        assert uow.session.get_one(Call, fresh).revision == new.revision
        assert len(uow.session.scalars(select(ScriptRevision)).all()) == 2
