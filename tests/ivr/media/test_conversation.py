"""How a call on live sound goes: prompts, keys and speech at once, barge-in, silence, and every way it can break."""

from __future__ import annotations

import asyncio
import logging

import numpy as np
import pytest

from audio import codec
from audio.speech import speak, voice_of
from flows.engine.events import CallEnded, CallStarted, KeysPressed, NothingHeard, SpeechHeard
from flows.engine.script import Script
from tests.ivr.media.scripted import FakeRecogniser, Scene, call, heard

FEVER, FEVER_HINT, YEAR, COUGH = "열이 있습니까", "예는 1번", "출생 연도", "기침이"
READING, READ_BACK = "이렇게 들었습니다", "맞으면 네라고"
THANKS, AGAIN, SILENCE = "감사합니다", "듣지 못했습니다", "다시 전화드리겠습니다"
NOT_UNDERSTOOD, BY_KEYS = "잘 알아듣지", "전화기 번호로 답해"


async def finish_by_keys(scene: Scene) -> None:
    """Answer what is left, patiently."""
    await scene.telephone.heard(YEAR)
    scene.telephone.press("1970")
    await scene.telephone.heard(COUGH)
    scene.telephone.press("2")


def kinds(scene: Scene) -> list[str]:
    return [type(event).__name__ for event in scene.events]


@pytest.mark.capability("N17")
def test_a_call_by_keys_goes_from_the_first_word_to_the_last(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person)
    assert scene.answers == {"fever": True, "year": "1970", "cough": False}
    assert kinds(scene) == ["CallStarted", "KeysPressed", "KeysPressed", "KeysPressed"]
    assert scene.why == "completed"
    assert scene.telephone.closed


def test_the_last_words_are_heard_before_the_line_is_closed(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    assert any(THANKS in said for said in call(talk, person).telephone.heard_out)


@pytest.mark.capability("F7")
def test_a_key_cuts_the_question_short_at_once(talk: Script) -> None:
    pressed = []

    async def person(scene: Scene) -> None:
        await scene.telephone.hears(FEVER)
        await asyncio.sleep(0.5)
        pressed.append(asyncio.get_running_loop().time())
        scene.telephone.press("2")
        await finish_by_keys(scene)

    scene = call(talk, person)
    assert scene.answers["fever"] is False
    assert scene.telephone.log[0] == ("clear", pytest.approx(pressed[0], abs=0.001))
    assert not any(FEVER in said for said in scene.telephone.heard_out)


@pytest.mark.capability("F7")
def test_speech_cuts_the_question_short_once_it_has_lasted(talk: Script) -> None:
    spoke = []

    async def person(scene: Scene) -> None:
        await scene.telephone.hears(FEVER)
        await asyncio.sleep(0.6)
        spoke.append(asyncio.get_running_loop().time())
        scene.telephone.say("아니요")
        await scene.telephone.heard(READ_BACK)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("아니요")]))
    assert scene.answers["fever"] is False
    cut_after = scene.telephone.log[0][1] - spoke[0]
    assert 0.2 <= cut_after <= 0.5
    assert kinds(scene)[:3] == ["CallStarted", "SpeechHeard", "KeysPressed"]


@pytest.mark.capability("F7")
@pytest.mark.parametrize("line", [0, 4, 30, 100])
def test_a_cough_cuts_nothing_however_noisy_the_line(talk: Script, line: int) -> None:
    hiss = np.random.default_rng(20210501).normal(0, line, codec.ULAW_FRAME).astype("<i2").tobytes()
    cough = speak("아니요", voice_of("ko"))[1600:3840]  # 140 ms as loud as speech

    async def person(scene: Scene) -> None:
        scene.telephone.background = codec.pcm_to_ulaw(hiss)
        await scene.telephone.hears(FEVER)
        await asyncio.sleep(0.6)
        scene.telephone.make_noise(codec.pcm_to_ulaw(cough))
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person)
    assert scene.answers["fever"] is True
    assert any(FEVER in said for said in scene.telephone.heard_out)


@pytest.mark.capability("F7")
def test_what_must_be_heard_out_is_cut_by_nothing(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears("보건소입니다")
        scene.telephone.press("2")
        scene.telephone.say("아니요")
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person)
    assert "보건소입니다." in scene.telephone.heard_out
    assert scene.answers["fever"] is True


