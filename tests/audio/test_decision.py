"""Accept, read back or reject: only a whole phrase, of plausible length, is ever an answer."""

import json

import pytest

from audio.decision import (
    Hypothesis,
    Opinion,
    Thresholds,
    decide,
    evidence_from_json,
    evidence_of,
    match,
    syllables,
)
from audio.decoys import DECOYS, FILLERS, decoys_for, fillers_for, rivals_for

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


def test_an_answer_found_in_a_part_of_the_sound_is_read_back():
    known = (Hypothesis("đúng rồi", 1.0), YES_NO, 0.6, LOUD)
    assert decide(*known, coverage=0.5) == "accept"
    assert decide(*known, coverage=0.49) == "read_back"


@pytest.mark.capability("N1")
@pytest.mark.capability("F13")
@pytest.mark.parametrize(
    ("opinion", "decision"),
    [
        (Opinion("đúng rồi", 0.6), "accept"),
        (Opinion("đúng rồi", 0.59), "read_back"),
        (Opinion("không", 1.0), "read_back"),
        (Opinion("không", 0.49), "read_back"),
        (Opinion("đúng rồi nhé", 0.5), "read_back"),
        (Opinion("đúng rồi nhé", 0.1), "read_back"),
        (Opinion("", 0.0), "read_back"),
    ],
)
def test_an_answer_is_accepted_only_if_a_second_recogniser_is_sure_of_the_same(opinion, decision):
    assert decide(Hypothesis("đúng rồi", 1.0), YES_NO, 0.6, LOUD, opinion=opinion) == decision


@pytest.mark.parametrize(
    ("confidence", "opinion", "certain"),
    [
        (1.0, Opinion("đúng rồi", 1.0), True),
        (1.0, Opinion("không", 0.4), False),
        (0.8, Opinion("đúng rồi", 1.0), False),
        (1.0, None, False),
    ],
)
def test_an_answer_is_certain_only_if_two_recognisers_agree_on_it(confidence, opinion, certain):
    best = Hypothesis("đúng rồi", confidence)
    assert evidence_of(best, YES_NO, 0.6, LOUD, Thresholds(), (), opinion=opinion).certain is certain


def test_a_decision_is_made_again_from_what_the_log_kept():
    evidence = evidence_of(Hypothesis("đúng rồi", 1.0), YES_NO, 0.6, LOUD, Thresholds(), (), 0.8, Opinion("không", 0.9))
    again = evidence_from_json(json.loads(json.dumps(evidence.to_json())))
    assert (again, again.decision()) == (evidence, "read_back")
    older = {key: value for key, value in evidence.to_json().items() if key not in ("coverage", "opinion")}
    assert evidence_from_json(older).decision() == "accept"


@pytest.mark.parametrize("language", ["vi", "en", "ko"])
def test_decoys_never_stand_in_the_way_of_an_answer(language):
    decoys = DECOYS[language]
    assert len(decoys) >= 25
    assert decoys[0] not in decoys_for(language, (decoys[0],))
    assert decoys[0] not in decoys_for(language, (f"{decoys[0]} xyz",))
    assert decoys[1] in decoys_for(language, (decoys[0],))
    assert FILLERS[language][0] not in fillers_for(language, (f"x {FILLERS[language][0]}",))


@pytest.mark.parametrize("language", ["vi", "en", "ko"])
def test_rivals_are_many_and_never_a_word_of_an_answer(language):
    rivals = rivals_for(language, (DECOYS[language][0],))
    assert len(rivals) > 200
    assert not set(DECOYS[language][0].split()).intersection(rivals)


def test_a_language_nobody_wrote_words_for_has_no_rivals():
    assert rivals_for("xx", ("x",)) == ()
