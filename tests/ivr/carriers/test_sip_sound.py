"""The gateway's sound: what is queued for the caller, what the caller says, and keys that come as tones."""

from __future__ import annotations

import numpy as np
import pytest

from audio.codec import PCM_FRAME, PCM_SILENCE, RATE, frames, rms
from audio.speech import speak, voice_of
from ivr.carriers.sip.admission import Admission
from ivr.carriers.sip.comfort import comfort_noise
from ivr.carriers.sip.downlink import LONGEST, Downlink
from ivr.carriers.sip.inband import InbandKeys
from ivr.carriers.sip.uplink import LONGEST as LONGEST_UP
from ivr.carriers.sip.uplink import Uplink
from tests.ivr.carriers.tones import KEYS, tones

A, B, C = (bytes([value]) * 160 for value in (1, 2, 3))


# --- down


def test_a_mark_is_reached_when_the_telephone_has_played_what_stands_before_it() -> None:
    queue = Downlink()
    queue.sound(A + B)
    queue.mark("first")
    queue.sound(C)
    queue.mark("second")
    assert (queue.take(), queue.take()) == (A, B)
    assert queue.reached(buffered=1) == []
    assert queue.reached(buffered=0) == ["first"]
    assert queue.take() == C
    assert queue.reached(buffered=0) == ["second"]
    assert queue.take() is None


def test_a_mark_with_nothing_before_it_is_reached_at_once() -> None:
    queue = Downlink()
    queue.mark("now")
    assert queue.reached(buffered=0) == ["now"]


def test_clearing_throws_sound_away_and_reaches_its_marks_in_order() -> None:
    queue = Downlink()
    queue.sound(A + B)
    queue.mark("one")
    queue.mark("two")
    queue.take()
    assert queue.clear() == ["one", "two"]
    assert queue.take() is None
    queue.sound(C)
    queue.mark("three")
    assert queue.take() == C
    assert queue.reached(buffered=0) == ["three"]


def test_sound_without_end_is_not_kept_and_its_marks_come_back_all_the_same() -> None:
    queue = Downlink()
    queue.sound(A * (LONGEST + 500))
    queue.mark("end")
    taken = 0
    while queue.take() is not None:
        taken += 1
    assert taken == LONGEST
    assert queue.reached(buffered=0) == ["end"]


# --- up


def sample(value: int) -> bytes:
    return np.full(160, value, dtype="<i2").tobytes()


def test_every_tick_has_a_frame_though_sound_comes_in_lumps() -> None:
    uplink = Uplink()
    uplink.heard(sample(1))
    assert uplink.frame() == PCM_SILENCE  # the cushion fills
    uplink.heard(sample(2))
    assert uplink.frame() == sample(1)
    assert uplink.frame() == sample(2)
    uplink.heard(sample(3) + sample(4))
    assert [uplink.frame(), uplink.frame()] == [sample(3), sample(4)]


def test_while_nothing_comes_there_is_silence_and_time_goes_on() -> None:
    uplink = Uplink()
    uplink.heard(sample(1) * 2)
    assert [uplink.frame() for _ in range(5)] == [sample(1), sample(1), PCM_SILENCE, PCM_SILENCE, PCM_SILENCE]


def test_a_telephone_with_a_faster_clock_is_never_far_behind() -> None:
    uplink = Uplink()
    for value in range(30):
        uplink.heard(sample(value))
    assert uplink.dropped == 30 - LONGEST_UP
    assert uplink.frame() == sample(30 - LONGEST_UP)


def test_a_caller_whose_line_is_lost_hears_a_quiet_room() -> None:
    noise = comfort_noise()
    assert {len(frame) for frame in noise} == {PCM_FRAME}
    assert all(20 < rms(frame) < 80 for frame in noise)


# --- keys as tones


