"""Recordings that are no prompts are refused with the reason; good ones come out equally loud."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from audio import codec
from audio.levels import TARGET_DBFS, normalise, speech_level
from audio.quality import check_clarity, check_length, is_cut_flat, to_mono
from audio.speech import speak, voice_of
from core.errors import UserError
from tests.audio.speaking import silence

Samples = NDArray[np.float64]
SENTENCE = "Xin chào, đây là Trung tâm Kiểm soát bệnh tật. Cuộc gọi này miễn phí."
RANDOM = np.random.default_rng(7)


@pytest.fixture(scope="module")
def voice() -> Samples:
    """A sentence with silence around it, from -1 to 1."""
    pcm = silence(0.5) + speak(SENTENCE, voice_of("vi")) + silence(0.5)
    return np.frombuffer(pcm, "<i2") / 32768


def pcm(samples: Samples) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def with_noise(voice: Samples, below_db: float) -> Samples:
    """The voice in a room whose noise lies `below_db` under it."""
    return voice + RANDOM.normal(0, 10 ** ((TARGET_DBFS - below_db) / 20), len(voice))


@pytest.mark.capability("A1")
@pytest.mark.parametrize("below_db", [40, 25])
def test_a_voice_in_a_quiet_room_is_taken(voice: Samples, below_db: float) -> None:
    check_clarity(pcm(with_noise(voice, below_db)))


@pytest.mark.capability("A1")
def test_a_voice_in_a_noisy_room_is_refused_and_the_reason_says_how_noisy(voice: Samples) -> None:
    with pytest.raises(UserError, match=r"only (8|9|10|11) dB above"):
        check_clarity(pcm(with_noise(voice, 10)))


def test_a_voice_that_is_hardly_there_is_refused(voice: Samples) -> None:
    with pytest.raises(UserError, match="too quiet"):
        check_clarity(pcm(0.01 * voice))


@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_a_recorder_that_was_too_loud_is_found_also_when_somebody_turned_it_down_later(
    voice: Samples, gain: float
) -> None:
    assert not is_cut_flat(gain * voice)
    assert is_cut_flat(gain * np.clip(4 * voice, -0.9, 0.9))


def test_of_two_channels_the_one_with_the_voice_is_taken(voice: Samples) -> None:
    hiss = RANDOM.normal(0, 1e-4, len(voice))
    for channels in ([voice, hiss], [hiss, voice], [voice, voice], [voice, -voice]):
        assert speech_level(pcm(to_mono(np.stack(channels, axis=1)))) == pytest.approx(
            speech_level(pcm(voice)) or 0, abs=0.5
        )


@pytest.mark.parametrize(
    ("seconds", "told"), [(1.0, "too short"), (2.0, None), (5.0, None), (12.0, None), (14.0, "too long")]
)
def test_a_recording_whose_length_cannot_be_that_of_its_words_is_refused(seconds: float, told: str | None) -> None:
    if told is None:
        check_length(seconds, 5.0)
    else:
        with pytest.raises(UserError, match=f"{told}.*about 5.0"):
            check_length(seconds, 5.0)


def test_the_level_of_speech_is_that_of_its_words_without_the_pauses(voice: Samples) -> None:
    """ITU-T P.56: a sine at -23 dBFS measures -23, and a long pause lowers it by no more than its hangover."""
    time = np.arange(4 * codec.RATE) / codec.RATE
    tone = 0.1 * np.sin(2 * np.pi * 440 * time)
    assert speech_level(pcm(tone)) == pytest.approx(-23.0, abs=0.1)
    assert speech_level(pcm(np.concatenate([tone, 0 * tone]))) == pytest.approx(-23.2, abs=0.2)
    quieter = speech_level(pcm(0.1 * voice))
    assert quieter == pytest.approx((speech_level(pcm(voice)) or 0) - 20, abs=0.3)


@pytest.mark.capability("A1")
@pytest.mark.parametrize("gain", [0.05, 0.5, 1.0])
def test_however_loud_it_was_it_is_heard_as_loud_as_text_to_speech(voice: Samples, gain: float) -> None:
    assert speech_level(normalise(pcm(gain * voice))) == pytest.approx(TARGET_DBFS, abs=0.3)
