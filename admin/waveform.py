"""A picture of sound: the path of an SVG, one stroke for each narrow slice of time. Pure."""

from __future__ import annotations

import numpy as np

STROKES = 150
HEIGHT = 48


def waveform(pcm: bytes) -> str:
    """The path of 16-bit samples in a box of 2 × `STROKES` by `HEIGHT`."""
    samples = np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32))
    if not len(samples):
        return ""
    peaks = [int(part.max(initial=0)) for part in np.array_split(samples, STROKES)]
    middle = HEIGHT / 2
    strokes = ((2 * place + 1, max(0.5, peak / 32768 * middle)) for place, peak in enumerate(peaks))
    return "".join(f"M{x} {middle - size:.1f}v{2 * size:.1f}" for x, size in strokes)
