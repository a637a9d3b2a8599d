"""What the caller is to hear: sound with marks in it, from which the telephone takes a frame at a time. Pure.

The media process sends sound faster than it is heard. A mark is reached when everything before it has left the
telephone's own buffer too, so that "heard" means heard.
"""

from __future__ import annotations

from collections import deque

from audio.codec import ULAW_FRAME

LONGEST = 120 * 50
"""Frames (two minutes) that may wait; what is sent beyond them is not ours to keep."""


class Downlink:
    """Sound as frames of 20 ms of µ-law, and marks at their places among them."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._marks: deque[tuple[int, str]] = deque()
        self._queued = 0
        self._taken = 0

    def sound(self, ulaw: bytes) -> None:
        """Queue whole frames. Beyond `LONGEST` they are dropped: their marks are reached all the same."""
        for start in range(0, len(ulaw), ULAW_FRAME):
            if len(self._frames) >= LONGEST:
                return
            self._frames.append(ulaw[start : start + ULAW_FRAME])
            self._queued += 1

    def mark(self, name: str) -> None:
        self._marks.append((self._queued, name))

    def clear(self) -> list[str]:
        """Throw away what waits. Gives the marks that are reached by it, in order."""
        self._frames.clear()
        self._queued = self._taken
        names = [name for _, name in self._marks]
        self._marks.clear()
        return names

    def take(self) -> bytes | None:
        """The next frame for the telephone; None when nothing waits."""
        if not self._frames:
            return None
        self._taken += 1
        return self._frames.popleft()

    def reached(self, buffered: int) -> list[str]:
        """The marks that have been heard, when the telephone still holds `buffered` frames of what it took."""
        heard = self._taken - buffered
        names = []
        while self._marks and self._marks[0][0] <= heard:
            names.append(self._marks.popleft()[1])
        return names
