"""The telephone's sound: 8 kHz, mono, 16-bit samples inside, G.711 µ-law on the wire, in frames of 20 ms.

`audioop` left the standard library in Python 3.13 (`audioop-lts` brings it back); it is imported only here.
"""

from __future__ import annotations

import audioop
import io
import wave
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

RATE = 8000
"""Samples per second."""
FRAME_MS = 20
ULAW_FRAME = 160
"""Bytes of µ-law in a frame of 20 ms."""
PCM_FRAME = 320
"""Bytes of 16-bit samples in a frame of 20 ms."""
ULAW_SILENCE = b"\xff" * ULAW_FRAME
PCM_SILENCE = b"\x00" * PCM_FRAME

_BAND = (3400.0, 3900.0)


def ulaw_to_pcm(ulaw: bytes) -> bytes:
    """µ-law bytes to 16-bit little-endian samples, twice as long."""
    return audioop.ulaw2lin(ulaw, 2)


def pcm_to_ulaw(pcm: bytes) -> bytes:
    """16-bit little-endian samples to µ-law bytes. Raises ValueError for half a sample."""
    if len(pcm) % 2:
        raise ValueError("16-bit sound must have an even number of bytes")
    return audioop.lin2ulaw(pcm, 2)


def halved(ulaw: bytes) -> bytes:
    """µ-law bytes half as loud."""
    return audioop.lin2ulaw(audioop.mul(audioop.ulaw2lin(ulaw, 2), 2, 0.5), 2)


def rms(pcm: bytes) -> int:
    """The root mean square of the samples, 0 to 32767."""
    return audioop.rms(pcm, 2)


def seconds(pcm: bytes) -> float:
    """How long 16-bit samples last."""
    return len(pcm) / (2 * RATE)


def frames(sound: bytes, size: int = PCM_FRAME, fill: bytes = b"\x00") -> Iterator[bytes]:
    """Cut sound into frames of `size` bytes; the last one is filled up with `fill` (0xff is silence in µ-law)."""
    for start in range(0, len(sound), size):
        yield sound[start : start + size].ljust(size, fill)


def pcm_to_wav(pcm: bytes) -> bytes:
    """A WAV file (8 kHz, mono, 16 bit), which every carrier can play."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return out.getvalue()


def wav_to_pcm(data: bytes) -> bytes:
    """The samples of a WAV file that is already 8 kHz, mono, 16 bit. Raises UserError for any other file;
    `audio.recordings` takes those."""
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            pcm = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise UserError(f"This is not a WAV file: {error}.") from error
    if shape != (1, 2, RATE):
        raise UserError(
            f"This WAV file has {shape[0]} channels, {8 * shape[1]} bits, {shape[2]} Hz.", "Expected: 1, 16, 8000."
        )
    return pcm


def resample(pcm: bytes, rate: int) -> bytes:
    """Bring 16-bit mono samples at `rate` down (or up) to 8 kHz.

    Exact in the frequency domain: everything above the telephone band is taken away before the rate falls, with a
    raised-cosine slope, so that nothing folds back as the metallic ring of a linear resampler.
    """
    if rate == RATE or not pcm:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    block = rate // int(np.gcd(rate, RATE))
    padded = -(-len(samples) // block) * block
    spectrum: NDArray[np.complex128] = np.fft.rfft(samples, padded)
    frequency = np.fft.rfftfreq(padded, 1 / rate)
    low, high = _BAND
    slope = np.clip((frequency - low) / (high - low), 0.0, 1.0)
    spectrum *= 0.5 * (1 + np.cos(np.pi * slope))
    count = padded * RATE // rate
    out = np.fft.irfft(spectrum[: count // 2 + 1], count) * (count / padded)
    wanted = len(samples) * RATE // rate
    return np.clip(np.rint(out[:wanted]), -32768, 32767).astype("<i2").tobytes()