@pytest.mark.capability("F5")
def test_keys_and_speech_are_taken_at_once_and_a_key_outdoes_words_half_said(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("아니요", times=3)
        await asyncio.sleep(0.5)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person)
    assert scene.answers["fever"] is True
    assert scene.recogniser.cancelled == 1
    assert "SpeechHeard" not in kinds(scene)


@pytest.mark.capability("F5")
def test_a_key_pressed_while_the_recogniser_thinks_is_the_answer(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        await asyncio.sleep(scene.telephone.say("아니요") + 0.8)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("아니요")], seconds=1.0))
    assert scene.answers["fever"] is True


@pytest.mark.capability("A3")
def test_when_the_recogniser_dies_the_question_goes_on_by_keys(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        await asyncio.sleep(scene.telephone.say("아니요") + 1.5)
        scene.telephone.press("2")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([None]))
    assert scene.answers["fever"] is False
    assert kinds(scene) == ["CallStarted", "KeysPressed", "KeysPressed", "KeysPressed"]


@pytest.mark.capability("A3")
def test_when_the_recogniser_dies_and_no_key_comes_the_person_is_asked_again(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("아니요")
        await scene.telephone.heard(NOT_UNDERSTOOD)
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([None]))
    assert kinds(scene)[:3] == ["CallStarted", "SpeechHeard", "KeysPressed"]


@pytest.mark.capability("A3")
@pytest.mark.parametrize("recogniser", [FakeRecogniser(free=False), FakeRecogniser([None, None])], ids=["busy", "dead"])
def test_whoever_answers_aloud_while_speech_is_broken_is_asked_for_keys(
    talk: Script, recogniser: FakeRecogniser
) -> None:
    async def person(scene: Scene) -> None:
        for _ in range(2):
            await scene.telephone.heard(FEVER_HINT)
            scene.telephone.say("아니요")
            await scene.telephone.heard(NOT_UNDERSTOOD)
        await scene.telephone.heard(BY_KEYS)
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("2")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=recogniser)
    assert scene.answers == {"fever": False, "year": "1970", "cough": False}
    assert "NothingHeard" not in kinds(scene)
    assert scene.why == "completed"


@pytest.mark.capability("F6")
def test_a_question_that_nobody_answers_after_one_spoken_in_vain_is_silence_again(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("아니요")
        await scene.telephone.heard(NOT_UNDERSTOOD)
        await scene.telephone.heard(AGAIN)
        scene.telephone.hang_up()

    scene = call(talk, person, recogniser=FakeRecogniser([None]))
    assert kinds(scene) == ["CallStarted", "SpeechHeard", "NothingHeard", "CallEnded"]


@pytest.mark.capability("A3")
@pytest.mark.parametrize("with_recogniser", [False, True])
def test_without_a_recogniser_the_call_goes_by_keys(talk: Script, with_recogniser: bool) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        await asyncio.sleep(scene.telephone.say("아니요") + 1)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser(free=False), with_recogniser=with_recogniser)
    assert scene.answers["fever"] is True


def test_silence_never_reaches_a_recogniser(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        await asyncio.sleep(3)
        scene.telephone.say("네")
        await scene.telephone.heard(READ_BACK)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("네")]))
    assert len(scene.recogniser.fed) == 1
    assert scene.recogniser.fed[0] < 16000 * 1.5


@pytest.mark.capability("F6")
def test_the_time_to_answer_runs_from_the_end_of_the_prompt(talk: Script) -> None:
    ended = []

    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        ended.append(asyncio.get_running_loop().time())
        await scene.telephone.hears(AGAIN)
        ended.append(asyncio.get_running_loop().time())
        scene.telephone.hang_up()

    scene = call(talk, person)
    assert isinstance(scene.events[1], NothingHeard)
    assert 6.0 <= ended[1] - ended[0] <= 6.1


def test_the_time_to_answer_stands_still_while_somebody_speaks(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        await asyncio.sleep(5.6)
        scene.telephone.say("네 열이 있습니다", times=2)
        await scene.telephone.heard(READ_BACK)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("네")]))
    assert kinds(scene)[1] == "SpeechHeard"


