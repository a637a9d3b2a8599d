"""Where speech begins and ends, frame by frame: WebRTC's detector behind an energy gate that follows the line's noise.

A state machine without a clock: time is counted in frames of 20 ms. Silence yields no sound, so that it never reaches
a recogniser, for which it costs as much as speech. WebRTC alone fires on clicks and hum; speech begins only when most
of a window is voiced and above the noise, and the frames before are handed over too, so that no onset is lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

import webrtcvad

from audio import codec

AGGRESSIVENESS = 2
"""WebRTC's own scale, 0 to 3: how readily it calls a frame noise."""
START_MS = 100
"""Voiced sound needed to begin, within a window one and a half times as long: the shortest answers last 200 ms."""
END_MS = 340
"""Silence that ends an answer. With some 50 ms for recognition and the turn, the reply starts 400 ms after the end of
speech; Korean and Vietnamese keep silent for less than 200 ms inside a phrase."""
PREROLL_MS = 240
MIN_LEVEL = 120
"""Nothing quieter than this (-49 dBFS) is somebody speaking into the telephone."""
OVER_NOISE = 2.5
"""Speech stands this far (8 dB) above the line's noise."""
BELOW_PEAK = 0.04
"""Within an answer, sound 28 dB below its loudest frame is its echo or the room."""

_NOISE_RISE = 1.03
_BLIP_FRAMES = 2


class Event(StrEnum):
    """What a frame brought about."""

    SPEECH_STARTED = "speech_started"
    SPEECH_ENDED = "speech_ended"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Heeded:
    """After a frame: what happened, if anything, and the sound that a recogniser is to be fed (empty in silence; at
    the start of speech, the frames before it too)."""

    event: Event | None
    sound: bytes


_SILENCE = Heeded(None, b"")


class Endpointer:
    """Feed it every frame of the caller, in order. One answer ends with `SPEECH_ENDED` or, after `max_seconds`, with
    `TOO_LONG`; then it waits for the next."""

    def __init__(self, max_seconds: float = 10.0) -> None:
        self._vad = webrtcvad.Vad(AGGRESSIVENESS)
        self._needed = START_MS // codec.FRAME_MS
        window = START_MS * 3 // 2 // codec.FRAME_MS
        self._window: deque[bool] = deque(maxlen=window)
        self._before: deque[bytes] = deque(maxlen=window + PREROLL_MS // codec.FRAME_MS)
        self._end_frames = END_MS // codec.FRAME_MS
        self._max_frames = int(max_seconds * 1000) // codec.FRAME_MS
        self._noise = float(MIN_LEVEL) / OVER_NOISE
        self.reset()

    @property
    def speaking(self) -> bool:
        """Somebody has begun to speak, and has not ended."""
        return self._speaking

    def reset(self) -> None:
        """Forget an answer begun, not what is known of the line's noise."""
        self._speaking = False
        self._window.clear()
        self._before.clear()
        self._peak = 0
        self._lowest = 32767
        self._quiet = 0
        self._run = 0
        self._frames = 0

    def feed(self, frame: bytes) -> Heeded:
        """One frame of 20 ms. Raises ValueError for any other length."""
        if len(frame) != codec.PCM_FRAME:
            raise ValueError(f"a frame has {codec.PCM_FRAME} bytes, not {len(frame)}")
        level = codec.rms(frame)
        voiced = self._voiced(frame, level)
        return self._during(frame, voiced, level) if self._speaking else self._waiting(frame, voiced, level)

    def _voiced(self, frame: bytes, level: int) -> bool:
        gate = max(MIN_LEVEL, self._noise * OVER_NOISE, self._peak * BELOW_PEAK)
        # The detector keeps a history, so it sees every frame, also those that the gate refuses.
        return bool(self._vad.is_speech(frame, codec.RATE)) and level >= gate

    def _waiting(self, frame: bytes, voiced: bool, level: int) -> Heeded:
        self._before.append(frame)
        self._window.append(voiced)
        if not voiced:
            self._noise = min(max(float(level), 1.0), self._noise * _NOISE_RISE)
        if sum(self._window) < self._needed:
            return _SILENCE
        sound = b"".join(self._before)
        self.reset()
        self._speaking = True
        self._peak = level
        self._frames = len(sound) // codec.PCM_FRAME
        return Heeded(Event.SPEECH_STARTED, sound)

    def _during(self, frame: bytes, voiced: bool, level: int) -> Heeded:
        self._frames += 1
        self._lowest = min(self._lowest, level)
        self._run = self._run + 1 if voiced else 0
        if self._run >= _BLIP_FRAMES:  # a single voiced frame in silence is a click
            self._quiet = 0
            self._peak = max(self._peak, level)
        else:
            self._quiet += 1
        if self._quiet >= self._end_frames:
            self.reset()
            return Heeded(Event.SPEECH_ENDED, frame)
        if self._frames >= self._max_frames:
            self._noise = max(self._noise, float(self._lowest))  # speech has pauses; what has none is noise
            self.reset()
            return Heeded(Event.TOO_LONG, frame)
        return Heeded(None, frame)
