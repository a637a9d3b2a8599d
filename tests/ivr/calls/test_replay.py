"""A call is made again from its log, and whatever would come out otherwise is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from audio.decision import Hypothesis as Heard
from audio.decision import Thresholds, evidence_of
from core.database import Database
from flows.catalogue import LIBRARY, Library
from flows.engine.events import (
    Event,
    NothingHeard,
)
from flows.load import script_from_source
from ivr.calls.log import Aside, read_log
from ivr.calls.model import Call
from ivr.calls.replay import Difference, Replay
from ivr.calls.replaying import Replayed, replay_stored, stored_calls
from ivr.calls.revisions import Revisions
from ivr.calls.service import Calls
from ivr.calls.transcript import as_text, transcript
from tests.ivr.world import AT, World, keys, open_call, outdate, started

KEYED: list[Event] = [started(), NothingHeard(AT), keys("1"), keys("*"), keys("4")]


def talk(database: Database, calls: Calls, events: list[Event] = KEYED, asides: tuple[Aside, ...] = ()) -> UUID:
    call_id = open_call(database, calls)
    for turn, event in enumerate(events):
        with database.unit() as uow:
            calls.take_turn(uow, call_id, turn, event, lambda *_: b"", asides if turn else ())
    return call_id


def again(database: Database, *ids: UUID) -> list[Replayed]:
    with database.unit() as uow:
        return list(replay_stored(uow, Revisions(Library(LIBRARY)), ids or stored_calls(uow)))


def alter(database: Database, statement: str, **values: Any) -> None:
    with database.unit() as uow:
        done = uow.session.execute(text(statement), values)
        assert getattr(done, "rowcount", 0), "nothing was altered"


@pytest.mark.capability("N2")
def test_a_call_is_made_again_from_its_log_without_a_second_effect(
    database: Database, calls: Calls, world: World
) -> None:
    call_id = talk(database, calls)
    (done,) = again(database, call_id)
    assert done.same
    assert done.replay == Replay(turns=5)
    assert str(done) == f"{call_id}: the same, 5 turns"
    assert world.notes == [True]


@pytest.mark.parametrize("events", [1, 3])
def test_a_call_in_progress_is_made_again_as_far_as_it_has_come(database: Database, calls: Calls, events: int) -> None:
    talk(database, calls, KEYED[:events])
    assert [done.replay for done in again(database)] == [Replay(events)]


@pytest.mark.capability("N2")
@pytest.mark.forged_calls("each case alters the log or the row")
@pytest.mark.parametrize(
    ("alteration", "turn", "what", "told"),
    [
        (
            "UPDATE call_event SET data = jsonb_set(data, '{digits}', '\"2\"') WHERE data->>'digits' = '1'",
            2,
            "effect",
            '"got {"effect":"test.note","arguments":{"fever":false}}',
        ),
        (
            "UPDATE call_event SET data = jsonb_set(data, '{arguments,fever}', 'false') WHERE kind = 'effect'",
            2,
            "effect",
            'expected {"effect":"test.note","arguments":{"fever":false}}',
        ),
        ("DELETE FROM call_event WHERE kind = 'effect'", 2, "effect", 'expected "(nothing)"'),
        (
            "UPDATE call_event SET data = jsonb_set(data, '{fever,value}', 'false') WHERE kind = 'saved' AND turn = 2",
            2,
            "saved.fever.value",
            "expected false, got true",
        ),
        (
            "UPDATE call_event SET data = jsonb_set(data, '{actions,0,prompt,language}', '\"en\"') "
            "WHERE kind = 'actions' AND turn = 3",
            3,
            "actions.actions[0].prompt.language",
            'expected "en", got "vi"',
        ),
        ("DELETE FROM call_event WHERE kind = 'actions' AND turn = 4", 4, "line", 'expected "(nothing)"'),
        ("DELETE FROM call_event WHERE turn = 4", 3, "script_state.", ""),
        ("UPDATE call SET language = 'en'", 4, "language", 'expected "en", got "vi"'),
        ("UPDATE call SET end_reason = 'refused'", 4, "end_reason", 'expected "refused", got "completed"'),
        (
            "UPDATE call SET script_state = jsonb_set(script_state, '{answers,household,value}', '5')",
            4,
            "script_state.answers.household.value",
            "expected 5, got 4",
        ),
    ],
)
def test_what_comes_out_otherwise_is_told_by_turn_and_place(
    database: Database, calls: Calls, alteration: str, turn: int, what: str, told: str
) -> None:
    talk(database, calls)
    alter(database, alteration)
    (done,) = again(database)
    first = done.replay.differences[0]
    assert (done.same, first.turn) == (False, turn)
    assert first.what.startswith(what)
    assert told.lstrip('"') in str(done)


@pytest.mark.forged_calls("the stored source is altered")
def test_a_call_whose_stored_script_makes_another_revision_is_told_as_such(database: Database, calls: Calls) -> None:
    call_id = talk(database, calls)
    with database.unit() as uow:
        revision = uow.session.get_one(Call, call_id).revision
    alter(database, "UPDATE script_revision SET source = replace(source, 'Cảm ơn', 'Cám ơn')")
    (other,) = again(database)
    assert f"The stored source of revision {revision} makes " in str(other)
    outdate(database, revision)
    (broken,) = again(database)
    assert "cannot be made again" in str(broken)
    assert not broken.same


@pytest.mark.forged_calls("the log is cut off at its head, or gone")
@pytest.mark.parametrize("statement", ["DELETE FROM call_event WHERE kind = 'opened'", "DELETE FROM call_event"])
def test_a_log_without_its_beginning_is_told(database: Database, calls: Calls, statement: str) -> None:
    call_id = talk(database, calls)
    alter(database, statement)
    (done,) = again(database, call_id)
    assert str(done) == f"{call_id}: cannot be made again. Its log does not say how it was opened."


def test_what_is_no_call_is_told(database: Database) -> None:
    (done,) = again(database, UUID(int=1))
    assert str(done) == f"{UUID(int=1)}: cannot be made again. There is no such call."


@pytest.mark.capability("F1")
def test_scripts_that_differ_in_the_order_of_their_steps_alone_are_two_revisions(library: Library) -> None:
    """A script begins with its first step: a log would not make the call again on the other order."""
    source = library.script("check-in").source
    document = {name: value for name, value in source["script"].items() if name != "start"}
    one = script_from_source({**source, "script": document})
    swapped = {**document, "steps": dict(reversed(document["steps"].items()))}
    other = script_from_source({**source, "script": swapped})
    assert one.start != other.start
    assert one.revision != other.revision


# --- what did not count

DROPPED = (
    Aside(AT, "key_dropped", {"key": "7", "reason": "too_soon"}),
    Aside(AT, "superseded", {"what": "speech", "by": "keys"}),
    Aside(AT, "timer", {"what": "gap"}),
)


@pytest.mark.capability("N2")
def test_what_did_not_count_is_in_the_log_of_the_turn_and_changes_no_replay(database: Database, calls: Calls) -> None:
    call_id = talk(database, calls, KEYED[:3], DROPPED)
    with database.unit() as uow:
        lines = read_log(uow, call_id)
    kinds = [line.kind for line in lines]
    assert kinds[kinds.index("aside") :][:2] == ["aside", "event"]
    first = lines[kinds.index("aside")]
    assert first.turn == 1
    assert first.data["asides"] == [{"at": aside.at, "kind": aside.kind, **aside.data} for aside in DROPPED]
    assert again(database)[0].same


@pytest.mark.capability("N17")
def test_asides_are_in_a_transcript_only_for_those_who_ask(database: Database, calls: Calls) -> None:
    call_id = talk(database, calls, KEYED[:3], DROPPED)
    with database.unit() as uow:
        lines = read_log(uow, call_id)
    assert "person key_dropped: 7\nperson outdone: keys\nperson silent: " in as_text(transcript(lines, asides=True))
    assert "key_dropped" not in as_text(transcript(lines))


def test_a_turn_that_is_repeated_or_stale_brings_its_asides_once(database: Database, calls: Calls) -> None:
    call_id = talk(database, calls, KEYED[:3], DROPPED)
    for turn in (2, 9):
        with database.unit() as uow:
            calls.take_turn(uow, call_id, turn, keys("1"), lambda *_: b"", DROPPED)
    with database.unit() as uow:
        assert [line.turn for line in read_log(uow, call_id) if line.kind == "aside"] == [1, 2]


def test_the_end_of_a_call_brings_what_no_turn_brought(database: Database, calls: Calls) -> None:
    call_id = talk(database, calls, KEYED[:2])
    with database.unit() as uow:
        assert calls.end(uow, call_id, asides=DROPPED)
        calls.remark(uow, call_id, DROPPED[:1])
    with database.unit() as uow:
        kinds = [line.kind for line in read_log(uow, call_id)]
    assert kinds[-4:] == ["aside", "event", "note", "aside"]


@pytest.mark.capability("N2")
@pytest.mark.forged_calls("a decision is altered")
def test_what_the_recogniser_heard_is_judged_again_by_the_thresholds_of_then(database: Database, calls: Calls) -> None:
    strict = Thresholds(accept_confidence=0.99, accept_confidence_short=0.99)
    evidence = evidence_of(Heard("có", 0.98), ("có", "không"), 0.4, -20.0, strict, ("à",))
    assert evidence.decision() == "read_back"
    told = Aside(AT, "recognised", {"decision": "read_back", "evidence": evidence.to_json()})
    talk(database, calls, KEYED[:2], (told,))
    assert again(database)[0].same
    alter(
        database,
        "UPDATE call_event SET data = jsonb_set(data, '{asides,0,evidence,thresholds,accept_confidence_short}', '0.9') "
        "WHERE kind = 'aside'",
    )
    assert again(database)[0].replay.differences == (Difference(1, "decision", "read_back", "accept"),)
