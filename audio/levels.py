"""Every prompt is equally loud and starts at once, whoever recorded it: trimming and loudness of 8 kHz samples."""

from __future__ import annotations

import math
import warnings

import numpy as np

from audio.codec import PCM_FRAME, RATE

with warnings.catch_warnings():
    # pydub warns at import that no ffmpeg is in PATH; ours comes in a wheel, and only `audio.recordings` calls it.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

TARGET_DBFS = -20.0
"""Level of the spoken parts, in dB below full scale."""
PEAK_DBFS = -1.0
"""No sample goes above this: µ-law and cheap telephones distort near the top."""
EDGE_SECONDS = 0.06
"""Silence left before and after the words."""

_QUIET_BELOW_PEAK_DB = 38.0
_FLOOR_DBFS = -65.0
_STEP_MS = 10


def speech_level(pcm: bytes) -> float | None:
    """The level of the spoken parts in dBFS, pauses left out; None if all of it is silence."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
    width = PCM_FRAME // 2
    power = np.mean(np.pad(samples, (0, -len(samples) % width)).reshape(-1, width) ** 2, axis=1)
    active = power[power > 10 ** (_threshold(_segment(pcm)) / 10)]
    return float(10 * np.log10(np.mean(active))) if len(active) else None


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
