"""Prompts are made once, from a recording or from text, and a bad recording never fails a call."""

import hashlib
import multiprocessing
import os
import subprocess
import time
from itertools import product
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from speaking import silence

from audio import codec, levels
from audio.prompts import PromptItem, PromptStore
from audio.recordings import fault_of, load_recording
from audio.speech import VOICES, Voice, speak, voice_of
from core.errors import UserError

SENTENCES = {
    "vi": "Xin chào, đây là Trung tâm Kiểm soát bệnh tật tỉnh. Cuộc gọi này miễn phí.",
    "en": "Hello, this is the Centre for Disease Control. This call is free of charge.",
    "ko": "안녕하세요, 질병통제센터입니다. 이 전화는 무료입니다.",
}


@pytest.fixture
def store(tmp_path):
    return PromptStore(tmp_path / "prompts", tmp_path / "recordings")


def record(path, pcm, rate=codec.RATE):
    """Write a recording in the format of its suffix, as a person would upload it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "s16le", "-ar", str(codec.RATE), "-i", "-"]
    subprocess.run([*command, "-ar", str(rate), "-ac", "2", str(path)], input=pcm, check=True)
    return path


def spoken(text="This is a recorded prompt.", gain=1.0):
    samples = np.frombuffer(speak(text, VOICES["en"]), "<i2") * gain
    return silence(1.0) + samples.astype("<i2").tobytes() + silence(1.0)


@pytest.mark.capability("A1")
@pytest.mark.parametrize("language", ["vi", "en", "ko"])
def test_each_language_speaks_at_the_same_level_without_leading_silence(store, language):
    clip = store.clip(language, SENTENCES[language])
    pcm = store.pcm(clip.digest)
    assert 2 < clip.seconds < 9
    assert levels.speech_level(pcm) == pytest.approx(levels.TARGET_DBFS, abs=1.0)
    assert codec.rms(pcm[: 2 * 80]) < 300
    assert codec.rms(pcm[2 * 400 : 2 * 4000]) > 500


def test_words_lie_beside_the_sound(store):
    clip = store.clip("ko", "네,  안녕하세요")
    info = store.describe(clip.digest)
    assert (info.language, info.text, info.source) == ("ko", "네, 안녕하세요", "speech")
    assert info.seconds == pytest.approx(clip.seconds, abs=0.001)


def test_the_same_words_are_one_clip_and_other_words_or_voices_another(store, tmp_path):
    one = store.clip("vi", "Xin chào")
    assert store.clip("vi", "Xin  chào ") == one
    assert PromptStore(tmp_path / "prompts", tmp_path / "recordings").clip("vi", "Xin chào") == one
    assert store.clip("en", "Xin chào").digest != one.digest
    southern = PromptStore(tmp_path / "prompts", tmp_path / "r", voices={"vi": Voice("vi-vn-x-south")})
    assert southern.clip("vi", "Xin chào").digest != one.digest


def test_a_made_clip_is_not_made_again(store, tmp_path, monkeypatch):
    one = store.clip("vi", "Xin chào")
    monkeypatch.setattr("audio.prompts.speak", lambda *_: pytest.fail("spoken again"))
    assert PromptStore(tmp_path / "prompts", tmp_path / "recordings").clip("vi", "Xin chào") == one


def test_carriers_get_whole_frames_of_ulaw_and_a_wav_file(store):
    digest = store.clip("en", "Press one.").digest
    assert len(store.ulaw(digest)) % codec.ULAW_FRAME == 0
    assert codec.wav_to_pcm(store.wav(digest)) == store.pcm(digest)


def test_a_text_without_letters_is_a_short_silence(store):
    clip = store.clip("vi", " … ")
    assert 0 < clip.seconds < 0.25


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "a" * 63, "A" * 64, "g" * 64, "0" * 64, "0" * 64 + "\n"])
def test_only_digests_that_were_made_open_files(store, digest):
    for ask in (store.pcm, store.ulaw, store.wav, store.describe):
        with pytest.raises(UserError, match="no such prompt"):
            ask(digest)


def test_a_digest_cannot_lead_out_of_the_folder(tmp_path):
    (tmp_path / "secret.pcm").write_bytes(b"secret")
    (tmp_path / "secret.json").write_text('{"language": "vi", "text": "secret", "source": "speech"}')
    store = PromptStore(tmp_path / "a/prompts", tmp_path / "recordings")
    for ask in (store.pcm, store.ulaw, store.wav, store.describe):
        with pytest.raises(UserError, match="no such prompt"):
            ask("../secret")


def test_a_recording_cannot_name_another_file(tmp_path):
    record(tmp_path / "secret.wav", spoken())
    (tmp_path / "list.wav").write_text("ffconcat version 1.0\nfile secret.wav\n")
    with pytest.raises(UserError, match="cannot be read"):
        load_recording(tmp_path / "list.wav")


def test_a_language_without_a_voice_is_refused(store):
    with pytest.raises(UserError, match="no voice"):
        store.clip("tlh", "nuqneH")
    with pytest.raises(UserError, match="no text-to-speech voice"):
        speak("hello", Voice("no-such-voice"))
    assert speak("hello", voice_of("en"))


@pytest.mark.capability("A1")
@pytest.mark.parametrize(("suffix", "rate"), [(".wav", 44100), (".mp3", 44100), (".ogg", 48000), (".m4a", 16000)])
def test_a_recording_overrides_text_to_speech_and_is_normalised(store, tmp_path, suffix, rate):
    record(tmp_path / f"recordings/en/interview/hello{suffix}", spoken(gain=0.1), rate)
    clip = store.clip("en", "Hello.", "interview/hello")
    assert store.describe(clip.digest).source == "recording"
    assert store.describe(clip.digest).text == "Hello."
    assert clip.seconds == pytest.approx(codec.seconds(spoken()) - 2.0, abs=0.2)
    assert levels.speech_level(store.pcm(clip.digest)) == pytest.approx(levels.TARGET_DBFS, abs=1.5)


def test_a_recording_that_is_replaced_is_heard_at_once(store, tmp_path):
    record(tmp_path / "recordings/en/hello.wav", spoken("First take."))
    first = store.clip("en", "Hello.", "hello")
    record(tmp_path / "recordings/en/hello.wav", spoken("This is the second take, a longer one."))
    assert store.clip("en", "Hello.", "hello").digest != first.digest


@pytest.mark.capability("A1")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read"),
        (b"this is a text file", "cannot be read"),
        (codec.pcm_to_wav(spoken())[:60], "silence"),
        (codec.pcm_to_wav(b""), "cannot be read|silence"),
        (codec.pcm_to_wav(silence(2.0)), "nothing but silence"),
        (codec.pcm_to_wav(spoken()[2 * 9000 : 2 * 9040]), "too short"),
        (codec.pcm_to_wav(spoken() * 60), "longer than"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "cannot be read"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "cannot be read"),
    ],
)
def test_a_bad_recording_is_refused_with_the_reason_and_replaced_by_speech_in_a_call(
    store, tmp_path, caplog, content, reason
):
    path = tmp_path / "recordings/en/hello.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason):
        load_recording(path)
    clip = store.clip("en", "Hello.", "hello")
    assert store.describe(clip.digest).source == "speech"
    assert "recording_unusable" in caplog.text


def test_a_recording_that_is_not_there_is_replaced_by_speech(store, tmp_path):
    assert store.describe(store.clip("en", "Hello.", "hello").digest).source == "speech"
    with pytest.raises(UserError, match="cannot be read"):
        load_recording(tmp_path / "gone.wav")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "", "a//b", ".hidden"])
def test_a_clip_name_cannot_leave_the_folder_of_recordings(store, tmp_path, name):
    record(tmp_path / "secret.wav", spoken())
    assert store.describe(store.clip("en", "Hello.", name).digest).source == "speech"


def test_prompts_are_made_ahead_with_progress(store):
    seen = []
    items = [PromptItem(language, text) for language, text in SENTENCES.items()]
    assert store.warm(items, lambda done, total: seen.append((done, total))) == 3
    assert seen == [(1, 3), (2, 3), (3, 3)]


def _make_many(folder, texts, results):
    store = PromptStore(folder / "prompts", folder / "recordings")
    results.put([(clip.digest, len(store.pcm(clip.digest))) for clip in (store.clip("vi", text) for text in texts)])


def test_processes_making_the_same_prompts_at_once_agree(tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    texts = [f"Số thứ tự của anh chị là {number}." for number in range(20)]
    workers = [context.Process(target=_make_many, args=(tmp_path, texts, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    first, second = results.get(timeout=60), results.get(timeout=60)
    for worker in workers:
        worker.join()
    assert first == second
    files = [path.name for path in (tmp_path / "prompts").rglob("*") if path.is_file()]
    assert len(files) == 41  # a sound and its words for each, and the secret
    assert not [name for name in files if name.startswith(".making-")]
    store = PromptStore(tmp_path / "prompts", tmp_path / "recordings")
    assert {store.describe(digest).text for digest in store.digests()} == set(texts)


NAME = "Nguyễn Văn An"


def not_used_for(folder, days):
    """As if nobody had asked for any of the clips since."""
    at = time.time() - days * 24 * 3600
    for path in folder.rglob("*.*"):
        os.utime(path, (at, at))


@pytest.mark.capability("I9")
def test_whoever_knows_a_name_cannot_find_out_whether_it_was_spoken(store, tmp_path):
    digest = store.clip("vi", NAME).digest
    guesses = product(("\0", " ", "", "\n"), ("1", "2"), ("vi 170 50", "vi"))
    assert digest not in [
        hashlib.sha256(glue.join((rendering, "speech", "vi", voice, NAME)).encode()).hexdigest()
        for glue, rendering, voice in guesses
    ]
    elsewhere = PromptStore(tmp_path / "another installation", tmp_path / "recordings")
    assert elsewhere.clip("vi", NAME).digest != digest


def test_the_secret_of_the_prompts_is_its_owners_alone(store, tmp_path):
    secret = tmp_path / "prompts" / "secret"
    assert len(secret.read_bytes()) == 32
    assert secret.stat().st_mode & 0o777 == 0o600
    before = secret.read_bytes()
    PromptStore(tmp_path / "prompts", tmp_path / "recordings")
    assert secret.read_bytes() == before


def test_no_name_stands_in_clear_beside_its_sound(store, tmp_path):
    clip = store.clip("vi", NAME)
    assert store.describe(clip.digest).text == NAME
    for path in (tmp_path / "prompts").rglob("*.json"):
        assert "Nguy" not in path.read_text()


def test_names_that_nobody_has_called_for_a_month_are_removed_and_fixed_prompts_are_not(store, tmp_path):
    name = store.clip("vi", NAME).digest
    fixed = store.clip("vi", "Xin chào.", "interview/hello").digest
    not_used_for(tmp_path / "prompts", days=29)
    assert store.clear_away() == 0
    not_used_for(tmp_path / "prompts", days=31)
    assert store.clear_away() == 1
    assert list(PromptStore(tmp_path / "prompts", tmp_path / "recordings").digests()) == [fixed]
    assert not list((tmp_path / "prompts").rglob(f"{name}*"))


def test_a_name_that_is_still_called_is_kept(store, tmp_path, monkeypatch):
    name = store.clip("vi", NAME)
    not_used_for(tmp_path / "prompts", days=31)
    PromptStore(tmp_path / "prompts", tmp_path / "recordings").clip("vi", NAME)
    assert store.clear_away() == 0
    not_used_for(tmp_path / "prompts", days=31)
    tomorrow = time.time() + 25 * 3600
    monkeypatch.setattr("audio.prompts.time.time", lambda: tomorrow)  # the process that made it is still running
    assert store.clip("vi", NAME) == name
    assert store.clear_away() == 0


def test_a_name_that_was_removed_is_spoken_anew(store, tmp_path, monkeypatch):
    name = store.clip("vi", NAME)
    not_used_for(tmp_path / "prompts", days=31)
    assert PromptStore(tmp_path / "prompts", tmp_path / "recordings").clear_away() == 1
    later = time.time() + 31 * 24 * 3600
    monkeypatch.setattr("audio.prompts.time.time", lambda: later)
    assert store.clip("vi", NAME).digest == name.digest
    assert store.describe(name.digest).text == NAME


def test_the_linter_is_told_what_is_wrong_with_a_recording(tmp_path: Path) -> None:
    (tmp_path / "vi").mkdir()
    assert fault_of(tmp_path, "vi", "hello") is None
    (tmp_path / "vi" / "hello.wav").write_bytes(b"not sound")
    fault = fault_of(tmp_path, "vi", "hello")
    assert fault is not None
    assert "hello.wav" in fault


def test_a_recording_of_many_channels_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    path, decoded = tmp_path / "hall.flac", []
    path.parent.mkdir(parents=True, exist_ok=True)
    silent = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi"]
    subprocess.run([*silent, "-i", "anullsrc=r=48000:cl=7.1", "-t", "150", str(path)], check=True)
    run = subprocess.run

    def measured(*args, **kwargs):
        done = run(*args, **kwargs)
        decoded.append(len(done.stdout))
        return done

    monkeypatch.setattr(subprocess, "run", measured)
    with pytest.raises(UserError, match="8 channels"):
        load_recording(path)
    assert max(decoded) < 40_000_000
