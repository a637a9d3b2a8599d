"""Thresholds come from recordings by a stated rule, and too few recordings set none."""

import csv
import json
import wave

import numpy as np
import pytest
from click.testing import CliRunner
from speaking import words

from audio.calibration import commands as calibration
from audio.calibration import fit
from audio.calibration.commands import commands
from audio.calibration.fit import Heard, choose, judge, needed, points, upper_bound
from audio.calibration.report import figures
from audio.calibration.samples import Sample, find_samples, read_sound
from audio.decision import Hypothesis, Opinion, Thresholds, evidence_of
from audio.models.registry import Model, find_models
from audio.thresholds import read_thresholds
from core.errors import UserError

ANSWERS = (("네", "예"), ("아니요",))
OFF_LIST = ("여보세요", "서울에서 왔어요", "노래", "기침", "배가 고파서요", "모르겠어요", "하노이에 살아요", "십이월")


def save(file, pcm, rate=8000, channels=1, width=2):
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(pcm)


def heard(given, text, confidence=1.0, opinion=None, kind="all", second=1.0):
    """A recording of the answer `given` (None: off-list) in which the recogniser found `text`."""
    sample = Sample(None, ANSWERS, given, kind)
    best = Hypothesis(text, confidence) if text else None
    found = Opinion(opinion or text, second)
    return Heard(sample, evidence_of(best, sample.phrases, 0.4, -20.0, Thresholds(), (), 1.0, found))


# --- recordings


def test_a_folder_of_folders_holds_answers_with_their_wordings_and_speech_off_the_list(tmp_path):
    for folder in ("네=예", "아니요", "off-list"):
        save(tmp_path / folder / "1.wav", bytes(1600))
    (tmp_path / "네=예/notes.txt").write_text("not a recording")
    found = {sample.file.parent.name: sample for sample in find_samples(tmp_path)}
    assert len(found) == 3
    assert found["네=예"].answers[found["네=예"].given] == ("네", "예")
    assert found["off-list"].given is None
    assert set(found["아니요"].phrases) == {"네", "예", "아니요"}


def test_a_list_names_file_and_answer_and_the_kind_of_question(tmp_path):
    with (tmp_path / "list.csv").open("w", encoding="utf-8", newline="") as text:
        rows = [
            ["file", "said", "choices", "kind"],
            ["a.wav", "예", "네=예|아니요", "yes_no"],
            ["b.wav", "", "집|회사", ""],
        ]
        csv.writer(text).writerows(rows)
    first, second = find_samples(tmp_path / "list.csv")
    assert (first.file, first.given, first.kind) == (tmp_path / "a.wav", 0, "yes_no")
    assert (second.given, second.answers, second.kind) == (None, (("집",), ("회사",)), "all")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no column choices, file, said"),
        ("file,said\na.wav,네\n", "no column choices"),
        ("file,said,choices\n,네,네\n", "Line 2"),
        ("file,said,choices\na.wav,네,\n", "Line 2"),
        ("file,said,choices\n", "no recordings"),
    ],
)
def test_a_list_that_says_too_little_is_refused(tmp_path, content, reason):
    (tmp_path / "list.csv").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=reason):
        find_samples(tmp_path / "list.csv")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="no recordings"):
        find_samples(tmp_path)


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda file: file.write_bytes(b"not sound"), "no WAV file"),
        (lambda file: file.write_bytes(b""), "no WAV file"),
        (lambda file: save(file, bytes(1600), channels=2), "16 bit with one channel"),
        (lambda file: save(file, bytes(1600), width=1), "16 bit with one channel"),
        (lambda file: save(file, b""), "is empty"),
        (lambda file: save(file, bytes(2 * 8000 * 31)), "longer than 30"),
        (lambda file: None, "cannot be read"),
    ],
)
def test_a_bad_recording_is_refused_by_name(tmp_path, write, reason):
    write(tmp_path / "bad.wav")
    with pytest.raises(UserError, match=rf"bad\.wav.*{reason}"):
        read_sound(tmp_path / "bad.wav")


def test_recordings_of_any_rate_are_heard_at_that_of_the_telephone(tmp_path):
    save(tmp_path / "a.wav", bytes(2 * 16_000), rate=16_000)
    assert len(read_sound(tmp_path / "a.wav")) == pytest.approx(2 * 8000, abs=100)


# --- the rule


