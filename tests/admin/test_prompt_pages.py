"""The prompt studio: recordings are heard, refused with the reason, published, replaced, withdrawn and put back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from audio import codec, studio
from audio.bulk import file_name
from audio.speech import Voice, speak
from audio.studio import Words
from core.audit import AuditEntry
from core.database import Database
from flows.catalogue import Library
from flows.prompts import pieces_of
from tests.admin.conftest import Visitor
from tests.admin.province import RECORDED, Province
from tests.audio.speaking import silence

Visit = Callable[[str], Visitor]
HUMAN = Voice("vi-vn-x-south", words_per_minute=150)
SCRIPT = "/prompts/contact-interview/vi"
GREETING = Words("vi", "contact-interview/languages/say_each/0", "Đổi ngôn ngữ, bấm 0.")
PROMPT = f"{SCRIPT}/clip/{GREETING.clip}"


def wav(text: str) -> bytes:
    return codec.pcm_to_wav(silence(0.3) + speak(text, HUMAN) + silence(0.3))


def form(content: bytes, name: str = "take.wav", voice: str = "Chị Hoa") -> dict[str, Any]:
    return {"file": (io.BytesIO(content), name), "voice": voice}


def packed(files: dict[str, bytes]) -> dict[str, Any]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return form(out.getvalue(), "all.zip")


def played(database: Database, words: Words = GREETING) -> list[str]:
    with database.unit() as uow:
        return [recording.voice for recording in studio.played(uow).get((words.language, words.clip), [])]


@pytest.mark.capability("A1")
def test_a_recording_is_published_replaced_withdrawn_and_put_back(
    province: Province, visitor: Visit, database: Database
) -> None:
    son = visitor("son")
    assert "Nobody has recorded these words yet" in son.page(PROMPT)
    assert son.post(PROMPT, form(wav(GREETING.text))).status_code == 302
    assert son.post(PROMPT, form(wav(GREETING.text), voice="Anh Nam")).status_code == 302
    assert played(database) == ["Anh Nam"]
    son.post(f"{SCRIPT}/withdraw/{GREETING.clip}")
    assert played(database) == []
    with database.unit() as uow:
        first = list(studio.history(uow, "vi", GREETING.clip))[-1]
    son.post(f"{SCRIPT}/put-back/{GREETING.clip}", {"recording": str(first.id)})
    assert played(database) == ["Chị Hoa"]
    with database.unit() as uow:
        actions = uow.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("prompt.%"))).all()
    assert actions == ["prompt.published", "prompt.published", "prompt.withdrawn", "prompt.published"]


@pytest.mark.capability("A1")
def test_both_voices_are_heard_as_on_the_telephone(province: Province, visitor: Visit) -> None:
    son = visitor("son")
    son.post(PROMPT, form(wav(GREETING.text)))
    page = son.page(PROMPT)
    assert page.count('class="wave"') == 2
    for address in (f"{SCRIPT}/machine/{GREETING.clip}", f"/prompts/recording/{province.recording}.wav"):
        pcm = codec.wav_to_pcm(son.get(address).data)
        assert codec.ulaw_to_pcm(codec.pcm_to_ulaw(pcm)) == pcm


@pytest.mark.capability("A1")
@pytest.mark.parametrize(
    ("content", "voice", "told"),
    [
        (b"", "Chị Hoa", "no sound file"),
        (b"<html>", "Chị Hoa", "no sound file"),
        (codec.pcm_to_wav(silence(1.0)), "Chị Hoa", "nothing but silence"),
        (wav("Không."), "Chị Hoa", "too short for its words"),
        (wav(GREETING.text), " ", "whose voice"),
    ],
)
def test_a_bad_recording_is_refused_with_the_reason_and_nothing_is_published(
    province: Province, visitor: Visit, database: Database, content: bytes, voice: str, told: str
) -> None:
    response = visitor("son").post(PROMPT, form(content, voice=voice))
    assert response.status_code == 400
    assert told in response.text
    assert played(database) == []


@pytest.mark.parametrize("recording", ["", "rubbish", "01a201da-8121-77d4-b21e-f8d190b08eb3"])
def test_a_recording_that_is_not_there_cannot_be_put_back(province: Province, visitor: Visit, recording: str) -> None:
    response = visitor("son").post(f"{SCRIPT}/put-back/{GREETING.clip}", {"recording": recording})
    assert response.status_code == 400
    assert "no such recording" in response.text


def test_a_script_shows_how_much_of_it_is_recorded(province: Province, visitor: Visit, script_library: Library) -> None:
    son = visitor("son")
    words = [piece.text for piece in pieces_of(script_library.script("contact-interview")) if piece.language == "vi"]
    sayable = sum(any(sign.isalnum() for sign in text) for text in words)
    assert f"1 / {sayable}" in son.page("/prompts")
    assert "Chị Hoa" in son.page(SCRIPT)


def test_words_that_changed_are_said_by_the_machine_and_the_page_says_so(
    province: Province, visitor: Visit, database: Database
) -> None:
    with database.unit() as uow:
        old = Words("vi", GREETING.clip, "Muốn đổi ngôn ngữ thì bấm 0.")
        studio.publish(uow, studio.Take(old, silence(1.0)), voice="Chị Hoa", login="son")
    son = visitor("son")
    page = son.page(PROMPT)
    assert "It says other words" in page
    assert old.text in page
    assert "recorded with other words" in son.page(SCRIPT)


@pytest.mark.capability("A1")
def test_many_recordings_come_in_one_zip_file_or_none_of_them(
    province: Province, visitor: Visit, database: Database
) -> None:
    son, second = visitor("son"), Words("vi", "common/no_match/say/0", "Xin lỗi, tôi chưa hiểu.")
    good = {
        f"giọng Hoa/{file_name(GREETING)}.wav": wav(GREETING.text),
        f"{file_name(second)}.WAV": wav(second.text),
        "__MACOSX/._x.wav": b"",
        ".DS_Store": b"",
    }
    response = son.post(SCRIPT, packed({**good, "unknown.wav": wav("Xin chào."), f"{file_name(RECORDED)}.wav": b"x"}))
    assert response.status_code == 400
    for told in ("2 recordings are good, 2 are not", "unknown.wav", "No prompt of this script", "no sound file"):
        assert told in response.text
    assert played(database) == []
    assert son.post(SCRIPT, packed(good)).status_code == 302
    assert played(database) == played(database, second) == ["Chị Hoa"]


@pytest.mark.parametrize(
    ("upload", "told"),
    [
        (form(b"no zip", "all.zip"), "not a ZIP file"),
        (packed({}), "no recording"),
        (packed({".x": b""}), "no recording"),
    ],
)
def test_what_is_no_zip_file_of_recordings_is_refused(
    province: Province, visitor: Visit, upload: dict[str, Any], told: str
) -> None:
    response = visitor("son").post(SCRIPT, upload)
    assert response.status_code == 400
    assert told in response.text


def test_the_sheet_names_every_file_and_its_words(province: Province, visitor: Visit) -> None:
    sheet = visitor("son").get(f"{SCRIPT}/sheet.csv").text
    assert f'{file_name(GREETING)}.wav,"{GREETING.text}",machine' in sheet
    assert f'{file_name(RECORDED)}.wav,"{RECORDED.text}",recorded' in sheet


@pytest.mark.parametrize(
    "address", ["/prompts/no-such-script/vi", "/prompts/contact-interview/fr", f"{SCRIPT}/clip/no/such/clip"]
)
def test_what_is_not_there_is_not_found(province: Province, visitor: Visit, address: str) -> None:
    assert visitor("son").get(address).status_code == 404
