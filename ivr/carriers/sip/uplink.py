"""What the caller says, one frame every 20 ms, whatever the network does. Pure; the caller keeps the time.

Sound comes out of the telephone's jitter buffer frame by frame, but by its own clock. A small cushion keeps the two
clocks from making holes; without sound (on hold, silence suppressed) there is silence, so that time goes on for whoever
listens.
"""

from __future__ import annotations

from audio.codec import PCM_FRAME, PCM_SILENCE

CUSHION = 2
"""Frames that are gathered before the first one goes on: 40 ms."""
LONGEST = 10
"""Frames that may wait. Two clocks that differ fill the queue by minutes; what is older than 200 ms is dropped."""


class Uplink:
    """Give it what has come, take a frame at every tick."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._flows = False
        self.dropped = 0

    def heard(self, pcm: bytes) -> None:
        """Samples that have come in, of any length."""
        self._waiting += pcm
        excess = len(self._waiting) // PCM_FRAME - LONGEST
        if excess > 0:
            del self._waiting[: excess * PCM_FRAME]
            self.dropped += excess

    def frame(self) -> bytes:
        """The frame of this tick: 20 ms of samples."""
        frames = len(self._waiting) // PCM_FRAME
        self._flows = frames >= (1 if self._flows else CUSHION)
        if not self._flows:
            return PCM_SILENCE
        frame = bytes(self._waiting[:PCM_FRAME])
        del self._waiting[:PCM_FRAME]
        return frame
