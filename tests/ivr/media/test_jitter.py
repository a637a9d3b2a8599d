"""Sound that comes unevenly is heard evenly, late by as little as it can be."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import codec
from ivr.media.bridging.jitter import CALM_TICKS, LEAST, MOST, SLACK, JitterBuffer

SPEECH = codec.pcm_to_ulaw((9000 * np.sin(np.arange(160) * 0.4)).astype("<i2").tobytes())


def frame(number: int) -> bytes:
    """A loud frame that can be told from others."""
    return SPEECH[:-2] + number.to_bytes(2)


def number(ulaw: bytes) -> int:
    return int.from_bytes(ulaw[-2:])


def test_two_frames_are_held_back_and_then_every_frame_is_heard_once_in_order() -> None:
    buffer = JitterBuffer()
    buffer.push(frame(0))
    assert buffer.pop() == codec.ULAW_SILENCE
    buffer.push(frame(1))
    heard = []
    for n in range(2, 50):
        heard.append(number(buffer.pop()))
        buffer.push(frame(n))
    assert heard == list(range(48))
    assert (buffer.dropped, buffer.concealed) == (0, 0)


def test_a_gap_is_filled_with_the_last_sound_fading_and_then_with_silence() -> None:
    buffer = JitterBuffer()
    for n in range(2):
        buffer.push(frame(n))
    loudness = [codec.rms(codec.ulaw_to_pcm(buffer.pop())) for _ in range(6)]
    assert loudness[0] > 5000
    assert loudness[2] == pytest.approx(loudness[1] / 2, rel=0.1)
    assert loudness[3] == pytest.approx(loudness[1] / 4, rel=0.1)
    assert loudness[5] == 0
    assert buffer.concealed == 3


def test_a_line_that_runs_dry_is_held_back_longer_and_a_calm_one_shorter_again() -> None:
    buffer = JitterBuffer()
    for _ in range(10):
        for _ in range(MOST):
            buffer.push(SPEECH)
        for _ in range(MOST + 1):
            buffer.pop()
    assert buffer.target == MOST
    for _ in range(MOST):
        buffer.push(SPEECH)
    for _ in range(CALM_TICKS * (MOST - LEAST + 1)):
        buffer.push(SPEECH)
        buffer.pop()
    assert buffer.target == LEAST


def test_what_piles_up_is_dropped_silence_first() -> None:
    buffer = JitterBuffer()
    for n in range(4):
        buffer.push(frame(n))
    buffer.push(codec.ULAW_SILENCE)
    for n in range(5, 9):
        buffer.push(frame(n))
    assert buffer.waiting == MOST + SLACK
    assert buffer.dropped == 1
    heard = [buffer.pop() for _ in range(4)]
    assert codec.ULAW_SILENCE not in heard


def test_after_a_burst_the_delay_is_short_again_within_a_moment() -> None:
    buffer = JitterBuffer()
    for n in range(40):  # the network held back 0.8 s
        buffer.push(frame(n))
    for n in range(40, 50):
        buffer.pop()
        buffer.push(frame(n))
    assert buffer.waiting <= LEAST + SLACK + 1


@given(st.lists(st.integers(0, 12), min_size=1, max_size=300))
def test_however_sound_comes_no_more_than_the_most_waits_and_there_is_a_frame_for_every_tick(bursts: list[int]) -> None:
    buffer = JitterBuffer()
    for burst in bursts:
        for _ in range(burst):
            buffer.push(codec.ULAW_SILENCE)
        assert len(buffer.pop()) == codec.ULAW_FRAME
        assert buffer.waiting <= MOST + SLACK
        assert LEAST <= buffer.target <= MOST


def test_a_usual_network_costs_little_sound() -> None:
    """Frames of 20 ms late by up to 35 ms: after a short while of learning, nearly all of it is heard."""
    chance = random.Random(1)
    arrivals = sorted(n * 20 + chance.uniform(0, 35) for n in range(3000))
    buffer, coming = JitterBuffer(), 0
    for tick in range(3000):
        while coming < 3000 and arrivals[coming] <= tick * 20:
            buffer.push(SPEECH)
            coming += 1
        buffer.pop()
    assert buffer.dropped + buffer.concealed < 60
