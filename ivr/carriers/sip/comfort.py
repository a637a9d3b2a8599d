"""Quiet noise for a caller whose line to the media process is lost: silence would sound like a dead telephone."""

from __future__ import annotations

import numpy as np

from audio.codec import PCM_FRAME, frames

_LEVEL = 40
"""Root mean square of the samples: about -58 dB, as much as a quiet room (RFC 3389 speaks of -50 to -70)."""
_SECONDS = 1


def comfort_noise() -> list[bytes]:
    """Frames of 20 ms of samples, to be repeated. Always the same."""
    samples = np.random.default_rng(1).normal(0.0, _LEVEL, 8000 * _SECONDS)
    return list(frames(samples.astype("<i2").tobytes(), PCM_FRAME))
