"""The tones of a keypad (ITU-T Q.23), as an old exchange sends them."""

from __future__ import annotations

import numpy as np

from audio.codec import RATE

KEYS = "123A456B789C*0#D"
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def tones(key: str, milliseconds: int = 70, off: float = 0.0, twist_db: float = 0.0, level: int = 4000) -> bytes:
    """One key in 16-bit samples; `off` is how far both tones lie beside their frequencies."""
    row, column = divmod(KEYS.index(key), 4)
    times = np.arange(RATE * milliseconds // 1000) / RATE
    low = np.sin(2 * np.pi * ROWS[row] * (1 + off) * times)
    high = np.sin(2 * np.pi * COLUMNS[column] * (1 + off) * times) * 10 ** (twist_db / 20)
    return ((low + high) * level).astype("<i2").tobytes()