def test_the_bound_is_the_upper_end_of_a_one_sided_wilson_interval():
    assert upper_bound(0, 133) == pytest.approx(0.0199, abs=1e-4)
    assert upper_bound(5, 100) == pytest.approx(0.0990, abs=1e-3)
    assert upper_bound(0, 0) == 1.0
    assert needed(0.02) == 133
    assert upper_bound(0, needed(0.01)) <= 0.01 < upper_bound(0, needed(0.01) - 1)


@pytest.mark.parametrize(
    ("given", "text", "confidence", "opinion", "verdict"),
    [
        (0, "예", 1.0, None, ("accept", True)),
        (1, "예", 1.0, None, ("accept", False)),
        (None, "예", 1.0, None, ("accept", False)),
        (0, "예", 1.0, "에", ("read_back", True)),
        (0, "예", 0.5, None, ("read_back", True)),
        (0, "", 0.0, None, ("reject", False)),
    ],
)
def test_a_recording_is_judged_as_a_call_would_be(given, text, confidence, opinion, verdict):
    judged = judge(heard(given, text, confidence, opinion), Thresholds())
    assert (judged.decision, judged.right) == verdict


def test_where_nobody_was_heard_nothing_is_accepted():
    assert judge(Heard(Sample(None, ANSWERS, 0), None), Thresholds()).decision == "unheard"


@pytest.mark.capability("N1")
def test_the_most_answers_are_accepted_that_the_bound_allows():
    answers = [heard(0, "예", confidence=c) for c in (1.0, 0.96, 0.91, 0.85) for _ in range(40)]
    sound_alikes = [heard(None, "예", confidence=0.87) for _ in range(10)]
    all_heard = answers + sound_alikes + [heard(None, "") for _ in range(140)]
    thresholds, accepts = choose(all_heard, points(all_heard), bound=0.02)
    assert accepts
    accepted = [judge(one, thresholds) for one in all_heard if judge(one, thresholds).decision == "accept"]
    assert all(verdict.right for verdict in accepted)
    assert len(accepted) == 80  # those above 0.95: with the next lower step of the grid, the sound-alikes come in
    lax, _ = choose(all_heard, points(all_heard), bound=0.2)
    assert sum(judge(one, lax).decision == "accept" for one in all_heard) > 80


@pytest.mark.capability("N1")
@pytest.mark.parametrize(
    ("answers", "off_list"),
    [
        ([heard(0, "예")] * 2000, [heard(None, "예")] * 20 + [heard(None, "")] * 113),
        ([heard(0, "예")] * 113 + [heard(1, "예")] * 20, [heard(None, "")] * 2000),
    ],
    ids=["many answers", "much off the list"],
)
def test_many_good_recordings_do_not_make_a_bad_share_look_small(answers, off_list):
    """20 of 133 is not "at most 2 %", however many others there are."""
    all_heard = [*answers, *off_list]
    thresholds, accepts = choose(all_heard, points(all_heard), bound=0.02)
    assert not accepts
    assert "accept" not in {judge(one, thresholds).decision for one in all_heard}
    everything = figures(all_heard, Thresholds())[-1]
    assert max(everything.accepted_wrong_at_most, everything.off_list_accepted_at_most) > 0.2


@pytest.mark.capability("N1")
def test_how_sure_a_second_recogniser_must_be_is_measured_too():
    sure = [heard(0, "예", second=0.95) for _ in range(140)]
    all_heard = [*sure, *(heard(None, "예", second=0.7) for _ in range(10)), *(heard(None, "") for _ in range(140))]
    thresholds, accepts = choose(all_heard, points(all_heard))
    assert accepts
    assert thresholds.second_confidence > 0.7
    (everything,) = figures(all_heard, thresholds)[-1:]
    assert (everything.off_list_accepted, everything.off_list_accepted_by_one) == (0, 10)


