"""A telephone voice for the tests: text to speech through µ-law, with a little room before and after.

eSpeak never says a sentence twice in quite the same way within one process, so each is spoken by a fresh one: the
tests hear the same sound whatever ran before them.
"""

import subprocess
import sys
from functools import lru_cache

from audio import codec

_SPEAK = "import sys; from audio.speech import *; sys.stdout.buffer.write(speak(sys.argv[1], voice_of(sys.argv[2])))"


@lru_cache(maxsize=100)
def words(text: str, language: str = "ko") -> bytes:
    """The words alone, in 16-bit samples at 8 kHz."""
    command = [sys.executable, "-W", "ignore", "-c", _SPEAK, text, language]
    return subprocess.run(command, capture_output=True, check=True).stdout


def silence(seconds: float) -> bytes:
    """Digital silence."""
    return bytes(2 * round(seconds * codec.RATE))


def say(text: str, language: str = "ko") -> bytes:
    """The words as they arrive from the telephone."""
    sound = silence(0.2) + words(text, language) + silence(0.3)
    return codec.ulaw_to_pcm(codec.pcm_to_ulaw(sound))
