"""Recordings are published to every process at once, belong to their words, and keep their history."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from audio import codec, shelf, studio
from audio.prompts import PromptStore
from audio.shelf import Shelf
from audio.speech import Voice, speak
from audio.studio import Take, Words
from core.clock import SimulatedClock
from core.database import Database
from core.errors import UserError
from core.ids import new_id
from tests.audio.speaking import silence
from tests.conftest import NOW

HELLO = Words("vi", "interview/hello/0", "Xin chào anh chị.")
HUMAN = Voice("vi-vn-x-south", words_per_minute=150)
"""The human of these tests: another voice than the one that speaks by itself."""


def recording(text: str = HELLO.text, *, too_loud: bool = False) -> bytes:
    """A file as somebody uploads it."""
    pcm = silence(0.5) + speak(text, HUMAN) + silence(0.5)
    if too_loud:
        pcm = np.clip(8 * np.frombuffer(pcm, "<i2").astype(int), -30_000, 30_000).astype("<i2").tobytes()
    return codec.pcm_to_wav(pcm)


@pytest.fixture
def take() -> Take:
    return studio.check(HELLO, recording())


@pytest.fixture
def prompts(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PromptStore:
    monkeypatch.setattr(shelf, "FRESH_SECONDS", 0.0)
    return PromptStore(tmp_path / "prompts", tmp_path / "recordings", shelf=Shelf(database))


def publish(database: Database, take: Take, voice: str = "Chị Hoa") -> object:
    with database.unit() as uow:
        return studio.publish(uow, take, voice=voice, login="hanh")


def source(prompts: PromptStore, words: Words = HELLO) -> str:
    return prompts.describe(prompts.clip(words.language, words.text, words.clip).digest).source


@pytest.mark.capability("A1")
def test_what_is_published_is_heard_by_the_next_prompt_and_what_is_withdrawn_no_more(
    database: Database, prompts: PromptStore, take: Take
) -> None:
    before, edition = prompts.clip("vi", HELLO.text, HELLO.clip), prompts.edition()
    assert source(prompts) == "speech"
    recorded = publish(database, take)
    assert source(prompts) == "recording"
    assert prompts.edition() != edition
    heard = prompts.pcm(prompts.clip("vi", HELLO.text, HELLO.clip).digest)
    assert heard.startswith(take.pcm)
    with database.unit() as uow:
        studio.withdraw(uow, recorded, "hanh")  # type: ignore[arg-type]
    assert prompts.clip("vi", HELLO.text, HELLO.clip).digest == before.digest


@pytest.mark.capability("A1")
def test_two_machines_play_the_same_sound(database: Database, tmp_path: Path, take: Take) -> None:
    publish(database, take)
    heard = []
    for machine in ("web", "media"):
        store = PromptStore(tmp_path / machine, tmp_path / "none", shelf=Shelf(database))
        heard.append(store.ulaw(store.clip("vi", HELLO.text, HELLO.clip).digest))
    assert heard[0] == heard[1]


def test_new_words_are_said_by_the_machine_until_somebody_records_them(
    database: Database, prompts: PromptStore, take: Take
) -> None:
    publish(database, take)
    changed = Words("vi", HELLO.clip, "Kính chào quý vị.")
    assert source(prompts, changed) == "speech"
    assert source(prompts) == "recording"  # a call that began on the old words hears them as before


def test_a_second_take_replaces_the_first_and_both_are_in_the_history(
    database: Database, prompts: PromptStore, clock: SimulatedClock, take: Take
) -> None:
    publish(database, take)
    clock.advance(NOW - NOW)
    publish(database, studio.check(HELLO, recording("Xin kính chào anh chị.")), "Anh Nam")
    with database.unit() as uow:
        newest, oldest = studio.history(uow, "vi", HELLO.clip)
        assert (newest.voice, newest.withdrawn_at) == ("Anh Nam", None)
        assert (oldest.voice, oldest.withdrawn_by, oldest.published_by) == ("Chị Hoa", "hanh", "hanh")
        studio.put_back(uow, oldest.id, HELLO, "hanh")
    with database.unit() as uow:
        (played,) = studio.played(uow)["vi", HELLO.clip]
        assert played.voice == "Chị Hoa"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not sound", "cannot be read"),
        (recording("Xin chào anh chị, đây là một câu dài hơn rất nhiều so với câu cần đọc, dài quá."), "too long"),
        (recording("Xin."), "too short"),
        (codec.pcm_to_wav(silence(2.0)), "silence"),
        (recording(too_loud=True), "distorted"),
    ],
)
@pytest.mark.capability("A1")
def test_a_bad_file_is_refused_with_the_reason(content: bytes, told: str) -> None:
    with pytest.raises(UserError, match=told):
        studio.check(HELLO, content)


def test_whose_voice_it_is_must_be_said(database: Database, take: Take) -> None:
    with pytest.raises(UserError, match="whose voice"):
        publish(database, take, " ")


def test_a_recording_of_another_prompt_cannot_be_put_here(database: Database, take: Take) -> None:
    recorded = publish(database, take)
    with database.unit() as uow, pytest.raises(UserError, match="another prompt"):
        studio.put_back(uow, recorded, Words("vi", "interview/bye/0", "Chào."), "hanh")  # type: ignore[arg-type]
    with database.unit() as uow, pytest.raises(UserError, match="no such recording"):
        studio.withdraw(uow, new_id(), "hanh")


def test_while_the_database_is_away_what_was_published_goes_on_being_played(
    database: Database, prompts: PromptStore, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(database, take)
    assert source(prompts) == "recording"

    def away() -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(database, "unit", away)
    assert source(prompts) == "recording"
    assert source(prompts, Words("vi", "interview/other/0", "Tạm biệt.")) == "speech"


def test_a_process_that_never_reached_the_database_speaks(
    database: Database, prompts: PromptStore, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(database, take)

    def away() -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(database, "unit", away)
    assert source(prompts) == "speech"


def test_between_sentences_there_is_a_breath_and_in_a_phrase_there_is_none(prompts: PromptStore) -> None:
    def quiet_end(text: str) -> float:
        samples = np.abs(np.frombuffer(prompts.pcm(prompts.clip("vi", text, "a/b/0").digest), "<i2"))
        return (len(samples) - int(np.flatnonzero(samples > 300)[-1])) / codec.RATE

    phrase, comma, sentence = quiet_end("Xin chào anh"), quiet_end("Xin chào anh,"), quiet_end("Xin chào anh.")
    assert phrase < comma < sentence
    assert sentence == pytest.approx(0.27, abs=0.06)


def test_two_who_publish_the_same_words_at_once_leave_one_recording_that_is_played(
    database: Database, prompts: PromptStore, take: Take
) -> None:
    with ThreadPoolExecutor(1) as others:
        with database.unit() as uow:
            studio.publish(uow, take, voice="Chị Hoa", login="hanh")
            other = others.submit(publish, database, take, "Anh Nam")
            with pytest.raises(TimeoutError):  # it waits for the first
                other.result(0.3)
        last = other.result(10)
    with database.unit() as uow:
        assert [row.id for rows in studio.played(uow).values() for row in rows] == [last]
