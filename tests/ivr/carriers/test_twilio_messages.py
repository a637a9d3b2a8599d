"""A voice message that Twilio recorded: noted in the webhook, brought here by a job."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from core.database import Database
from core.ids import new_id
from core.outbox import OutboxRow
from ivr.calls.log import read_log
from ivr.calls.service import Calls
from ivr.messages.model import VoiceMessageRow
from ivr.messages.provider import FETCH
from tests.ivr.carriers.conftest import Post
from tests.ivr.world import open_call

RECORDING = "RE" + "a" * 32


def noted(database: Database) -> list[tuple[UUID, UUID, int, str | None]]:
    with database.unit() as uow:
        rows = uow.session.scalars(select(VoiceMessageRow))
        return [(row.id, row.call_id, row.turn, row.provider_ref) for row in rows]


@pytest.mark.capability("A4")
def test_the_webhook_fetches_nothing_and_the_call_knows_the_message_by_our_id(
    database: Database, calls: Calls, post: Post
) -> None:
    call_id = open_call(database, calls)
    post(f"/twilio/voice/{call_id}", AnsweredBy="human", CallStatus="in-progress")
    for _ in range(2):
        answer = post(f"/twilio/turn/{call_id}/1?wait=message", RecordingSid=RECORDING, RecordingDuration="7")
        assert answer.status_code == 200
    ((message, call, turn, recording),) = noted(database)
    assert (call, turn, recording) == (call_id, 1, RECORDING)
    with database.unit() as uow:
        assert uow.session.scalars(select(OutboxRow.job)).all() == [FETCH]
        events = [line.data for line in read_log(uow, call_id) if line.kind == "event"]
    assert events[-1]["recording_id"] == str(message)


def test_who_hangs_up_after_speaking_has_left_a_message_also_when_the_end_is_told_first(
    database: Database, calls: Calls, post: Post
) -> None:
    call_id = open_call(database, calls)
    post(f"/twilio/voice/{call_id}", AnsweredBy="human", CallStatus="in-progress")
    post(f"/twilio/status/{call_id}", CallStatus="completed")
    post(f"/twilio/turn/{call_id}/1?wait=message", RecordingSid=RECORDING, RecordingDuration="7", Digits="hangup")
    assert [(call, recording) for _, call, _, recording in noted(database)] == [(call_id, RECORDING)]


def test_a_message_of_a_call_that_is_not_ours_is_not_noted(database: Database, post: Post) -> None:
    answer = post(f"/twilio/turn/{new_id()}/1?wait=message", RecordingSid=RECORDING, RecordingDuration="7")
    assert answer.status_code == 404
    assert noted(database) == []
