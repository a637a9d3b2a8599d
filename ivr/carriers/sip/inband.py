"""Keys that come as tones in the sound, from old exchanges that send no events. Pure.

Every 10 ms the last 20 ms are projected onto the eight frequencies of ITU-T Q.23 (what Goertzel's algorithm computes,
as one product of matrices). A key counts when two tones hold nearly all of the sound, within the twist of Q.24, four
times in a row: at least 50 ms, which every telephone gives, and speech does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio.codec import PCM_FRAME, PCM_SILENCE, RATE, rms

_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477, 1633)
_KEYS = ("123A", "456B", "789C", "*0#D")
_WINDOW = PCM_FRAME // 2
_HOP = _WINDOW // 2
_TIMES = 4
"""Windows in a row that must agree before a key counts, and windows without it before it may be pressed again."""
_SHARE = 0.7
"""How much of the sound's power the two tones must hold. Two tones 1 % beside their frequencies hold 0.75."""
_TWIST = 10 ** (9 / 10)
"""By how much one tone may be stronger than the other: the 8 dB of Q.24, and what the window blurs."""
_ALONE = 10 ** (6 / 10)
"""By how much each tone must be stronger than the others of its group."""
_QUIETEST = 100
"""Root mean square of samples below which nothing is a key: about -50 dB."""

_times = np.arange(_WINDOW) / RATE
_BASIS: NDArray[np.complex64] = np.exp(-2j * np.pi * np.outer((*_ROWS, *_COLUMNS), _times)).astype(np.complex64)


class InbandKeys:
    """Hears keys in frames of 20 ms of samples."""

    def __init__(self) -> None:
        self._before = PCM_SILENCE
        self._candidate = ""
        self._agreed = 0
        self._down = ""

    def hear(self, pcm: bytes) -> str:
        """The keys of which this frame made sure, usually none. A key that is held counts once."""
        sound = self._before[_HOP * 2 :] + pcm
        self._before = pcm
        if rms(sound) < _QUIETEST:  # most of a call: nothing is computed
            return self._step("") + self._step("")
        samples = np.frombuffer(sound, dtype="<i2").astype(np.float32)
        return "".join(self._step(_key_in(samples[start : start + _WINDOW])) for start in (0, _HOP))

    def _step(self, key: str) -> str:
        if key == self._candidate:
            self._agreed += 1
        else:
            self._candidate, self._agreed = key, 1
        if self._agreed < _TIMES or key == self._down:
            return ""
        self._down = key
        return key


def _key_in(window: NDArray[np.float32]) -> str:
    """The key whose tones make up this window; empty when it is anything else."""
    power = float(np.mean(window * window))
    if power < _QUIETEST**2:
        return ""
    powers = 2 * np.abs(_BASIS @ window / _WINDOW) ** 2
    rows, columns = powers[:4], powers[4:]
    row, column = int(np.argmax(rows)), int(np.argmax(columns))
    low, high = float(rows[row]), float(columns[column])
    if low + high < _SHARE * power or max(low, high) > _TWIST * min(low, high):
        return ""
    next_row, next_column = float(np.partition(rows, -2)[-2]), float(np.partition(columns, -2)[-2])
    if low < _ALONE * next_row or high < _ALONE * next_column:
        return ""
    return _KEYS[row][column]