def test_speech_without_end_is_cut_off_and_judged(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("저는 오늘 아침에 일어나서 열이 나는 것 같았습니다", times=8)
        await scene.telephone.hears(NOT_UNDERSTOOD)
        scene.telephone.hang_up()

    scene = call(talk, person, recogniser=FakeRecogniser([heard("", "reject")]))
    assert kinds(scene) == ["CallStarted", "SpeechHeard", "CallEnded"]
    assert scene.recogniser.fed[0] <= 16000 * 10.1


def test_when_the_sound_stops_in_mid_speech_the_call_goes_on(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        talking = asyncio.create_task(scene.telephone.line())
        scene.telephone.say("네 열이 있습니다")
        await asyncio.sleep(0.8)
        talking.cancel()
        await scene.telephone.heard(READ_BACK)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("네")]), line=False)
    assert scene.answers["fever"] is True


@pytest.mark.capability("F5")
@pytest.mark.parametrize("after", [0.01, 0.15, 0.6])
def test_a_key_pressed_once_too_often_does_not_answer_the_next_question(
    talk: Script, after: float, caplog: pytest.LogCaptureFixture
) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await scene.telephone.heard(YEAR)
        scene.telephone.press("1970")
        await asyncio.sleep(after)
        scene.telephone.press("1")
        await scene.telephone.heard(COUGH)
        scene.telephone.press("2")

    with caplog.at_level(logging.INFO):
        scene = call(talk, person)
    assert scene.answers == {"fever": True, "year": "1970", "cough": False}
    assert "event=key_dropped" in caplog.text
    assert "reason=too_soon" in caplog.text