def pause(milliseconds: int = 70) -> bytes:
    return bytes(2 * RATE * milliseconds // 1000)


def keys_in(pcm: bytes) -> str:
    hearing = InbandKeys()
    return "".join(hearing.hear(frame) for frame in frames(pcm + pause()))


@pytest.mark.parametrize("off", [0.0, 0.01, -0.01])
def test_every_key_is_heard_once_with_the_tolerance_of_the_standard(off: float) -> None:
    assert keys_in(b"".join(tones(key, off=off) + pause() for key in KEYS)) == KEYS


def test_a_key_pressed_twice_counts_twice_and_one_that_is_held_once() -> None:
    assert keys_in(tones("5") + pause() + tones("5")) == "55"
    assert keys_in(tones("5", milliseconds=2000)) == "5"


@pytest.mark.parametrize("at", range(0, 20, 5))
def test_fifty_milliseconds_are_enough_wherever_they_fall_and_twenty_are_not(at: int) -> None:
    assert keys_in(pause(at) + tones("8", milliseconds=50)) == "8"
    assert keys_in(pause(at) + tones("8", milliseconds=20)) == ""


@pytest.mark.parametrize("twist", [-8.0, -4.0, 4.0, 8.0])
def test_one_tone_may_be_stronger_than_the_other(twist: float) -> None:
    assert keys_in(tones("0", twist_db=twist, level=3000)) == "0"


@pytest.mark.parametrize("off", [0.035, -0.035])
def test_tones_beside_the_frequencies_are_no_key(off: float) -> None:
    assert keys_in(b"".join(tones(key, off=off) + pause() for key in KEYS)) == ""


def test_keys_are_heard_through_noise() -> None:
    clean = np.frombuffer(tones("4") + pause() + tones("2"), dtype="<i2").astype(float)
    noisy = clean + np.random.default_rng(3).normal(0, 4000 / 10 ** (15 / 20), len(clean))
    assert keys_in(noisy.clip(-32768, 32767).astype("<i2").tobytes()) == "42"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", "Tôi bị sốt và ho từ hôm qua, nhà tôi có bốn người, con tôi cũng bị sốt, xin bác sĩ gọi lại giúp tôi."),
        (
            "ko",
            "어제부터 열이 나고 기침을 합니다. 집에 네 명이 살고 아이도 열이 있습니다. 의사 선생님 전화 부탁드립니다.",
        ),
        (
            "en",
            "Since yesterday I have had a fever and a cough. Four of us live here. Please ask the doctor to call me.",
        ),
    ],
)
def test_speech_presses_no_key(language: str, words: str) -> None:
    assert keys_in(speak(words, voice_of(language))) == ""


# --- how many


def test_a_gateway_takes_so_many_calls_at_once_and_so_many_in_a_second() -> None:
    door = Admission(most=5, per_second=3)
    assert [door.enter(0.0) for _ in range(4)] == [True, True, True, False]
    assert door.hold(0.9) == 0
    assert not door.full  # only too many in this second
    assert [door.enter(1.0) for _ in range(3)] == [True, True, False]
    assert door.full
    door.leave()
    assert door.enter(2.0)
    door.open = False
    door.leave()
    assert not door.enter(9.0)


def test_places_that_orders_did_not_take_are_free_again_and_nobody_is_counted_twice() -> None:
    door = Admission(most=3)
    assert door.hold(0.0) == 3
    assert not door.enter(0.0)  # they may be taken
    assert not door.full  # so whoever rings us waits a moment
    door.settle(3, used=1, now=0.1)
    assert (door.up, door.room) == (1, 2)
    assert [door.enter(0.2) for _ in range(3)] == [True, True, False]
    for _ in range(3):
        door.leave()
    assert (door.up, door.room) == (0, 3)


@pytest.mark.capability("I13")
def test_calls_that_we_make_leave_places_to_people_who_ring_us() -> None:
    door = Admission(most=5, kept_free=2)
    assert door.hold(0.0) == 3
    door.settle(3, used=3, now=0.0)
    assert (door.hold(1.5), door.room) == (0, 0)
    assert [door.enter(2.0) for _ in range(3)] == [True, True, False]
    door.leave()
    assert door.hold(4.0) == 0
