"""Whatever happens on a live line and does not count is told to the log of the call, by what and why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audio import codec
from audio.decision import Hypothesis, Thresholds, evidence_of
from audio.recogniser.listening import Heard
from audio.speech import speak, voice_of
from flows.engine.script import Script
from ivr.media.asides import AT_MOST, Asides
from tests.ivr.media.scripted import FakeRecogniser, Scene, call, heard
from tests.ivr.media.test_conversation import FEVER, FEVER_HINT, READ_BACK, THANKS, finish_by_keys


def asides(scene: Scene, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    found = [(aside.kind, dict(aside.data)) for aside in scene.turns.asides]
    return [aside for aside in found if aside[0] in kinds] if kinds else found


@pytest.mark.capability("F7", "N2")
def test_keys_that_come_while_something_must_be_heard_out_or_nothing_is_asked(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears("보건소입니다")
        scene.telephone.press("7")
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)
        await scene.telephone.hears(THANKS)
        scene.telephone.press("8")

    assert asides(call(talk, person), "key_dropped") == [
        ("key_dropped", {"key": "7", "reason": "must_be_heard_out"}),
        ("key_dropped", {"key": "8", "reason": "no_question"}),
    ]


@pytest.mark.capability("F5", "N2")
def test_a_key_pressed_twice_and_the_words_that_a_key_outdoes(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("아니요", times=3)
        await asyncio.sleep(0.5)
        scene.telephone.press("1")
        scene.telephone.press("1")
        await finish_by_keys(scene)

    assert asides(call(talk, person), "key_dropped", "superseded") == [
        ("superseded", {"what": "speech", "by": "keys"}),
        ("key_dropped", {"key": "1", "reason": "too_soon"}),
    ]


@pytest.mark.capability("F7", "N2")
@pytest.mark.parametrize("by", ["key", "speech"])
def test_a_prompt_cut_short_says_by_what_and_after_how_long(talk: Script, by: str) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears(FEVER)
        await asyncio.sleep(0.6)
        if by == "key":
            scene.telephone.press("2")
        else:
            scene.telephone.say("아니요")
            await scene.telephone.heard(READ_BACK)
            scene.telephone.press("1")
        await finish_by_keys(scene)

    first = asides(call(talk, person, recogniser=FakeRecogniser([heard("아니요")])), "barge_in")[0][1]
    assert first["by"] == by
    assert 0.6 <= first["after"] <= 2.0


@pytest.mark.capability("F6", "N2")
def test_a_cough_speech_that_fails_and_the_time_that_runs_out(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears(FEVER)
        await asyncio.sleep(0.6)
        scene.telephone.make_noise(codec.pcm_to_ulaw(speak("아니요", voice_of("ko"))[1600:3840]))
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("아니요")  # and nobody can recognise it
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([None]))
    assert asides(scene, "too_short", "speech_failed", "timer")[:3] == [
        ("too_short", {}),
        ("speech_failed", {"why": "failed"}),
        ("timer", {"what": "wait"}),
    ]


@pytest.mark.capability("F6", "N2")
def test_no_recogniser_is_free(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("아니요")
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser(free=False))
    assert asides(scene, "speech_failed")[0] == ("speech_failed", {"why": "no_recogniser"})


@pytest.mark.capability("N2")
def test_what_a_decision_rested_on(talk: Script) -> None:
    evidence = evidence_of(Hypothesis("아니요", 0.98), ("예", "아니요"), 0.5, -20.0, Thresholds(), ())

    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("아니요")
        await scene.telephone.heard(READ_BACK)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    told = Heard((Hypothesis("아니요", 0.98),), evidence.decision(), 0.5, evidence)
    scene = call(talk, person, recogniser=FakeRecogniser([told]))
    assert asides(scene, "recognised") == [
        ("recognised", {"decision": evidence.decision(), "evidence": evidence.to_json()})
    ]


@pytest.mark.capability("N2")
def test_a_hangup_takes_along_what_came_before_it(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears("보건소입니다")
        scene.telephone.press("7")
        await asyncio.sleep(0.1)
        scene.telephone.hang_up()

    assert asides(call(talk, person)) == [("key_dropped", {"key": "7", "reason": "must_be_heard_out"})]


def test_a_key_held_down_fills_no_log() -> None:
    kept = Asides(lambda: "2026-11-23T03:00:00+00:00")
    for _ in range(AT_MOST + 25):
        kept.add("key_dropped", key="1", reason="too_soon")
    taken = kept.take()
    assert len(taken) == AT_MOST + 1
    assert (taken[-1].kind, taken[-1].data) == ("more", {"number": 25})
    assert kept.take() == ()


@pytest.mark.capability("N2")
def test_however_many_keys_are_pressed_in_vain_an_answer_keeps_what_it_rests_on() -> None:
    kept = Asides(lambda: "2026-11-23T03:00:00+00:00")
    for _ in range(AT_MOST + 5):
        kept.add("key_dropped", key="1", reason="no_keys_here")
    kept.add("recognised", decision="accept", evidence={})
    assert [aside.kind for aside in kept.take()][-2:] == ["recognised", "more"]
