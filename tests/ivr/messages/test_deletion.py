"""Voice messages are deleted on their day, and it can be proven."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.settings import Settings
from ivr.messages.commands import messages
from ivr.messages.deletion import Proof, delete_due, overdue, proofs
from ivr.messages.model import VoiceMessageRow
from ivr.messages.sealing import new_key
from tests.ivr.messages.conftest import SOUND, kept, stored

DAYS = 90


def proven(database: Database) -> list[Proof]:
    with database.unit() as uow:
        return list(proofs(uow))


@pytest.mark.capability("A4", "N16")
def test_a_message_is_there_until_its_day_and_gone_after_it(
    database: Database, clock: SimulatedClock, call_id: UUID
) -> None:
    message = kept(database, call_id)
    clock.advance(timedelta(days=DAYS) - timedelta(seconds=1))
    assert delete_due(database, DAYS) == 0
    assert stored(database, message).sound is not None
    clock.advance(timedelta(seconds=1))
    assert delete_due(database, DAYS) == 1
    row = stored(database, message)
    assert (row.sound, row.key, row.transcript) == (None, None, None)
    assert row.deleted_at == clock.now()
    assert delete_due(database, DAYS) == 0


@pytest.mark.capability("N16")
def test_the_proof_names_what_was_there_when_it_was_due_and_that_nothing_is_left(
    database: Database, clock: SimulatedClock, call_id: UUID
) -> None:
    message = kept(database, call_id)
    due = clock.now() + timedelta(days=DAYS)
    clock.advance(timedelta(days=DAYS, minutes=5))
    delete_due(database, DAYS)
    (proof,) = proven(database)
    assert (proof.message, proof.due, proof.deleted_at) == (message, due, clock.now())
    assert proof.sha256 == hashlib.sha256(SOUND).hexdigest()
    assert proof.left == ()


@pytest.mark.capability("N16")
@pytest.mark.parametrize("part", ["sound", "key", "transcript"])
def test_the_proof_finds_whatever_came_back(
    database: Database, clock: SimulatedClock, call_id: UUID, part: str
) -> None:
    kept(database, call_id)
    clock.advance(timedelta(days=DAYS))
    delete_due(database, DAYS)
    with database.unit() as uow:
        uow.session.execute(update(VoiceMessageRow).values({part: new_key() if part == "key" else b"restored"}))
    assert proven(database)[0].left == (part,)


def test_the_proof_finds_the_same_sound_under_another_message(
    database: Database, clock: SimulatedClock, call_id: UUID
) -> None:
    kept(database, call_id)
    clock.advance(timedelta(days=DAYS))
    delete_due(database, DAYS)
    kept(database, call_id, turn=9)
    assert proven(database)[0].left == ("the same sound under another message",)


@pytest.mark.capability("N16")
def test_more_deletions_are_proven_than_a_statement_has_room_for(database: Database, call_id: UUID) -> None:
    with database.unit() as uow:
        uow.session.execute(
            text(
                "INSERT INTO audit_entry (at, login, address, action, subject, detail) "
                "SELECT now(), '', '', 'message.deleted', 'message:' || gen_random_uuid(), "
                "jsonb_build_object('due', now()::text, 'sha256', md5(n::text)) FROM generate_series(1, 66000) n"
            )
        )
    assert {proof.left for proof in proven(database)} == {()}


def test_a_shorter_time_counts_for_messages_that_are_there_and_a_longer_one_does_not(
    database: Database, clock: SimulatedClock, call_id: UUID
) -> None:
    kept(database, call_id)
    clock.advance(timedelta(days=30))
    assert delete_due(database, 365) == 0
    assert delete_due(database, 30) == 1
    kept(database, call_id, turn=4)
    clock.advance(timedelta(days=DAYS))
    assert delete_due(database, 365) == 1


def test_the_line_of_a_deletion_cannot_be_taken_back(database: Database, clock: SimulatedClock, call_id: UUID) -> None:
    kept(database, call_id)
    clock.advance(timedelta(days=DAYS))
    delete_due(database, DAYS)

    def forge() -> None:
        with database.unit() as uow:
            uow.session.execute(text("DELETE FROM audit_entry WHERE action = 'message.deleted'"))

    with pytest.raises(DBAPIError, match="cannot be changed"):
        forge()


def test_a_message_past_its_day_is_told(database: Database, clock: SimulatedClock, call_id: UUID) -> None:
    kept(database, call_id)
    clock.advance(timedelta(days=DAYS, hours=2))
    with database.unit() as uow:
        assert overdue(uow, DAYS) == 1


def test_a_message_that_a_shorter_time_should_have_deleted_is_told_as_well(
    database: Database, clock: SimulatedClock, call_id: UUID
) -> None:
    kept(database, call_id)
    clock.advance(timedelta(days=30, hours=2))
    with database.unit() as uow:
        assert (overdue(uow, DAYS), overdue(uow, 30)) == (0, 1)


@pytest.fixture
def run(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("TRACELINE_HOME", str(settings.home))
    return CliRunner()


@pytest.mark.capability("N16")
def test_the_command_proves_it_and_fails_when_something_is_left(
    run: CliRunner, database: Database, clock: SimulatedClock, call_id: UUID
) -> None:
    message = kept(database, call_id)
    with database.unit() as uow:  # the command reads the machine's clock
        uow.session.execute(update(VoiceMessageRow).values(delete_after=uow.now() - timedelta(days=400)))
    clock.advance(timedelta(seconds=1))
    delete_due(database, DAYS)
    shown = run.invoke(messages, ["proof", "--since", "2026-11-01", "--json"], catch_exceptions=False)
    assert json.loads(shown.output)["message"] == str(message)
    assert "backups" in run.invoke(messages, ["proof"], catch_exceptions=False).output
    with database.unit() as uow:
        uow.session.execute(update(VoiceMessageRow).values(sound=b"restored"))
    with pytest.raises(UserError, match="1 of 1 deleted messages"):
        run.invoke(messages, ["proof"], catch_exceptions=False)


def test_a_wrong_day_is_refused(run: CliRunner, database: Database) -> None:
    with pytest.raises(UserError, match="not a day"):
        run.invoke(messages, ["proof", "--since", "yesterday"], catch_exceptions=False)
