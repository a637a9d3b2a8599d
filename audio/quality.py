"""What is wrong with a recorded prompt, said so that whoever recorded it knows what to do. Pure.

Limits were set on text to speech and on noise, clipping and silence made on purpose; see `tests/audio/test_quality.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio import codec
from audio.levels import speech_level, trim
from core.errors import UserError

Samples = NDArray[np.float64]

MAX_SECONDS = 180.0
MIN_SECONDS = 0.1
LEAST_LEVEL_DBFS = -50.0
"""Raising anything quieter to a prompt's loudness would raise its hiss as well."""
MOST_FLAT = 0.003
"""The most of a recording's samples that may lie at its very top (within 2 %): speech has some in 100,000, a recorder
that was too loud cuts the tops flat."""
LEAST_ABOVE_NOISE_DB = 15.0
"""How far speech must stand above the quietest moment of the recording."""
MOMENT_FRAMES = 3
"""60 ms: the gap that a file cut as tight as ours still has; a quiet instant within a word is shorter."""
ALONE_DB = 20.0
"""A channel this far below the other is an unused microphone input."""
OPPOSED = -0.3
"""Channels that correlate below this would cancel each other out when mixed."""
SHORTEST, LONGEST, LEEWAY_SECONDS = 0.4, 2.5, 1.0
"""A recording's length compared with the same words by text to speech; people pause, and leave a word out."""


def to_mono(channels: Samples) -> Samples:
    """One channel of several (samples × channels): mixed, unless one is unused or they cancel each other out."""
    if channels.shape[1] == 1:
        return channels[:, 0]
    power = np.mean(channels**2, axis=0)
    loudest = int(np.argmax(power))
    used = power > power[loudest] * 10 ** (-ALONE_DB / 10)
    if used.sum() == 1:
        return channels[:, loudest]
    heard = channels[:, used]
    opposed = any(
        float(np.dot(heard[:, 0], other)) < OPPOSED * float(np.linalg.norm(heard[:, 0]) * np.linalg.norm(other))
        for other in heard.T[1:]
    )
    return channels[:, loudest] if opposed else np.mean(heard, axis=1)


def is_cut_flat(samples: Samples) -> bool:
    """Whether the recorder was too loud, so that the tops are missing. At the rate of the recorder: resampling makes
    the tops round again."""
    size = np.abs(samples)
    peak = float(size.max(initial=0.0))
    return peak > 0 and float(np.mean(size >= 0.98 * peak)) > MOST_FLAT


def check_extent(pcm: bytes) -> None:
    """Raise UserError for 8 kHz sound that is silent, too long or too short to be any prompt."""
    if speech_level(pcm) is None:
        raise UserError("There is nothing but silence in the recording.", "Record it again.")
    length = codec.seconds(pcm)
    if length > MAX_SECONDS:
        raise UserError(f"The recording is longer than {MAX_SECONDS:.0f} seconds.", "Cut it.")
    if codec.seconds(trim(pcm, edge=0)) < MIN_SECONDS:
        raise UserError("The recording is too short to be a prompt.", "Record it again.")


def check_clarity(pcm: bytes) -> None:
    """Raise UserError for 8 kHz sound that is too quiet or too noisy."""
    level = speech_level(pcm)
    if level is None or level < LEAST_LEVEL_DBFS:
        raise UserError("The recording is too quiet.", "Speak closer to the microphone, or raise its level.")
    above = above_noise(pcm, level)
    if above < LEAST_ABOVE_NOISE_DB:
        raise UserError(
            f"The recording is too noisy: the voice is only {above:.0f} dB above the background.",
            "Record it in a quiet room, close to the microphone.",
        )


def above_noise(pcm: bytes, level: float) -> float:
    """How many dB the speech, at its `level`, stands above the quietest moment (`MOMENT_FRAMES`)."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
    width = codec.PCM_FRAME // 2
    power = np.mean(samples[: len(samples) // width * width].reshape(-1, width) ** 2, axis=1)
    if len(power) < MOMENT_FRAMES:
        return float("inf")
    moments = np.convolve(power, np.full(MOMENT_FRAMES, 1 / MOMENT_FRAMES), "valid")
    return level - 10 * float(np.log10(max(moments.min(), 1e-12)))


def check_length(seconds: float, usual: float) -> None:
    """Raise UserError when a trimmed recording cannot be the words that take text to speech `usual` seconds."""
    hint = "Is it the recording of another sentence?"
    if seconds < SHORTEST * usual:
        raise UserError(
            f"The recording is too short for its words: {seconds:.1f} seconds, where about {usual:.1f} are expected.",
            hint,
        )
    if seconds > LONGEST * usual + LEEWAY_SECONDS:
        raise UserError(
            f"The recording is too long for its words: {seconds:.1f} seconds, where about {usual:.1f} are expected.",
            hint,
        )
