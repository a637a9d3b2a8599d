"""Voice messages are kept sealed, each under a key of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text, update

from core import encryption
from core.clock import SimulatedClock
from core.database import Database
from core.encryption import KeyRing, current_ring
from core.errors import TracelineError, UserError
from core.outbox import OutboxRow
from core.rekeying import rekey
from ivr.calls.service import Calls
from ivr.messages.model import VoiceMessageRow
from ivr.messages.store import keep, sound_of
from tests.conftest import NOW
from tests.ivr.messages.conftest import SOUND, kept
from tests.ivr.world import open_call


@pytest.fixture
def ring() -> Iterator[KeyRing]:
    before = current_ring()
    yield before
    encryption.use_keys(before)


@pytest.mark.capability("A4")
def test_a_message_is_read_again_as_it_was_said(database: Database, call_id: UUID) -> None:
    message = kept(database, call_id)
    with database.unit() as uow:
        row = uow.session.get_one(VoiceMessageRow, message)
        assert sound_of(row) == SOUND
        assert (row.seconds, row.language, row.turn) == (3.2, "vi", 3)
        assert row.delete_after == NOW + timedelta(days=90)


@pytest.mark.capability("A4")
def test_nothing_of_it_is_readable_in_the_database(database: Database, call_id: UUID) -> None:
    message = kept(database, call_id)
    with database.unit() as uow:
        sealed, key = uow.session.execute(
            text("SELECT sound, key FROM voice_message WHERE id = :id"), {"id": message}
        ).one()
    assert SOUND[:64] not in bytes(sealed)
    assert key.startswith(current_ring().prefix)


def test_two_messages_of_the_same_sound_are_not_to_be_told_apart_from_outside(
    database: Database, calls: Calls, call_id: UUID
) -> None:
    first, second = kept(database, call_id), kept(database, open_call(database, calls))
    with database.unit() as uow:
        rows = [uow.session.get_one(VoiceMessageRow, message) for message in (first, second)]
        assert rows[0].key != rows[1].key
        assert rows[0].sound != rows[1].sound


def test_the_same_message_told_twice_is_kept_once(database: Database, call_id: UUID) -> None:
    assert kept(database, call_id) == kept(database, call_id)
    with database.unit() as uow:
        assert uow.session.scalar(select(func.count()).select_from(VoiceMessageRow)) == 1
        assert uow.session.scalar(select(func.count()).select_from(OutboxRow)) == 1


def test_another_message_in_the_same_turn_is_another_one(database: Database, call_id: UUID) -> None:
    assert kept(database, call_id) != kept(database, call_id, sound=SOUND[:160])


def test_a_transaction_that_fails_keeps_nothing(database: Database, call_id: UUID) -> None:
    def keep_and_fail() -> None:
        with database.unit() as uow:
            keep(uow, call_id=call_id, turn=3, ulaw=SOUND)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        keep_and_fail()
    with database.unit() as uow:
        assert uow.session.scalar(select(func.count()).select_from(VoiceMessageRow)) == 0


@pytest.mark.parametrize(("known", "sound", "told"), [(True, b"", "no sound"), (False, SOUND, "no such call")])
def test_what_cannot_be_kept_is_refused(
    database: Database, call_id: UUID, known: bool, sound: bytes, told: str
) -> None:
    with pytest.raises(UserError, match=told):
        kept(database, call_id if known else uuid4(), sound=sound)


def test_a_sound_that_was_moved_to_another_message_opens_no_more(database: Database, call_id: UUID) -> None:
    first, second = kept(database, call_id), kept(database, call_id, turn=4, sound=SOUND[:160])
    with database.unit() as uow:
        source = uow.session.get_one(VoiceMessageRow, first)
        moved = {"sound": source.sound, "key": source.key}
        uow.session.execute(update(VoiceMessageRow).where(VoiceMessageRow.id == second).values(moved))
    with database.unit() as uow, pytest.raises(TracelineError, match="altered"):
        sound_of(uow.session.get_one(VoiceMessageRow, second))


@pytest.mark.capability("C5")
def test_a_change_of_keys_takes_the_messages_along(
    database: Database, clock: SimulatedClock, call_id: UUID, ring: KeyRing
) -> None:
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    encryption.use_keys(KeyRing([old]))
    with database.unit() as uow:
        uow.session.execute(text("UPDATE call SET remote_number = :none"), {"none": KeyRing([old]).encrypt("+84")})
    message = kept(database, call_id)
    encryption.use_keys(KeyRing([new, old]))
    rekey(database)
    encryption.use_keys(KeyRing([new]))
    with database.unit() as uow:
        assert sound_of(uow.session.get_one(VoiceMessageRow, message)) == SOUND
