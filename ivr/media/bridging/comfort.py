"""What somebody hears who waits: soft chords, or the ringing that everybody knows. Quieter than any prompt."""

from __future__ import annotations

from functools import cache

import numpy as np

from audio.codec import RATE, pcm_to_ulaw

CHORD = (261.6, 329.6, 392.0)
CHORD_SECONDS = 4.0
CHORD_LEVEL = 500.0
"""The peak of each tone, of 32767: some 30 dB below speech."""
RING_HZ = 425.0
RING_ON, RING_OFF = 1.0, 4.0
"""Seconds (ITU-T E.180, Viet Nam)."""
RING_LEVEL = 1800.0


@cache
def comfort() -> bytes:
    """A chord that swells and fades, in µ-law; to be repeated for as long as somebody waits."""
    time = np.arange(round(CHORD_SECONDS * RATE)) / RATE
    swell = np.sin(np.pi * time / CHORD_SECONDS) ** 2
    tones = sum(np.sin(2 * np.pi * hertz * time) for hertz in CHORD)
    return _ulaw(CHORD_LEVEL * swell * tones)


@cache
def ringing() -> bytes:
    """One ring and the pause behind it, in µ-law."""
    time = np.arange(round(RING_ON * RATE)) / RATE
    pause = np.zeros(round(RING_OFF * RATE))
    return _ulaw(np.concatenate([RING_LEVEL * np.sin(2 * np.pi * RING_HZ * time), pause]))


def _ulaw(samples: object) -> bytes:
    return pcm_to_ulaw(np.asarray(samples).astype("<i2").tobytes())
