"""Every prompt is equally loud and starts at once, whoever recorded it: trimming and loudness of 8 kHz samples.

Loudness is the active speech level of ITU-T P.56, method B, the measure of telephony: pauses do not count, so a slow
speaker is made no louder than a quick one.
"""

from __future__ import annotations

import math
import warnings
from functools import cache

import numpy as np
from numpy.typing import NDArray

from audio.codec import RATE

with warnings.catch_warnings():
    # pydub warns at import that no ffmpeg is in PATH; ours comes in a wheel, and only `audio.recordings` calls it.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

TARGET_DBFS = -20.0
"""Active speech level, in dB below full scale."""
PEAK_DBFS = -1.0
"""No sample goes above this: µ-law and cheap telephones distort near the top."""
EDGE_SECONDS = 0.06
"""Silence left before and after the words."""

_QUIET_BELOW_PEAK_DB = 38.0
_FLOOR_DBFS = -65.0
_STEP_MS = 10

# P.56: the envelope's time constant, how long activity lasts after the envelope has fallen, and how far the threshold
# of activity lies below the level that comes out.
_TIME_CONSTANT = 0.03
_HANGOVER = round(0.2 * RATE)
_MARGIN_DB = 15.9
_THRESHOLDS_DB = -6.0206 * np.arange(15, 0, -1)


def speech_level(pcm: bytes) -> float | None:
    """The active speech level in dBFS; None if all of it is silence."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
    power = float(np.sum(samples**2))
    if not len(samples) or power <= len(samples) * 10 ** (_FLOOR_DBFS / 10):
        return None
    envelope = _envelope(np.abs(samples))
    active = np.array([_active(envelope, 10 ** (threshold / 20)) for threshold in _THRESHOLDS_DB])
    used = active > 0
    levels = 10 * np.log10(power / active[used])
    margins = levels - _THRESHOLDS_DB[used]  # falls as the threshold rises
    # What falls has to rise for the interpolation; outside the thresholds the nearest one counts.
    return float(np.interp(-_MARGIN_DB, -margins, levels))


def _envelope(rectified: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice smoothed, as by two equal first-order filters: a convolution with (1-g)² (n+1) gⁿ."""
    response = _response()
    size = 1 << (len(rectified) + len(response) - 1).bit_length()
    spectrum = np.fft.rfft(rectified, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[: len(rectified)]


@cache
def _response() -> NDArray[np.float64]:
    decay = math.exp(-1 / (RATE * _TIME_CONSTANT))
    steps = np.arange(round(20 * _TIME_CONSTANT * RATE))  # what is left then is below 16 bits
    return np.asarray((1 - decay) ** 2 * (steps + 1) * decay**steps)


def _active(envelope: NDArray[np.float64], threshold: float) -> int:
    """How many samples are speech at this threshold: those above it, and `_HANGOVER` after each."""
    above = np.flatnonzero(envelope >= threshold)
    if not len(above):
        return 0
    gaps = np.diff(above, append=len(envelope))
    return int(np.sum(np.minimum(gaps, _HANGOVER)))


def trim(pcm: bytes, edge: float = EDGE_SECONDS) -> bytes:
    """Leave exactly `edge` seconds before and after the sound. Nothing but silence becomes empty."""
    segment = _segment(pcm)
    threshold = _threshold(segment)
    start = detect_leading_silence(segment, threshold, _STEP_MS)
    end = len(segment) - detect_leading_silence(segment.reverse(), threshold, _STEP_MS)
    if end <= start:
        return b""
    margin = round(edge * 1000)
    before = AudioSegment.silent(max(0, margin - start), RATE)
    after = AudioSegment.silent(max(0, margin - (len(segment) - end)), RATE)
    return bytes((before + segment[max(0, start - margin) : end + margin] + after).raw_data)


def normalise(pcm: bytes) -> bytes:
    """Bring the spoken parts to the target level, as far as the peaks allow. Silence stays silence."""
    level = speech_level(pcm)
    if level is None:
        return pcm
    segment = _segment(pcm)
    gain = min(TARGET_DBFS - level, PEAK_DBFS - segment.max_dBFS)
    return bytes(segment.apply_gain(gain).raw_data)


def _segment(pcm: bytes) -> AudioSegment:
    return AudioSegment(data=pcm, sample_width=2, frame_rate=RATE, channels=1)


def _threshold(segment: AudioSegment) -> float:
    """What counts as silence: far below the loudest sample, and below what a quiet room leaves on a recording."""
    peak = float(segment.max_dBFS)
    return max(_FLOOR_DBFS, peak - _QUIET_BELOW_PEAK_DB) if math.isfinite(peak) else _FLOOR_DBFS
