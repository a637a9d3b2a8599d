"""A call in which somebody left a voice message."""

from __future__ import annotations

from uuid import UUID

import pytest

from core.database import Database
from ivr.calls.service import Calls
from ivr.messages.model import VoiceMessageRow
from ivr.messages.store import keep
from tests.ivr.world import open_call

SOUND = bytes(range(256)) * 100


@pytest.fixture
def call_id(database: Database, calls: Calls) -> UUID:
    return open_call(database, calls)


def kept(database: Database, call_id: UUID, turn: int = 3, sound: bytes = SOUND) -> UUID:
    """A message that was recorded on a line of ours."""
    with database.unit() as uow:
        return UUID(keep(uow, call_id=call_id, turn=turn, ulaw=sound))


def stored(database: Database, message: UUID) -> VoiceMessageRow:
    with database.unit() as uow:
        return uow.session.get_one(VoiceMessageRow, message)
