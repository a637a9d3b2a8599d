"""Voice messages in the console: heard by those who may, and never without a line in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from admin import forms
from audio.codec import wav_to_pcm
from core.audit import AuditEntry
from core.clock import SimulatedClock
from core.database import Database
from flows.forms import Field
from ivr.messages.deletion import delete_due
from ivr.messages.model import Transcription, VoiceMessageRow
from ivr.messages.sealing import seal
from tests.admin.conftest import Visitor
from tests.admin.province import TONE, Province
from tracing.records.model import RecordAnswer

Visit = Callable[[str], Visitor]


def audited(database: Database, action: str) -> list[tuple[str, str]]:
    with database.unit() as uow:
        lines = uow.session.scalars(select(AuditEntry).where(AuditEntry.action == action))
        return [(line.login, line.subject) for line in lines]


@pytest.mark.capability("A4", "C3")
def test_a_message_is_listened_to_and_whoever_listened_is_written_down(
    province: Province, visitor: Visit, database: Database
) -> None:
    thao, address = visitor("thao"), f"/messages/{province.an.message}"
    assert address in thao.page("/messages")
    page = thao.page(address)
    assert f'src="{address}/sound.wav"' in page
    assert audited(database, "message.listen") == []  # a page that is opened plays nothing
    sound = thao.get(f"{address}/sound.wav")
    assert wav_to_pcm(sound.data).startswith(TONE)
    assert sound.headers["Cache-Control"] == "no-store"
    assert audited(database, "message.listen") == [("thao", f"message:{province.an.message}")]


@pytest.mark.capability("A4")
def test_its_words_stand_beside_it_and_on_the_page_of_the_call(
    province: Province, visitor: Visit, database: Database
) -> None:
    son = visitor("son")
    assert "being written down" in son.page(f"/messages/{province.an.message}")
    with database.unit() as uow:
        row = uow.session.get_one(VoiceMessageRow, province.an.message)
        assert row.key is not None
        row.transcript = seal(row.key, row.id, "transcript", "Tôi bị sốt từ hôm qua".encode())
        row.transcription = Transcription.DONE
    assert "Tôi bị sốt từ hôm qua" in son.page(f"/messages/{province.an.message}")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"fetched_at": None}, "carrier still has"),
        ({"lost_at": "now"}, "carrier has lost"),
        ({"transcription": "no_model"}, "no model for this language"),
    ],
)
def test_a_message_that_cannot_be_heard_or_read_says_why(
    province: Province, visitor: Visit, database: Database, values: dict[str, object], told: str
) -> None:
    with database.unit() as uow:
        values = {name: uow.now() if value == "now" else value for name, value in values.items()}
        uow.session.execute(update(VoiceMessageRow).values(**values))
    assert told in visitor("son").page(f"/messages/{province.an.message}")


def test_a_message_that_does_not_come_says_so_after_an_hour(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        uow.session.execute(update(VoiceMessageRow).values(fetched_at=None))
    thao = visitor("thao")
    assert "in a few minutes" in thao.page(f"/messages/{province.an.message}")
    with database.unit() as uow:
        uow.session.execute(update(VoiceMessageRow).values(created_at=uow.now() - timedelta(hours=2)))
    assert "has not handed this message over" in thao.page(f"/messages/{province.an.message}")


@pytest.mark.capability("N16")
def test_a_deleted_message_is_gone_and_its_proof_is_there(
    province: Province, visitor: Visit, database: Database, clock: SimulatedClock
) -> None:
    son = visitor("son")
    clock.advance(timedelta(minutes=1))
    with database.unit() as uow:
        due = VoiceMessageRow.id == province.an.message
        uow.session.execute(update(VoiceMessageRow).where(due).values(delete_after=uow.now()))
    delete_due(database, 90)
    assert "was deleted on" in son.page(f"/messages/{province.an.message}")
    assert son.get(f"/messages/{province.an.message}/sound.wav").status_code == 404
    proof = son.page("/messages/deleted")
    assert str(province.an.message) in proof
    assert "chip good" in proof
    with database.unit() as uow:
        uow.session.execute(update(VoiceMessageRow).where(due).values(sound=b"restored"))
    assert "the sound" in son.page("/messages/deleted")


@pytest.mark.parametrize("voice", [True, False])
def test_an_answer_that_is_a_voice_message_leads_to_it(province: Province, voice: bool) -> None:
    field = Field(name="more", type="recording" if voice else "text", label={"en": "More"})
    answer = RecordAnswer(field="more", value=str(province.an.message))
    assert forms.message_of(field, answer.value) == (province.an.message if voice else None)
    assert forms.message_of(field, "test-recording") is None