@pytest.mark.capability("F5")
def test_keys_pressed_before_a_question_began_do_not_answer_it_however_late_it_begins(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.turns.seconds, scene.sounds.seconds = 1.5, 0.9
        scene.telephone.press("1")
        await asyncio.sleep(1.0)
        scene.telephone.press("1970")
        await scene.telephone.heard(YEAR)
        scene.telephone.press("1985")
        await scene.telephone.heard(COUGH)
        scene.telephone.press("2")

    assert call(talk, person).answers == {"fever": True, "year": "1985", "cough": False}


@pytest.mark.capability("F5")
def test_a_key_pressed_too_soon_after_a_spoken_answer_is_dropped_too(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("네")
        await scene.telephone.hears(READING)
        scene.telephone.press("2")
        await scene.telephone.heard(READ_BACK)
        await asyncio.sleep(2)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    assert call(talk, person, recogniser=FakeRecogniser([heard("네")])).answers["fever"] is True


@pytest.mark.capability("F5")
def test_after_silence_the_question_is_known_and_a_key_counts_at_once(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.turns.seconds = 0.5
        await asyncio.sleep(6.2)  # the silence is being saved
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person)
    assert kinds(scene)[:3] == ["CallStarted", "NothingHeard", "KeysPressed"]
    assert scene.answers["fever"] is True


@pytest.mark.capability("F5")
def test_the_first_question_of_a_call_takes_a_key_at_once(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears(FEVER)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    assert call(talk, person).answers["fever"] is True


def test_the_hash_after_the_last_digit_is_not_taken_for_the_next_answer(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await scene.telephone.heard(YEAR)
        scene.telephone.press("1970")
        await asyncio.sleep(0.4)
        scene.telephone.press("#")
        await scene.telephone.heard(COUGH)
        scene.telephone.press("2")

    scene = call(talk, person)
    assert scene.answers == {"fever": True, "year": "1970", "cough": False}
    assert kinds(scene) == ["CallStarted", "KeysPressed", "KeysPressed", "KeysPressed"]


def test_a_pause_between_keys_ends_the_input(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await scene.telephone.heard(YEAR)
        scene.telephone.press("19")
        await scene.telephone.heard(YEAR)
        scene.telephone.press("1970")
        await scene.telephone.heard(COUGH)
        scene.telephone.press("2")

    scene = call(talk, person)
    keyed = [event.digits for event in scene.events if isinstance(event, KeysPressed)]
    assert keyed == ["1", "19", "1970", "2"]


def test_a_carrier_that_loses_marks_stops_no_call(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        await scene.telephone.hears(AGAIN)
        await scene.telephone.hears(AGAIN)
        await scene.telephone.hears(SILENCE)

    scene = call(talk, person, loses_marks=True)
    assert kinds(scene) == ["CallStarted", "NothingHeard", "NothingHeard", "NothingHeard"]
    assert scene.why == "completed"
    assert scene.telephone.log[-1][1] < 90  # seconds, prompts and three silences included


def test_a_missing_prompt_is_a_gap_and_not_the_end(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        scene.sounds.missing.add("열이 있습니까?")
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    assert call(talk, person).answers["fever"] is True


def test_when_the_person_hangs_up_what_was_answered_stays(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await scene.telephone.hears(YEAR)
        scene.telephone.hang_up()

    scene = call(talk, person)
    assert scene.answers == {"fever": True}
    assert isinstance(scene.events[-1], CallEnded)
    assert scene.why == "hangup"


def test_when_only_the_sound_is_lost_the_call_is_not_over(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears(FEVER)
        scene.telephone.lose()

    scene = call(talk, person)
    assert kinds(scene) == ["CallStarted"]
    assert scene.turns.state.status == "active"
    assert scene.why == "lost"


def test_without_a_database_the_sound_is_ended_so_that_the_carrier_goes_on(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears(FEVER)
        scene.turns.unavailable = True
        scene.telephone.press("1")

    scene = call(talk, person)
    assert scene.why == "unavailable"
    assert scene.telephone.closed


@pytest.mark.capability("F13", "N1")
@pytest.mark.parametrize("by", ["voice", "key"])
def test_nobody_confirms_what_they_have_not_heard(talk: Script, by: str) -> None:
    """Who says yes while the other side talks is being polite."""

    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("네")
        await scene.telephone.hears(READING)
        await asyncio.sleep(0.75)
        if by == "voice":
            scene.telephone.say("네")
        else:
            scene.telephone.press("1")
        await scene.telephone.heard(READ_BACK)
        assert "fever" not in scene.answers
        scene.telephone.press("2")
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("2")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("네"), heard("네")]))
    assert scene.answers["fever"] is False
    assert len(scene.recogniser.fed) == 1


@pytest.mark.capability("N1")
def test_what_somebody_began_to_say_before_it_counted_is_not_heard_from_its_middle(talk: Script) -> None:
    """The end of "안 맞아" (not right) is "맞아" (right)."""

    async def person(scene: Scene) -> None:
        await scene.telephone.hears("보건소입니다")  # to be heard out
        scene.telephone.say("아니요 그게 아니라 안 맞아", times=2)
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("네")]))
    assert scene.recogniser.fed == []
    assert scene.recogniser.cancelled == 0
    assert scene.answers["fever"] is True


@pytest.mark.capability("N1")
def test_what_somebody_says_on_after_an_answer_does_not_answer_the_next_question(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        await asyncio.sleep(scene.telephone.say("네") + 0.45)
        scene.telephone.say("그러니까 열이 났었지요 어제 저녁부터", times=2)  # while the answer is being recognised
        await scene.telephone.heard(READ_BACK)
        scene.telephone.press("1")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("네"), heard("아니요")], seconds=0.6))
    assert kinds(scene)[:3] == ["CallStarted", "SpeechHeard", "KeysPressed"]
    assert scene.answers["fever"] is True


@pytest.mark.capability("A3")
def test_who_began_before_it_counted_and_then_waits_was_not_silent(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.hears("보건소입니다")
        scene.telephone.say("아니요 그게 아니라 안 맞아", times=2)
        await scene.telephone.heard(NOT_UNDERSTOOD)
        scene.telephone.hang_up()

    scene = call(talk, person)
    assert kinds(scene) == ["CallStarted", "SpeechHeard", "CallEnded"]
    assert any(aside.kind == "began_before" for aside in scene.turns.asides)


def test_a_call_that_is_over_stays_over_when_its_last_asides_cannot_be_kept(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        scene.turns.forgetful = True
        for question, answer in ((FEVER, "1"), ("출생", "1984"), ("기침", "2")):
            await scene.telephone.heard(question)
            scene.telephone.press(answer)
        await scene.telephone.hears("감사합니다")
        scene.telephone.press("9")  # nobody asks any more: it stands in the log alone

    scene = call(talk, person)
    assert scene.why == "completed"
    assert scene.telephone.over


@pytest.mark.capability("F13")
def test_what_was_spoken_is_read_back_before_it_is_kept(talk: Script) -> None:
    async def person(scene: Scene) -> None:
        await scene.telephone.heard(FEVER_HINT)
        scene.telephone.say("네")
        await scene.telephone.heard(READ_BACK)
        assert "fever" not in scene.answers
        await asyncio.sleep(2.5)
        scene.telephone.say("네")
        await finish_by_keys(scene)

    scene = call(talk, person, recogniser=FakeRecogniser([heard("네"), heard("네")]))
    assert scene.answers["fever"] is True
    first, second = [event for event in scene.events if isinstance(event, SpeechHeard)]
    assert first.at < second.at
    assert isinstance(scene.events[0], CallStarted)
