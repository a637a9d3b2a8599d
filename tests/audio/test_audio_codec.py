"""The telephone's sound keeps its shape on the way through the codecs."""

import numpy as np
import pytest

from audio import codec
from core.errors import UserError


def tone(hertz: float, rate: int, seconds: float = 1.0, level: float = 0.5) -> bytes:
    time = np.arange(int(rate * seconds)) / rate
    return (np.sin(2 * np.pi * hertz * time) * level * 32767).astype("<i2").tobytes()


def power_at(pcm: bytes, hertz: float) -> float:
    samples = np.frombuffer(pcm, dtype="<i2").astype(float) / 32768
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) / len(samples) * 4
    bin_ = round(hertz * len(samples) / codec.RATE)
    return float(spectrum[bin_ - 2 : bin_ + 3].max())


def test_ulaw_keeps_a_tone_within_its_quantisation():
    pcm = tone(1000, codec.RATE)
    back = codec.ulaw_to_pcm(codec.pcm_to_ulaw(pcm))
    error = np.frombuffer(back, "<i2").astype(float) - np.frombuffer(pcm, "<i2")
    assert len(back) == len(pcm)
    assert np.sqrt(np.mean(error**2)) < 0.03 * codec.rms(pcm)


def test_half_a_sample_is_refused():
    with pytest.raises(ValueError, match="even"):
        codec.pcm_to_ulaw(b"\x00")


def test_the_last_frame_is_filled_up_with_silence():
    frames = list(codec.frames(b"\x01" * 400))
    assert [len(frame) for frame in frames] == [codec.PCM_FRAME, codec.PCM_FRAME]
    assert frames[1].endswith(b"\x00" * 240)


def test_a_wav_file_is_read_back_as_it_was_written():
    pcm = tone(440, codec.RATE, 0.1)
    assert codec.wav_to_pcm(codec.pcm_to_wav(pcm)) == pcm


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not a wav file at all", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_what_is_not_a_wav_file_is_refused(data):
    with pytest.raises(UserError):
        codec.wav_to_pcm(data)


@pytest.mark.parametrize("rate", [22050, 16000, 44100, 48000, 11025])
def test_resampling_keeps_speech_and_removes_what_would_fold_back(rate):
    kept = codec.resample(tone(1000, rate), rate)
    assert codec.seconds(kept) == pytest.approx(1.0, abs=0.001)
    assert power_at(kept, 1000) == pytest.approx(0.5, rel=0.05)
    folded = codec.resample(tone(5000, rate), rate)
    assert power_at(folded, 3000) < 0.001
