"""Accept, read back or reject: only a whole phrase, of plausible length, is ever an answer."""

import json

import pytest

from audio.decision import THRESHOLDS_FILE, Hypothesis, Thresholds, decide, match, read_thresholds, syllables
from audio.decoys import DECOYS, FILLERS, decoys_for, fillers_for
from core.errors import UserError

YES_NO = ("vâng", "đúng rồi", "không", "không phải", "dạ có ạ")
LOUD = -20.0


def heard(text: str, confidence: float = 1.0, seconds: float = 0.5, energy: float = LOUD):
    return decide(Hypothesis(text, confidence), YES_NO, seconds, energy, fillers=("ừm",))


@pytest.mark.capability("N1")
@pytest.mark.parametrize(
    ("text", "confidence", "seconds", "decision"),
    [
        ("đúng rồi", 1.0, 0.6, "accept"),
        ("đúng rồi", 0.8, 0.6, "read_back"),
        ("đúng rồi", 0.2, 0.6, "reject"),
        ("vâng", 0.96, 0.3, "read_back"),
        ("vâng", 0.98, 0.3, "accept"),
        ("dạ có ạ", 0.92, 0.8, "accept"),
        ("vâng", 1.0, 1.1, "read_back"),
        ("vâng", 1.0, 2.5, "reject"),
        ("dạ có ạ", 1.0, 0.1, "reject"),
        ("vâng vâng", 1.0, 0.6, "read_back"),
        ("ừm vâng", 1.0, 0.6, "read_back"),
        ("vâng không", 1.0, 0.6, "reject"),
        ("đúng", 1.0, 0.4, "reject"),
        ("vâng rồi", 1.0, 0.6, "reject"),
        ("không biết", 1.0, 0.6, "reject"),
        ("[unk] vâng", 1.0, 0.6, "reject"),
        ("ừm", 1.0, 0.3, "reject"),
        ("", 1.0, 0.3, "reject"),
    ],
)
def test_what_is_made_of_an_answer(text, confidence, seconds, decision):
    assert heard(text, confidence, seconds) == decision


def test_nothing_heard_is_rejected():
    assert decide(None, YES_NO, 1.0, LOUD) == "reject"


def test_a_voice_in_the_background_is_no_answer():
    assert heard("đúng rồi", 1.0, 0.6, -55.0) == "reject"


def test_the_longest_whole_phrase_is_what_was_said():
    assert match("không không", ("không", "không không")).phrase == "không không"
    assert match("một hai", ("một", "hai")) is None
    assert match("một hai ba", ("một", "một hai ba")).exact


@pytest.mark.parametrize(
    ("phrase", "count"), [("네", 1), ("아니요", 3), ("không phải", 2), ("được", 1), ("yes please", 2), ("7", 1)]
)
def test_syllables_are_counted_in_each_writing(phrase, count):
    assert syllables(phrase) == count


def test_thresholds_measured_for_a_model_lie_in_its_folder(tmp_path):
    assert read_thresholds(tmp_path) == Thresholds()
    (tmp_path / THRESHOLDS_FILE).write_text(json.dumps({"accept_confidence": 0.8, "stretch": 2}))
    assert read_thresholds(tmp_path) == Thresholds(accept_confidence=0.8, stretch=2.0)


@pytest.mark.parametrize("content", ["{", "[]", '{"accept": 1}', '{"stretch": "2"}', '{"stretch": true}'])
def test_wrong_thresholds_are_refused(tmp_path, content):
    (tmp_path / THRESHOLDS_FILE).write_text(content)
    with pytest.raises(UserError, match=THRESHOLDS_FILE.replace(".", r"\.")):
        read_thresholds(tmp_path)


@pytest.mark.parametrize("language", ["vi", "en", "ko"])
def test_decoys_never_stand_in_the_way_of_an_answer(language):
    decoys = DECOYS[language]
    assert len(decoys) >= 25
    assert decoys[0] not in decoys_for(language, (decoys[0],))
    assert decoys[0] not in decoys_for(language, (f"{decoys[0]} xyz",))
    assert decoys[1] in decoys_for(language, (decoys[0],))
    assert FILLERS[language][0] not in fillers_for(language, (f"x {FILLERS[language][0]}",))
