"""What of a line's sound a recogniser is given: the utterance, without the silence around it and behind it. Pure.

Live calls and `traceline models calibrate` cut here, so that thresholds are measured on what calls are decided by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from audio import codec
from audio.voice_activity import Endpointer, Event

SPOKEN_BELOW_LOUDEST = 0.1
"""A frame counts as spoken above a tenth (-20 dB) of the loudest frame's level."""
TAIL_FRAMES = 6
"""Frames of silence behind a word that a recogniser is given: the last sound dies away in them."""
CERTAIN_SECONDS = 0.2
"""Real speech needed to cut a prompt short: a cough, a door or one click of a line is shorter."""


@dataclass(frozen=True, slots=True)
class Cut:
    """After a frame: whether speech began, the sound for the recogniser (perhaps none), and how the utterance ended."""

    started: bool
    sound: bytes
    ended: Event | None


_NOTHING = Cut(False, b"", None)


class Utterance:
    """Feed it every frame of 20 ms. `endpointer` is the call's, which goes on knowing from question to question what
    the noise of the line is, and whether somebody is speaking."""

    def __init__(self, endpointer: Endpointer) -> None:
        self._endpointer = endpointer
        self._begin()

    def _begin(self) -> None:
        self._loudest = self._quiet = 0
        self._levels: list[int] = []
        self._kept_back = bytearray()

    @property
    def certain(self) -> bool:
        """It has been speech for long enough to interrupt for."""
        return spoken(self._levels)[0] >= CERTAIN_SECONDS

    def feed(self, pcm: bytes) -> Cut:
        """One frame. Raises ValueError for any other length."""
        heeded = self._endpointer.feed(pcm)
        if not heeded.sound:
            return _NOTHING
        if heeded.event is Event.SPEECH_STARTED:
            self._begin()
        ended = heeded.event if heeded.event in (Event.SPEECH_ENDED, Event.TOO_LONG) else None
        return Cut(heeded.event is Event.SPEECH_STARTED, self._without_pause(heeded.sound), ended)

    def _without_pause(self, pcm: bytes) -> bytes:
        """Keep a pause back until speech goes on: if it was the end, it costs nothing."""
        given = bytearray()
        for frame in codec.frames(pcm):
            level = codec.rms(frame)
            self._levels.append(level)
            self._loudest = max(self._loudest, level)
            if level > self._loudest * SPOKEN_BELOW_LOUDEST:
                self._quiet = 0
                given += self._kept_back + frame
                self._kept_back.clear()
            elif self._quiet < TAIL_FRAMES:
                self._quiet += 1
                given += frame
            else:
                self._kept_back += frame
        return bytes(given)


def spoken(levels: Sequence[int]) -> tuple[float, float]:
    """From the level of each 20 ms frame: seconds from the first spoken frame to the last, and their level in dBFS."""
    loud = spoken_frames(levels)
    if not loud:
        return 0.0, -math.inf
    power = sum(levels[index] ** 2 for index in loud) / len(loud)
    return (loud[-1] - loud[0] + 1) * codec.FRAME_MS / 1000, 20 * math.log10(math.sqrt(power) / 32768)


def spoken_frames(levels: Sequence[int]) -> list[int]:
    """Which frames are loud enough to be speech."""
    floor = max(levels, default=0) * SPOKEN_BELOW_LOUDEST
    return [index for index, level in enumerate(levels) if level > floor]
