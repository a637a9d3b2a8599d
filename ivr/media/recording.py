"""Taking a voice message on live sound: a beep, then what the person says, until they are done."""

from __future__ import annotations

from functools import cache

import numpy as np

from audio import codec
from audio.voice_activity import END_MS, Endpointer, Event
from flows.engine.actions import Record
from ivr.media.inbox import Inbox, Pressed, TimeUp
from ivr.media.playback import MARK_GRACE_SECONDS
from ivr.media.session import Closed, Frame, MarkReached, MediaSession

BEEP_HZ, BEEP_SECONDS, BEEP_LEVEL = 880.0, 0.3, 6000.0
BEEP_MARK = "beep"
BEGIN_SECONDS = 8.0
"""Silence after which nobody is going to speak."""
DONE_SECONDS = 5.0
"""Silence after speech that ends the message, as at Twilio: people think while they talk."""


class Tape:
    """The sound of one message, frame by frame. Pure."""

    def __init__(self, max_seconds: float) -> None:
        self._max_frames = round(max_seconds * 1000 / codec.FRAME_MS)
        self._endpointer = Endpointer(max_seconds)
        self._frames: list[bytes] = []
        self._speaking = False
        self._spoken_until = 0

    @property
    def spoken(self) -> bool:
        """Somebody has said something."""
        return self._speaking or self._spoken_until > 0

    def feed(self, ulaw: bytes) -> bool:
        """One frame. True when the message is complete, or nothing has come."""
        self._frames.append(ulaw)
        event = self._endpointer.feed(codec.ulaw_to_pcm(ulaw)).event
        if event is Event.SPEECH_STARTED:
            self._speaking = True
        elif event is not None:
            self._speaking = False
            self._spoken_until = len(self._frames) - END_MS // codec.FRAME_MS
        if len(self._frames) >= self._max_frames:
            return True
        silent = 0 if self._speaking else len(self._frames) - self._spoken_until
        allowed = DONE_SECONDS if self.spoken else BEGIN_SECONDS
        return silent * codec.FRAME_MS >= allowed * 1000

    def message(self) -> bytes:
        """What was said, without the silence behind it; empty when nothing was."""
        if not self.spoken:
            return b""
        end = len(self._frames) if self._speaking else self._spoken_until + END_MS // codec.FRAME_MS
        return b"".join(self._frames[:end])


async def take_message(record: Record, session: MediaSession, inbox: Inbox) -> bytes | Closed:
    """Beep and listen. Returns the message (empty when nothing was said), or `Closed` when the sound ended before
    there was one. Who hangs up has said what they had to say: their message is returned, and `Closed` comes again."""
    await session.play(beep())
    await session.mark(BEEP_MARK)
    tape, beeping = Tape(record.max_seconds), True
    no_mark = TimeUp("no_mark")
    timer = inbox.after(BEEP_SECONDS + MARK_GRACE_SECONDS, no_mark)
    try:
        while True:
            happened = await inbox.get()
            match happened:
                case Closed("hangup") if tape.spoken:
                    inbox.put_back(happened)
                    return tape.message()
                case Closed():
                    return happened
                case MarkReached(name) if name == BEEP_MARK:
                    beeping = False
                case TimeUp() if happened is no_mark:
                    beeping = False
                case Pressed(key) if key == record.finish:
                    return tape.message()
                case Frame(ulaw) if not beeping:
                    if tape.feed(ulaw):
                        return tape.message()
                case _:
                    continue
    finally:
        timer.cancel()


@cache
def beep() -> bytes:
    """The tone after which one speaks, in µ-law."""
    time = np.arange(round(BEEP_SECONDS * codec.RATE)) / codec.RATE
    fade = np.minimum(1.0, np.minimum(time, BEEP_SECONDS - time) / 0.01)
    tone = BEEP_LEVEL * fade * np.sin(2 * np.pi * BEEP_HZ * time)
    return codec.pcm_to_ulaw(tone.astype("<i2").tobytes())
