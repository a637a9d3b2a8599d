"""Speech begins and ends where a person would say so; silence, noise and clicks are no speech."""

import numpy as np
import pytest
from speaking import say, silence, words

from audio import codec
from audio.voice_activity import END_MS, Endpointer, Event

RNG = np.random.default_rng(20210501)


def noise(seconds: float, level: float) -> bytes:
    return np.clip(RNG.normal(0, level, round(seconds * codec.RATE)), -32768, 32767).astype("<i2").tobytes()


def mix(one: bytes, other: bytes) -> bytes:
    size = min(len(one), len(other))
    total = np.frombuffer(one[:size], "<i2").astype(int) + np.frombuffer(other[:size], "<i2")
    return np.clip(total, -32768, 32767).astype("<i2").tobytes()


def events(pcm: bytes, endpointer: Endpointer | None = None) -> list[tuple[Event, float]]:
    """Each event with the second at which it was known."""
    endpointer = endpointer or Endpointer()
    found = []
    for index, frame in enumerate(codec.frames(pcm), start=1):
        event = endpointer.feed(frame).event
        if event is not None:
            found.append((event, index * codec.FRAME_MS / 1000))
    return found


@pytest.mark.parametrize("level", [0, 20, 100, 400])
def test_silence_and_steady_noise_are_never_speech(level):
    assert events(codec.ulaw_to_pcm(codec.pcm_to_ulaw(noise(20, level)))) == []


def test_a_din_that_was_there_from_the_start_is_learnt_after_one_time_out():
    assert [event for event, _ in events(noise(30, 1500))] == [Event.SPEECH_STARTED, Event.TOO_LONG]


@pytest.mark.parametrize("milliseconds", [2, 10, 30, 60])
def test_a_click_is_no_speech(milliseconds):
    click = noise(milliseconds / 1000, 8000)
    assert events((noise(1, 20) + click) * 5) == []


def test_hum_of_the_mains_is_no_speech():
    time = np.arange(10 * codec.RATE) / codec.RATE
    hum = (np.sin(2 * np.pi * 50 * time) * 600).astype("<i2").tobytes()
    assert events(hum) == []


@pytest.mark.parametrize("background", [0, 50, 250])
@pytest.mark.parametrize(
    ("text", "language"),
    [("네", "ko"), ("아니요", "ko"), ("vâng", "vi"), ("không", "vi"), ("dạ có", "vi"), ("yes", "en"), ("no", "en")],
)
def test_a_short_answer_begins_and_ends_once_and_soon(text, language, background):
    spoken = words(text, language)
    line = mix(silence(1.0) + spoken + silence(1.5), noise(10, background))
    (start, started), (end, ended) = events(line)
    assert (start, end) == (Event.SPEECH_STARTED, Event.SPEECH_ENDED)
    until = 1.0 + codec.seconds(spoken) - 0.06
    assert started < 1.0 + 0.06 + 0.25
    assert END_MS / 1000 - 0.2 < ended - until < END_MS / 1000 + 0.1


def test_the_onset_is_handed_over_and_silence_is_not():
    spoken = words("아니요")
    endpointer = Endpointer()
    fed = b"".join(endpointer.feed(f).sound for f in codec.frames(silence(5) + spoken + silence(5)))
    assert spoken[len(spoken) // 10 : -len(spoken) // 4] in fed
    assert codec.seconds(fed) < codec.seconds(spoken) + 1.0


def test_a_pause_between_words_does_not_end_the_answer():
    spoken = words("아니요") + silence(0.1) + words("아닙니다")
    assert [event for event, _ in events(silence(1) + spoken + silence(1))] == [
        Event.SPEECH_STARTED,
        Event.SPEECH_ENDED,
    ]


def test_somebody_who_does_not_stop_is_cut_off():
    talk = words("안녕하세요 질병통제센터입니다 이 전화는 무료입니다 " * 4)
    found = events(silence(0.5) + talk, Endpointer(max_seconds=2.0))
    assert found[1][0] is Event.TOO_LONG
    assert found[1][1] - found[0][1] < 2.0


def test_the_next_answer_is_heard_like_the_first():
    assert [event for event, _ in events((silence(0.5) + say("네") + silence(0.5)) * 3)] == [
        Event.SPEECH_STARTED,
        Event.SPEECH_ENDED,
    ] * 3


def test_a_frame_of_another_length_is_refused():
    with pytest.raises(ValueError, match="320 bytes"):
        Endpointer().feed(b"\x00" * 160)