def test_measuring_alone_sets_nothing(tmp_path, monkeypatch):
    enough = [heard(0, "예")] * 140 + [heard(None, "")] * 140
    monkeypatch.setenv("TRACELINE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(calibration, "find_models", lambda folder: {"ko": Model("ko", tmp_path, "m", "folder", True)})
    monkeypatch.setattr(calibration, "_hear", lambda samples, language, model: enough)
    save(tmp_path / "recordings/예/1.wav", bytes(1600))
    assert calibrate(tmp_path / "recordings", "--dry-run").exit_code == 0
    assert not (tmp_path / "models").exists()
    assert calibrate(tmp_path / "recordings").exit_code == 0
    assert (tmp_path / "models/thresholds.ko.json").exists()


@pytest.mark.capability("N1")
def test_when_no_thresholds_hold_the_bound_nothing_is_accepted_by_voice():
    all_heard = [heard(0, "예")] * 60 + [heard(None, "예")] * 60
    thresholds, accepts = choose(all_heard, points(all_heard))
    assert not accepts
    assert {judge(one, thresholds).decision for one in all_heard} == {"read_back"}


def test_the_figures_count_each_kind_of_question_apart():
    all_heard = [heard(0, "예", kind="yes_no"), heard(1, "예", kind="yes_no"), heard(None, "", kind="choice")]
    yes_no, choice, everything = figures(all_heard, Thresholds())
    assert (yes_no.answers, yes_no.accepted, yes_no.understood, yes_no.accepted_wrong) == (2, 1.0, 0.5, 1)
    assert (choice.answers, choice.off_list, choice.off_list_accepted) == (0, 1, 0)
    assert (everything.kind, everything.answers, everything.off_list) == ("all", 2, 1)


# --- the command


def record(folder, copies):
    """Recordings of a synthetic voice, each with a little noise of its own."""
    chance = np.random.default_rng(1)
    said = {"네=예": ("네", "예"), "아니요=아뇨": ("아니요", "아뇨"), "off-list": OFF_LIST}
    for name, texts in said.items():
        for number in range(copies if name == "off-list" else copies // 2):
            clip = np.frombuffer(words(texts[number % len(texts)]), "<i2").astype(float)
            noisy = clip + chance.normal(0, 40, len(clip))
            save(folder / name / f"{number}.wav", noisy.clip(-32768, 32767).astype("<i2").tobytes())


def calibrate(*arguments):
    return CliRunner().invoke(commands[0], ["calibrate", *map(str, arguments), "--language", "ko"])


@pytest.mark.patient
@pytest.mark.capability("N1")
def test_recordings_are_measured_and_thresholds_set_with_a_plot(tmp_path, korean_model, monkeypatch):
    monkeypatch.setenv("TRACELINE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("COLUMNS", "200")
    record(tmp_path / "recordings", 140)
    done = calibrate(tmp_path / "recordings", "--plot", tmp_path / "plot.svg")
    assert done.exit_code == 0, done.output
    assert "by one recogniser" in done.output
    model = find_models(tmp_path / "models")["ko"].path
    assert read_thresholds(tmp_path / "models", "ko", model) is not None
    measured = json.loads((tmp_path / "models/thresholds.ko.json").read_text())["measured"]
    assert (measured["answers"], measured["off_list"]) == (140, 140)
    assert measured["accepted_wrong_at_most"] <= fit.MAX_FALSE_ACCEPTANCE
    assert measured["off_list_accepted_at_most"] <= fit.MAX_FALSE_ACCEPTANCE
    assert "<svg" in (tmp_path / "plot.svg").read_text()


@pytest.mark.patient
def test_too_few_recordings_are_measured_but_set_nothing_and_it_says_how_many_it_takes(
    tmp_path, korean_model, monkeypatch
):
    monkeypatch.setenv("TRACELINE_MODELS", str(tmp_path / "models"))
    record(tmp_path / "recordings", 8)
    refused = calibrate(tmp_path / "recordings")
    assert isinstance(refused.exception, UserError)
    assert refused.exception.message == "Too few recordings to set thresholds: 8 answers and 8 off-list."
    assert "133 answers and 133 off-list" in refused.exception.hint
    assert "all" in refused.output
    assert not (tmp_path / "models").exists()


def test_bad_recordings_are_all_named_before_anything_is_loaded(tmp_path, korean_model, monkeypatch):
    monkeypatch.setenv("TRACELINE_MODELS", str(tmp_path / "models"))
    (tmp_path / "recordings/네").mkdir(parents=True)
    for name in ("a.wav", "b.wav"):
        (tmp_path / "recordings/네" / name).write_bytes(b"rubbish")
    refused = calibrate(tmp_path / "recordings")
    for name in ("a.wav", "b.wav"):
        assert name in refused.exception.message


def test_a_language_without_a_model_cannot_be_calibrated(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACELINE_MODELS", str(tmp_path))
    refused = CliRunner().invoke(commands[0], ["calibrate", str(tmp_path), "--language", "vi"])
    assert "traceline models install vi" in refused.exception.hint
