"""Sound that comes unevenly, given out evenly: one frame each 20 ms, as late as it must be and no later.

Pure: it knows no clock. Whoever drives it pushes frames as they come and pops one per tick of 20 ms. It holds back two
frames (40 ms) at first, one more each time it runs dry, up to six (120 ms), and one less after ten calm seconds. What
has piled up beyond that is dropped, silence first: nobody in a conversation wants to hear what is late. A gap is filled
with the last frame, fading, then with silence.
"""

from __future__ import annotations

from collections import deque

from audio import codec

LEAST, MOST = 2, 6
"""Frames held back: 40 to 120 ms."""
SLACK = 2
"""Frames above the target that may wait before one is dropped: two that come at once are no delay yet."""
CALM_TICKS = 500
"""Ticks without a gap after which one frame less is held back: ten seconds."""
CONCEALED = 3
"""Frames that a gap is filled with, each half as loud as the one before; then silence."""
QUIET = 200
"""RMS below which a frame is silence that nobody misses."""


class JitterBuffer:
    """`dropped` and `concealed` count frames so far."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._filling = True
        self._target = LEAST
        self._calm = 0
        self._gap = CONCEALED
        self._last = codec.ULAW_SILENCE
        self.dropped = 0
        self.concealed = 0

    @property
    def target(self) -> int:
        """How many frames are held back now."""
        return self._target

    @property
    def waiting(self) -> int:
        """How many frames wait."""
        return len(self._frames)

    def push(self, ulaw: bytes) -> None:
        """One frame came."""
        self._frames.append(ulaw)
        while len(self._frames) > MOST + SLACK:
            self._drop()

    def pop(self) -> bytes:
        """The frame of this tick."""
        if self._filling and len(self._frames) < self._target:
            return self._conceal()
        if not self._frames:
            self._dry()
            return self._conceal()
        self._filling = False
        self._gap = 0
        self._settle()
        self._last = self._frames.popleft()
        return self._last

    def clear(self) -> None:
        """Forget what waits: whoever it was meant for has just come, or gone."""
        self._frames.clear()
        self._filling, self._gap = True, CONCEALED

    def _dry(self) -> None:
        self._filling = True
        self._target = min(MOST, self._target + 1)
        self._calm = 0

    def _settle(self) -> None:
        self._calm += 1
        if self._calm >= CALM_TICKS:
            self._calm = 0
            self._target = max(LEAST, self._target - 1)
        if len(self._frames) > self._target + SLACK:
            self._drop()

    def _drop(self) -> None:
        """The first quiet frame, or the oldest when somebody speaks all the time."""
        for index, frame in enumerate(self._frames):
            if codec.rms(codec.ulaw_to_pcm(frame)) < QUIET:
                del self._frames[index]
                break
        else:
            self._frames.popleft()
        self.dropped += 1

    def _conceal(self) -> bytes:
        if self._gap >= CONCEALED:
            return codec.ULAW_SILENCE
        self._gap += 1
        self.concealed += 1
        self._last = codec.halved(self._last)
        return self._last
