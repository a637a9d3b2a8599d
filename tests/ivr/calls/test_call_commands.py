"""`traceline call`: calls are replayed and shown from the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text

from core.audit import AuditEntry
from core.commands import CommandLine
from core.database import Database, UnitOfWork
from core.settings import Settings
from flows.catalogue import load_library
from flows.engine.events import (
    NothingHeard,
)
from flows.stubs import CONTEXT
from ivr.bench import stubbed_calls
from ivr.calls.commands import call
from ivr.calls.replaying import Replayed, replay_stored
from ivr.calls.revisions import Revisions
from ivr.calls.service import Calls
from tests.ivr.calls.test_replay import DROPPED, KEYED, alter, talk
from tests.ivr.world import AT, keys, open_call, started

line = CommandLine("traceline", commands=[call])
Run = Callable[..., Result]


@pytest.fixture
def command(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(settings.home))
    return lambda *arguments: CliRunner().invoke(line, ["call", *arguments])


def test_the_command_replays_calls_by_id_by_day_or_all(command: Run, database: Database, calls: Calls) -> None:
    first, second = talk(database, calls), talk(database, calls)
    for arguments, told in (
        ([str(first)], "1 of 1 calls"),
        ([str(first), str(second)], "2 of 2 calls"),
        (["--all"], "2 of 2 calls"),
        (["--since", "2026-11-23"], "2 of 2 calls"),
        (["--since", "2026-11-24"], "0 of 0 calls"),
    ):
        done = command("replay", *arguments)
        assert (done.exit_code, done.stdout) == (0, f"{told} replayed the same\n"), done.output


@pytest.mark.forged_calls("an answer is altered")
def test_the_command_fails_and_shows_what_differs(command: Run, database: Database, calls: Calls) -> None:
    call_id = talk(database, calls)
    alter(database, "UPDATE call SET language = 'en'")
    done = command("replay", "--all")
    assert done.exit_code == 1
    assert done.stdout == (
        f'{call_id}: differs\n  turn 4, language: expected "en", got "vi"\n0 of 1 calls replayed the same\n'
    )


@pytest.mark.capability("C3")
@pytest.mark.forged_calls("an answer is altered")
def test_what_was_said_in_a_call_is_shown_to_nobody_without_a_line_in_the_audit_log(
    command: Run, database: Database, calls: Calls
) -> None:
    talk(database, calls)
    other = talk(database, calls)
    alter(database, "UPDATE call SET language = 'en' WHERE id = :id", id=other)
    command("replay", "--all")
    with database.unit() as uow:
        entries = uow.session.scalars(select(AuditEntry)).all()
    assert [(entry.action, entry.subject, entry.login) for entry in entries] == [
        ("call.read", f"call:{other}", "(command line)")
    ]


def test_a_year_of_calls_is_replayed_in_many_transactions(
    command: Run, database: Database, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        talk(database, calls)
    monkeypatch.setattr("ivr.calls.commands.CALLS_AT_ONCE", 2)
    batches: list[int] = []

    def noted(uow: UnitOfWork, revisions: Revisions, ids: Sequence[UUID]) -> Iterator[Replayed]:
        batches.append(uow.session.scalar(text("SELECT txid_current()")) or 0)
        return replay_stored(uow, revisions, ids)

    monkeypatch.setattr("ivr.calls.commands.replay_stored", noted)
    done = command("replay", "--all")
    assert done.stdout == "3 of 3 calls replayed the same\n", done.output
    assert len(set(batches)) == 2


@pytest.mark.parametrize("arguments", [[], ["--all", "--since", "2026-11-01"], [str(UUID(int=1)), "--all"]])
def test_the_command_wants_to_know_which_calls(command: Run, arguments: list[str]) -> None:
    refused = command("replay", *arguments)
    assert (refused.exit_code, "Say which calls." in refused.output) == (1, True)


def test_the_command_shows_a_call_without_the_number_and_audits_it(
    command: Run, database: Database, calls: Calls
) -> None:
    call_id = talk(database, calls, KEYED, DROPPED)
    shown = command("show", str(call_id))
    assert shown.exit_code == 0, shown.output
    assert "912345678" not in shown.output
    assert "robot  said          Xin chào" in shown.output
    assert "person key_dropped   7 (reason too_soon)" in shown.output
    with database.unit() as uow:
        entry = uow.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject) == ("call.read", f"call:{call_id}")
    assert "There is no call" in command("show", str(UUID(int=1))).output


@pytest.mark.capability("N2")
def test_another_process_makes_the_same_calls(settings: Settings, database: Database, database_url: str) -> None:
    """Nothing rests on the order of sets, which differs from process to process."""
    calls, scripts = stubbed_calls(), load_library().scripts
    for silent, script in enumerate(sorted(scripts)):
        call_id = open_call(database, calls, script=script, context={**CONTEXT, "speech": ["vi"]})
        for turn, event in enumerate((started(), *[keys("1"), NothingHeard(AT)][: silent % 3], *[keys("2")] * 5)):
            with database.unit() as uow:
                calls.take_turn(uow, call_id, turn, event, lambda *_: b"")
    environment = {**os.environ, "DATABASE_URL": database_url, "TRACELINE_HOME": str(settings.home)}
    done = subprocess.run(
        [sys.executable, "-c", "from ivr.calls.commands import call; call()", "replay", "--all"],
        env={**environment, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (
        0,
        f"{len(scripts)} of {len(scripts)} calls replayed the same\n",
    )
