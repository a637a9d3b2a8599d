"""Every prompt is equally loud and starts at once, whoever recorded it: trimming and loudness of 8 kHz samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio.codec import PCM_FRAME, RATE, seconds, silence

TARGET_DBFS = -20.0
"""Level of the spoken parts, in dB below full scale."""
PEAK = 0.89
"""No sample goes above this part of full scale (-1 dBFS): µ-law and cheap telephones distort near the top."""
EDGE_SECONDS = 0.06
"""Silence left before and after the words."""

_QUIET_BELOW_LOUDEST_DB = 40.0
_FLOOR_DBFS = -55.0


def speech_level(pcm: bytes) -> float | None:
    """The level of the spoken parts (frames within 40 dB of the loudest) in dBFS; None if all of it is silence."""
    levels = _frame_levels(pcm)
    active = levels[levels > _threshold(levels)] if len(levels) else levels
    if not len(active):
        return None
    return float(10 * np.log10(np.mean(10 ** (active / 10))))


def trim(pcm: bytes, edge: float = EDGE_SECONDS) -> bytes:
    """Take silence away from both ends but for `edge` seconds. Nothing but silence becomes empty."""
    levels = _frame_levels(pcm)
    if not len(levels):
        return b""
    loud = np.flatnonzero(levels > _threshold(levels))
    if not len(loud):
        return b""
    margin = int(edge * RATE) * 2
    start = int(loud[0]) * PCM_FRAME
    end = min(len(pcm), (int(loud[-1]) + 1) * PCM_FRAME)
    before = silence(max(0.0, edge - seconds(pcm[:start])))
    after = silence(max(0.0, edge - seconds(pcm[end:])))
    return before + pcm[max(0, start - margin) : end + margin] + after


def normalise(pcm: bytes) -> bytes:
    """Bring the spoken parts to the target level, as far as the peaks allow. Silence stays silence."""
    level = speech_level(pcm)
    if level is None:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    gain = min(10 ** ((TARGET_DBFS - level) / 20), PEAK * 32767 / float(np.max(np.abs(samples))))
    return np.rint(samples * gain).astype("<i2").tobytes()


def _frame_levels(pcm: bytes) -> NDArray[np.float64]:
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
    width = PCM_FRAME // 2
    padded = np.pad(samples, (0, -len(samples) % width)).reshape(-1, width)
    power: NDArray[np.float64] = np.mean(padded**2, axis=1)
    return 10 * np.log10(np.maximum(power, 1e-12))


def _threshold(levels: NDArray[np.float64]) -> float:
    return max(_FLOOR_DBFS, float(np.max(levels)) - _QUIET_BELOW_LOUDEST_DB)
